"""Draw invented faces: cartoon portraits whose age and gender can be seen, but not without doubt.

Nobody sat for these pictures. A face looks a little older or younger than its label says, and each
sign of gender (hair, brows, lips, beard) is drawn from a range that overlaps with the other gender's.
The skin tone depends on neither. Only `random.Random` decides, so a seed always gives the same face.
"""

import math
from types import SimpleNamespace

from PIL import Image, ImageChops, ImageDraw, ImageFilter

SIZE = 128
CANVAS = 3 * SIZE  # drawn larger, then reduced: smooth edges

SKINS = [
    (255, 224, 200),
    (244, 202, 170),
    (228, 178, 138),
    (198, 142, 100),
    (158, 104, 70),
    (112, 72, 50),
]
HAIRS = [
    (32, 26, 26),
    (54, 36, 28),
    (92, 60, 38),
    (138, 92, 54),
    (206, 168, 104),
    (168, 84, 42),
]
EYES = [(70, 46, 30), (96, 66, 38), (74, 104, 66), (70, 110, 150), (88, 96, 104)]
CLOTHES = [
    (58, 96, 130),
    (150, 70, 66),
    (82, 120, 84),
    (200, 160, 80),
    (96, 84, 130),
    (70, 74, 82),
    (196, 196, 190),
]
GROUNDS = [
    (196, 214, 226),
    (222, 210, 192),
    (178, 196, 176),
    (214, 196, 206),
    (150, 164, 180),
    (232, 228, 216),
]
GREY = (206, 206, 210)
WHITE = (250, 250, 248)
DARK = (40, 28, 26)


def draw(age, gender, rng):
    """Return the portrait (128 x 128, RGB) of an invented person; gender 1 = female, 0 = male."""
    looks = choose_looks(age, gender, rng)
    pen = Pen(looks)
    for part in (
        draw_background, draw_back_hair, draw_body, draw_head, draw_soft_light, draw_wrinkles,
        draw_beard, draw_mouth, draw_nose, draw_eyes, draw_brows, draw_hair, draw_extras,
    ):  # fmt: skip
        part(pen, looks)
    return finish(pen.image, looks, rng)


# --- Who it is ---------------------------------------------------------------------------------


def choose_looks(age, gender, rng):
    """Return all that the drawing needs to know; nothing later is left to chance but the light."""
    years = max(0.5, age * math.exp(rng.gauss(0, 0.09)) + rng.gauss(0, 1.2))
    growth = 1 - math.exp(-years / 8)
    aged = clip((years - 30) / 50)
    sign = 1 if gender == 1 else -1
    feminine = sign * (0.35 + 0.65 * clip(years / 17)) + rng.gauss(0, 0.45)
    skin = between(SKINS, rng.random())
    looks = SimpleNamespace(
        years=years, growth=growth, aged=aged, feminine=feminine, skin=skin,
        line=mix(skin, DARK, 0.42), eye=rng.choice(EYES), cloth=rng.choice(CLOTHES), ground=rng.choice(GROUNDS),
        width=0.94 + 0.05 * rng.gauss(0, 1) * 0.6 + 0.06 * (1 - growth),
        height=1.04 + 0.22 * growth + 0.03 * rng.gauss(0, 1),
        jaw=0.17 + 0.05 * feminine + 0.02 * rng.gauss(0, 1) + 0.04 * (1 - growth),
        tilt=rng.gauss(0, 0.06), turn=clip(rng.gauss(0, 0.07), -0.16, 0.16),
        shift=(rng.gauss(0, 0.03), rng.gauss(0, 0.03)), zoom=1 + rng.gauss(0, 0.03),
        smile=clip(rng.gauss(0.55, 0.35)), lids=clip(rng.gauss(0.1, 0.1) + 0.35 * aged, 0, 0.5),
        freckles=rng.random() < 0.10, light=rng.uniform(0, 2 * math.pi),
    )  # fmt: skip
    choose_hair(looks, rng)
    choose_beard_and_extras(looks, rng)
    return looks


def choose_hair(looks, rng):
    """Set colour, length, style and loss of the hair."""
    years, feminine = looks.years, looks.feminine
    grey = clip((years - 36) / 28 + rng.gauss(0, 0.18)) if years > 30 else 0
    natural = between(HAIRS, rng.random())
    if years < 6:
        natural = mix(natural, (214, 178, 120), 0.25)
    looks.hair = mix(natural, GREY, grey)
    looks.natural = natural
    looks.grey = grey
    looks.length = (
        clip(0.42 + 0.42 * feminine + rng.gauss(0, 0.16))
        * clip(years / 6)
        * (1 - 0.3 * looks.aged)
    )
    looks.volume = 0.06 + 0.10 * rng.random() + 0.04 * (looks.length > 0.5)
    looks.style = rng.choice(["fringe", "side", "side", "middle", "up", "curly"])
    looks.side = rng.choice([-1, 1])
    losing = feminine < 0 and years > 30
    looks.bald = losing and rng.random() < 0.15 + 0.7 * clip((years - 30) / 55)
    looks.baby = years < 2.3
    looks.bun = looks.length > 0.6 and rng.random() < 0.22
    looks.pigtails = looks.length > 0.4 and 2.3 <= years < 11 and rng.random() < 0.55


def choose_beard_and_extras(looks, rng):
    """Set beard, glasses, ear-rings and the colour of the lips."""
    grown_man = looks.feminine < -0.1 and looks.years > 18
    looks.beard = (
        rng.choice(["full", "goatee", "moustache", "stubble"])
        if grown_man and rng.random() < 0.55
        else None
    )
    looks.glasses = rng.random() < 0.05 + 0.30 * looks.aged
    looks.earrings = looks.feminine > 0.2 and looks.years > 6 and rng.random() < 0.4
    looks.hair_bow = looks.feminine > 0.1 and looks.years < 9 and rng.random() < 0.4
    redness = clip(
        0.30 + 0.28 * looks.feminine * clip(looks.years / 15) + rng.gauss(0, 0.08),
        0.1,
        0.75,
    )
    looks.lips = mix(mix(looks.skin, (150, 60, 60), 0.35), (196, 40, 62), redness)
    looks.fullness = clip(
        0.55 + 0.22 * looks.feminine - 0.3 * looks.aged + rng.gauss(0, 0.08), 0.2, 1
    )


# --- The pen: shapes in face units (head's half width = about 1, y downwards) --------------------


class Pen:
    """Draws in face units on a canvas; tilt, shift and zoom of the head are applied to every point."""

    def __init__(self, looks):
        self.image = Image.new("RGB", (CANVAS, CANVAS), looks.ground)
        self.draw = ImageDraw.Draw(self.image)
        self.unit = CANVAS * 0.335 * looks.zoom
        self.cos, self.sin = math.cos(looks.tilt), math.sin(looks.tilt)
        self.origin = (
            CANVAS * (0.5 + looks.shift[0] * 0.6),
            CANVAS * (0.5 + looks.shift[1] * 0.6),
        )

    def place(self, points):
        """Return face points as canvas points."""
        (x0, y0), u = self.origin, self.unit
        return [
            (
                x0 + u * (x * self.cos - y * self.sin),
                y0 + u * (x * self.sin + y * self.cos),
            )
            for x, y in points
        ]

    def fill(self, points, colour):
        """Fill a closed shape."""
        self.draw.polygon(self.place(points), fill=colour)

    def stroke(self, points, colour, width):
        """Draw a line with round ends; the width in face units."""
        placed, pixels = self.place(points), max(1, round(width * self.unit))
        self.draw.line(placed, fill=colour, width=pixels, joint="curve")
        for x, y in (placed[0], placed[-1]):
            r = pixels / 2
            self.draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)

    def glow(self, shapes, colour, strength, blur):
        """Tint soft-edged shapes; worked out on a small mask, which is quicker and softer."""
        small = CANVAS // 4
        mask = Image.new("L", (small, small), 0)
        for points in shapes:
            placed = [(x / 4, y / 4) for x, y in self.place(points)]
            ImageDraw.Draw(mask).polygon(placed, fill=round(255 * strength))
        mask = mask.filter(ImageFilter.GaussianBlur(blur)).resize(
            self.image.size, Image.Resampling.BILINEAR
        )
        self.image.paste(colour, (0, 0), mask)


def clip(value, low=0.0, high=1.0):
    return min(high, max(low, value))


def mix(a, b, share):
    """Return colour `a` with a share of colour `b`."""
    return tuple(round(p + (q - p) * share) for p, q in zip(a, b))


def between(colours, position):
    """Return the colour at a position 0..1 along a list of colours."""
    place = position * (len(colours) - 1)
    i = min(int(place), len(colours) - 2)
    return mix(colours[i], colours[i + 1], place - i)


def oval(x, y, rx, ry, start=0, stop=360, steps=36):
    """Return the points of an ellipse or of an arc of it; 0 degrees is right, 90 is down."""
    angles = [
        math.radians(start + (stop - start) * i / steps) for i in range(steps + 1)
    ]
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


def outline(looks, grow=0.0, start=0, stop=360, steps=72):
    """Return the outline of the head, grown outwards: broad at the cheeks, narrower at the chin."""
    points = []
    for i in range(steps + 1):
        a = math.radians(start + (stop - start) * i / steps)
        down = max(0.0, math.sin(a))
        squareness = abs(math.cos(a)) ** 0.86 * math.copysign(1, math.cos(a))
        x = looks.width * squareness * (1 - looks.jaw * down**2 * 1.35)
        points.append((x * (1 + grow), looks.height * math.sin(a) * (1 + grow)))
    return points


def eye_height(looks):
    """Children's eyes sit lower in the face."""
    return 0.26 - 0.30 * looks.growth


# --- The parts, from back to front ---------------------------------------------------------------


def draw_background(pen, looks):
    """A wall lit from one side."""
    ramp = (
        Image.linear_gradient("L")
        .resize((CANVAS, CANVAS))
        .rotate(90 * round(looks.light))
    )
    dim = Image.new("RGB", pen.image.size, mix(looks.ground, DARK, 0.22))
    pen.image.paste(dim, (0, 0), ramp)


def draw_back_hair(pen, looks):
    """Long hair behind the head, a bun, or pigtails."""
    if looks.bald or looks.baby:
        return
    dark = mix(looks.hair, DARK, 0.22)
    w, h = looks.width, looks.height
    if looks.pigtails:
        for side in (-1, 1):
            pen.fill(oval(side * (w + 0.24), 0.25, 0.24, 0.46), dark)
            pen.fill(oval(side * (w + 0.08), -0.12, 0.10, 0.10), looks.cloth)
    elif looks.bun:
        pen.fill(oval(0, -h - 0.22, 0.36, 0.30), dark)
    elif looks.length > 0.38:
        end = -0.35 + 2.3 * looks.length
        wave = 0.05 if looks.style in ("curly", "middle") else 0.0
        right = [
            (w + 0.14 + wave * math.sin(7 * y), y) for y in steps_between(-0.3, end, 14)
        ]
        left = [(-x, y) for x, y in reversed(right)]
        bottom = oval(0, end, right[-1][0], 0.22, 0, 180, 18)
        top = oval(0, -0.3, w + 0.14, h - 0.12 + looks.volume, 180, 360)
        pen.fill(top + right + bottom + left, dark)


def steps_between(start, stop, count):
    return [start + (stop - start) * i / (count - 1) for i in range(count)]


def draw_body(pen, looks):
    """Neck and shoulders: narrow for a child, broad for many men."""
    broad = 1.15 + 0.45 * looks.growth - 0.16 * looks.feminine * looks.growth
    neck = 0.34 + 0.16 * looks.growth - 0.07 * looks.feminine * looks.growth
    chin = looks.height
    pen.fill([(-broad, 2.6), (-broad, chin + 0.55), (-neck, chin + 0.22), (neck, chin + 0.22), (broad, chin + 0.55),
              (broad, 2.6)], looks.cloth)  # fmt: skip
    pen.fill([(-neck, 0.6), (neck, 0.6), (neck, chin + 0.24), (0, chin + 0.48), (-neck, chin + 0.24)],
             mix(looks.skin, DARK, 0.16))  # fmt: skip
    pen.stroke(
        [(-neck, chin + 0.24), (0, chin + 0.5), (neck, chin + 0.24)],
        mix(looks.cloth, DARK, 0.35),
        0.05,
    )


def draw_head(pen, looks):
    """Ears and head."""
    y = eye_height(looks) + 0.12
    for side in (-1, 1):
        size = 0.20 + 0.04 * looks.aged
        x = side * looks.width * 1.0 - looks.turn * 0.6
        pen.fill(oval(x, y, size * 0.72, size * 1.15), mix(looks.skin, DARK, 0.10))
        pen.fill(oval(x, y, size * 0.36, size * 0.7), mix(looks.skin, DARK, 0.22))
    pen.fill(outline(looks), looks.skin)


def draw_soft_light(pen, looks):
    """Shade on one cheek, a rosy tint on both, hollow cheeks with age, freckles on some."""
    w, h, t = looks.width, looks.height, looks.turn
    away = -1 if math.cos(looks.light) > 0 else 1
    pen.glow(
        [oval(away * w * 0.78, 0.25, 0.26, h * 0.75)],
        mix(looks.skin, DARK, 0.5),
        0.42,
        9,
    )
    pen.glow(
        [oval(-away * w * 0.35 + t, -h * 0.55, 0.36, 0.22)],
        mix(looks.skin, WHITE, 0.6),
        0.45,
        7,
    )
    rosy = 0.38 * (1 - 0.6 * looks.growth) + 0.10 + 0.08 * clip(looks.feminine)
    cheeks = [oval(side * 0.52 + t, 0.40, 0.22, 0.16) for side in (-1, 1)]
    pen.glow(cheeks, (224, 96, 90), rosy, 5)
    if looks.aged > 0.15:
        hollows = [oval(side * 0.60 + t, 0.62, 0.13, 0.28) for side in (-1, 1)]
        pen.glow(hollows, looks.line, 0.5 * looks.aged, 4)
    if looks.freckles and looks.years > 4:
        brown = mix(looks.skin, (140, 70, 40), 0.5)
        for i in range(14):
            x, y = 0.18 + 0.10 * (i % 5), 0.28 + 0.07 * (i // 5)
            for side in (-1, 1):
                pen.fill(
                    oval(side * x + t, y + 0.02 * (i % 2), 0.018, 0.018, steps=8), brown
                )


def draw_wrinkles(pen, looks):
    """Lines of the forehead, crow's feet, lids, mouth and neck: more and darker with the years."""
    aged, t = looks.aged, looks.turn
    colour = mix(looks.skin, looks.line, clip(0.30 + 0.6 * aged))
    width = 0.022 + 0.028 * aged
    eye = eye_height(looks)
    if aged > 0.04:
        for side in (-1, 1):  # from nose to mouth
            start, stop = (-62, 8) if side > 0 else (242, 172)
            pen.stroke(
                oval(side * 0.16 + t, 0.62, 0.34, 0.30, start, stop, 12), colour, width
            )
    if aged > 0.14:
        for i in range(1 + int(2.4 * aged)):
            y = -looks.height * 0.40 - 0.12 * i
            pen.stroke(
                oval(t, y + 0.16, 0.60 - 0.10 * i, 0.16, 228, 312, 14),
                mix(looks.skin, colour, 0.8),
                width,
            )
    if aged > 0.24:
        for side in (-1, 1):
            pen.stroke(
                oval(side * 0.40 + t, eye + 0.13, 0.21, 0.13, 20, 160, 12),
                colour,
                width,
            )
            for i in range(-1, 2):
                pen.stroke(
                    [
                        (side * 0.68 + t, eye + 0.03 * i),
                        (side * 0.82 + t, eye + 0.09 * i),
                    ],
                    colour,
                    width,
                )
    if aged > 0.5:
        for side in (-1, 1):
            pen.stroke(
                [(side * 0.36 + t, 0.86), (side * 0.42 + t, 1.0)], colour, width * 1.2
            )
            pen.stroke(
                [(side * 0.10 + t, eye - 0.34), (side * 0.08 + t, eye - 0.20)],
                colour,
                width,
            )


def mouth_height(looks):
    return 0.62 + 0.12 * looks.growth


def draw_beard(pen, looks):
    """A beard on some grown men, grey when the hair is."""
    if not looks.beard:
        return
    colour = mix(
        mix(looks.natural, GREY, clip(looks.grey + 0.1 if looks.grey else 0)),
        DARK,
        0.08,
    )
    t, y = looks.turn, mouth_height(looks)
    if looks.beard == "stubble":
        jaw = outline(looks, -0.03, 12, 168, 40) + oval(t, 0.40, 0.5, 0.2, 180, 360)
        pen.glow([jaw], mix(looks.hair, DARK, 0.3), 0.34, 4)
        return
    if looks.beard == "full":
        pen.fill(outline(looks, 0.045, -4, 184, 48) + oval(t, 0.42, looks.width - 0.16, 0.52, 180, 90, 14)
                 + oval(t, 0.42, looks.width - 0.16, 0.52, 90, 0, 14), colour)  # fmt: skip
        pen.fill(oval(t, y + 0.02, 0.52, 0.36), colour)
    if looks.beard == "goatee":
        pen.fill(oval(t, y + 0.20, 0.28, 0.36), colour)
    tips = [(0.40 + t, y + 0.04), (t, y - 0.05), (-0.40 + t, y + 0.04)]
    pen.fill(oval(t, y - 0.09, 0.36, 0.14, 180, 360) + tips, colour)


def draw_mouth(pen, looks):
    """Two lips; a smile may show teeth, or a baby's gap."""
    t, y = looks.turn * 1.15, mouth_height(looks)
    wide = (0.26 + 0.08 * looks.growth) * (1 + 0.18 * looks.smile)
    thick = 0.055 + 0.075 * looks.fullness
    bend = 0.16 * (looks.smile - 0.15)
    corner = y - bend
    lower = [
        (wide * x + t, corner + (bend + thick) * (1 - x * x))
        for x in steps_between(1, -1, 15)
    ]
    rise = bend * 0.9 - thick * 0.75
    upper = [
        (wide * x + t, corner + rise * (1 - abs(x) ** 1.6))
        for x in steps_between(-1, 1, 15)
    ]
    middle = [
        (wide * x + t, corner + bend * (1 - x * x)) for x in steps_between(-1, 1, 15)
    ]
    pen.fill(upper + lower, looks.lips)
    if looks.smile > 0.72:
        drop = bend + thick * 0.35
        inner = [
            (wide * 0.8 * x + t, corner + drop * (1 - x * x) + 0.01)
            for x in steps_between(1, -1, 15)
        ]
        pen.fill([(0.8 * (x - t) + t, v) for x, v in middle] + inner, WHITE)
    else:
        pen.stroke(middle, mix(looks.lips, DARK, 0.45), 0.026)


def draw_nose(pen, looks):
    """A button for a child; longer and broader with the years, a little more so for many men."""
    t = looks.turn * 1.6
    tip = 0.36 + 0.08 * looks.growth
    wide = 0.09 + 0.07 * looks.growth - 0.02 * looks.feminine + 0.03 * looks.aged
    shade = mix(looks.skin, looks.line, 0.55)
    if looks.growth > 0.6:
        bridge = [(t * 0.5 + 0.08, eye_height(looks) + 0.12), (t + 0.07, tip - 0.10)]
        pen.stroke(bridge, mix(looks.skin, looks.line, 0.3), 0.03)
    pen.fill(
        oval(t, tip - 0.02, wide * 0.8, 0.075), mix(looks.skin, (214, 120, 100), 0.22)
    )
    pen.stroke(oval(t, tip, wide, 0.07, 10, 170, 14), shade, 0.034)


def draw_eyes(pen, looks):
    """White, iris, pupil, a spark, the lid; large in a child, lashes on many women."""
    y = eye_height(looks)
    wide = 0.225 - 0.02 * looks.growth
    high = (0.215 - 0.105 * looks.growth) * (1 - 0.3 * looks.lids)
    lash = looks.feminine > 0.15 and looks.years > 7
    for side in (-1, 1):
        x = side * 0.40 + looks.turn
        pen.fill(oval(x, y, wide, high), WHITE)
        iris = min(high * 1.02, 0.125)
        px = x + looks.turn * 0.3
        pen.fill(oval(px, y, iris, iris), looks.eye)
        pen.fill(oval(px, y, iris * 0.52, iris * 0.52), (16, 12, 12))
        pen.fill(oval(px + 0.035, y - 0.035, 0.024, 0.024, steps=10), WHITE)
        lid = oval(x, y, wide * 1.02, high * (1 - 2.2 * looks.lids), 360, 180)
        pen.fill(oval(x, y, wide * 1.02, high * 1.06, 180, 360) + lid, looks.skin)
        upper = oval(x, y, wide, high * (1 - 2.0 * looks.lids), 186, 354, 16)
        pen.stroke(
            upper,
            mix(looks.line, DARK, 0.8 if lash else 0.35),
            0.052 if lash else 0.032,
        )
        if lash:
            for i in (0, 1):
                a = (x + side * wide * (0.96 - 0.2 * i), y - high * (0.35 + 0.35 * i))
                pen.stroke([a, (a[0] + side * 0.08, a[1] - 0.06)], DARK, 0.028)


def draw_brows(pen, looks):
    """Faint on a baby, bushy on many men, grey in age."""
    colour = mix(
        mix(looks.hair, DARK, 0.30 * (1 - looks.grey)),
        looks.skin,
        0.55 * (1 - looks.growth),
    )
    thick = clip(0.068 - 0.030 * looks.feminine, 0.028, 0.12) * (
        0.35 + 0.65 * looks.growth
    )
    y = eye_height(looks) - 0.25 - 0.03 * (1 - looks.growth) - 0.02 * looks.feminine
    for side in (-1, 1):
        points = [
            (side * (0.40 + 0.22 * s) + looks.turn, y - 0.055 * (1 - s * s))
            for s in steps_between(-1, 1, 9)
        ]
        pen.stroke(points, colour, thick)


def hairline(looks, x):
    """Return the height of the hair's lower edge at x (-1..1 across the head)."""
    h = looks.height
    temple = -0.02 if looks.length > 0.3 else -0.14
    receding = 0.14 * clip(-looks.feminine) * looks.aged
    if looks.style == "fringe":
        return (-0.30 - receding) * h + (temple + 0.34 * h) * abs(x) ** 8
    if looks.style == "middle":
        return -0.86 * h + (0.86 * h + temple) * abs(x) ** 1.25
    if looks.style in ("side", "curly"):
        lean = 0.20 * x * looks.side
        return (-0.56 - receding - lean) * h + (
            temple + (0.56 + receding + lean) * h
        ) * abs(x) ** 4
    return (-0.66 - receding) * h + (temple + (0.66 + receding) * h) * abs(x) ** 5


def draw_hair(pen, looks):
    """The hair that covers the top of the head."""
    if looks.baby:
        pen.glow([outline(looks, 0.02, 200, 340, 30)], looks.hair, 0.55, 4)
        pen.stroke(
            oval(0.06, -looks.height - 0.02, 0.12, 0.12, 90, 300, 12), looks.hair, 0.04
        )
    elif looks.bald:
        for side in (-1, 1):
            patch = oval(side * (looks.width + 0.005), -0.22, 0.12, 0.36)
            pen.fill(patch, looks.hair)
    else:
        draw_full_hair(pen, looks)


def draw_full_hair(pen, looks):
    """A cap of hair with strands, or curls."""
    w, h = looks.width, looks.height
    grow = looks.volume + (0.06 if looks.style == "up" else 0)
    line = [(x * w * 1.04, hairline(looks, x)) for x in steps_between(1, -1, 31)]
    edge = math.degrees(math.asin(clip(line[0][1] / h, -0.9, 0.9)))
    cap = outline(looks, grow, 180 - edge, 360 + edge, 48)
    pen.fill(cap + line, looks.hair)
    if looks.style == "curly":
        for i, (x, y) in enumerate(cap[::4]):
            pen.fill(
                oval(x * 0.97, y * 0.97, 0.17, 0.17, steps=18),
                mix(looks.hair, DARK, 0.10 * (i % 2)),
            )
    light = mix(looks.hair, WHITE, 0.16)
    for i in range(-2, 3):
        x = 0.30 * i * w
        top = (
            -math.sqrt(max(0.02, 1 - (0.30 * i) ** 2)) * h * (0.99 + 0.5 * looks.volume)
        )
        low = hairline(looks, x / w)
        if low - top > 0.2:
            pen.stroke(
                [(x, top + 0.06), (x * 1.08, (top + low) / 2), (x * 1.12, low - 0.07)],
                light,
                0.022,
            )


def draw_extras(pen, looks):
    """Glasses, ear-rings, a bow."""
    y = eye_height(looks)
    if looks.glasses:
        for side in (-1, 1):
            pen.stroke(
                oval(side * 0.41 + looks.turn, y + 0.02, 0.30, 0.235),
                (44, 40, 48),
                0.04,
            )
            pen.stroke(
                [(side * 0.70 + looks.turn, y), (side * looks.width, y - 0.04)],
                (44, 40, 48),
                0.04,
            )
        pen.stroke(
            [(-0.11 + looks.turn, y), (0.11 + looks.turn, y)], (44, 40, 48), 0.04
        )
    if looks.earrings:
        for side in (-1, 1):
            pen.fill(
                oval(
                    side * looks.width - looks.turn * 0.6,
                    y + 0.42,
                    0.06,
                    0.08,
                    steps=14,
                ),
                (226, 190, 90),
            )
    if looks.hair_bow:
        x, top = 0.45 * looks.side, -looks.height * 0.92
        for side in (-1, 1):
            pen.fill(
                [
                    (x, top),
                    (x + side * 0.26, top - 0.15),
                    (x + side * 0.26, top + 0.15),
                ],
                (206, 70, 96),
            )
        pen.fill(oval(x, top, 0.07, 0.07, steps=14), (168, 44, 70))


def finish(image, looks, rng):
    """Light it from one side, vary exposure and sharpness, and reduce it to its final size."""
    image = image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    ramp = Image.linear_gradient("L").resize((SIZE, SIZE)).rotate(90 * rng.randrange(4))
    strength = rng.uniform(0, 0.3)
    shade = ramp.point([round(255 - strength * v) for v in range(256)])
    image = ImageChops.multiply(image, Image.merge("RGB", [shade] * 3))
    gain, warmth = rng.uniform(0.80, 1.06), rng.gauss(0, 0.03)
    bands = [gain * (1 + warmth), gain, gain * (1 - warmth)]
    image = image.point(
        [min(255, round(v * band)) for band in bands for v in range(256)]
    )
    if rng.random() < 0.3:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.9)))
    return image
