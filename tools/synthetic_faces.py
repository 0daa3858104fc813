"""Draw invented faces: cartoons whose age and gender can be seen, but not without doubt.

A face looks a little older or younger than its label says, and each sign of gender (hair,
brows, lips, beard) comes from a range that overlaps with the other gender's. The skin tone
depends on neither. Only `random.Random` decides: a seed always gives the same face.
"""

import math
from functools import partial

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter

SIZE = 128
CANVAS = 3 * SIZE  # drawn larger, then reduced: smooth edges
SIDES = (-1, 1)


def colours(text):
    return [ImageColor.getrgb(colour) for colour in text.split()]


SKINS = colours("#ffe0c8 #f4caaa #e4b28a #c68e64 #9e6846 #704832")
HAIRS = colours("#201a1a #36241c #5c3c26 #8a5c36 #cea868 #a8542a")
EYES = colours("#462e1e #604226 #4a6842 #466e96 #586068")
CLOTHES = colours("#3a6082 #964642 #527854 #c8a050 #605482 #464a52 #c4c4be")
GROUNDS = colours("#c4d6e2 #ded2c0 #b2c4b0 #d6c4ce #96a4b4 #e8e4d8")
GREY, WHITE, DARK, PUPIL, FRAME = colours("#ceced2 #fafaf8 #281c1a #100c0c #2c2830")
BLOND, GOLD, BROWN, ROSY, NOSE = colours("#d6b278 #e2be5a #8c4628 #e0605a #d67864")
LIP, LIPSTICK, BOW, KNOT = colours("#963c3c #c4283e #ce4660 #a82c46")


def draw(age, gender, rng):
    """Return the portrait (128 x 128, RGB) of an invented person; gender 1 = female."""
    face = Face(age, gender, rng)
    behind = background, back_hair, body, head, soft_light, wrinkles
    for part in (*behind, beard, mouth, nose, eyes, brows, hair, extras):
        part(face)
    return finish(face.image, rng)


class Face:
    """The looks of an invented person, and a canvas to draw them on.

    Shapes are lists of points (x, y) in face units: half the head's width is about 1, y
    points down. Tilt, shift and zoom of the head apply to every point.
    """

    def __init__(self, age, gender, rng):
        """Leave nothing for later to chance but the light."""
        gauss, chance = rng.gauss, rng.random
        years = max(0.5, age * math.exp(gauss(0, 0.09)) + gauss(0, 1.2))
        self.growth = growth = 1 - math.exp(-years / 8)
        self.aged = aged = clip((years - 30) / 50)
        sign = 1 if gender == 1 else -1
        feminine = sign * (0.35 + 0.65 * clip(years / 17)) + gauss(0, 0.45)
        self.years, self.feminine = years, feminine
        self.skin = skin = between(SKINS, chance())
        self.line = mix(skin, DARK, 0.42)
        self.eye, self.cloth, self.ground = map(rng.choice, (EYES, CLOTHES, GROUNDS))
        self.width = 0.94 + gauss(0, 0.03) + 0.06 * (1 - growth)
        self.height = 1.04 + 0.22 * growth + gauss(0, 0.03)
        self.jaw = 0.17 + 0.05 * feminine + gauss(0, 0.02) + 0.04 * (1 - growth)
        tilt, self.turn = gauss(0, 0.06), clip(gauss(0, 0.07), -0.16, 0.16)
        self.cos, self.sin = math.cos(tilt), math.sin(tilt)
        self.origin = [CANVAS * (0.5 + gauss(0, 0.03) * 0.6) for _ in "xy"]
        self.unit = CANVAS * 0.335 * (1 + gauss(0, 0.03))
        self.smile = clip(gauss(0.55, 0.35))
        self.lids = clip(gauss(0.1, 0.1) + 0.35 * aged, 0, 0.5)
        self.freckles = chance() < 0.10 and years > 4
        self.light = rng.uniform(0, 2 * math.pi)
        # Children's eyes sit lower in the face.
        self.eye_y, self.mouth_y = 0.26 - 0.30 * growth, 0.62 + 0.12 * growth

        grey = clip((years - 36) / 28 + gauss(0, 0.18)) if years > 30 else 0
        natural = between(HAIRS, chance())
        if years < 6:
            natural = mix(natural, BLOND, 0.25)
        self.hair = mix(natural, GREY, grey)
        brow = mix(self.hair, DARK, 0.30 * (1 - grey))
        self.brow = mix(brow, skin, 0.55 * (1 - growth))
        self.beard_hair = mix(natural, GREY, clip(grey + 0.1 if grey else 0))
        length = clip(0.42 + 0.42 * feminine + gauss(0, 0.16)) * clip(years / 6)
        self.length = length = length * (1 - 0.3 * aged)
        self.volume = 0.06 + 0.10 * chance() + 0.04 * (length > 0.5)
        self.style = rng.choice("fringe side side middle up curly".split())
        self.side = rng.choice(SIDES)
        losing = feminine < 0 and years > 30
        self.bald = losing and chance() < 0.15 + 0.7 * clip((years - 30) / 55)
        self.baby = years < 2.3
        self.bun = length > 0.6 and chance() < 0.22
        self.pigtails = length > 0.4 and 2.3 <= years < 11 and chance() < 0.55

        bearded = feminine < -0.1 and years > 18 and chance() < 0.55
        self.beard = bearded and rng.choice("full goatee moustache stubble".split())
        self.glasses = chance() < 0.05 + 0.30 * aged
        self.earrings = feminine > 0.2 and years > 6 and chance() < 0.4
        self.bow = feminine > 0.1 and years < 9 and chance() < 0.4
        redness = 0.30 + 0.28 * feminine * clip(years / 15) + gauss(0, 0.08)
        self.lips = mix(mix(skin, LIP, 0.35), LIPSTICK, clip(redness, 0.1, 0.75))
        fullness = 0.55 + 0.22 * feminine - 0.3 * aged + gauss(0, 0.08)
        self.fullness = clip(fullness, 0.2, 1)

        self.image = Image.new("RGB", (CANVAS, CANVAS), self.ground)
        self.canvas = ImageDraw.Draw(self.image)

    def place(self, points):
        """Return face points as canvas points."""
        (x0, y0), u, c, s = self.origin, self.unit, self.cos, self.sin
        return [(x0 + u * (x * c - y * s), y0 + u * (x * s + y * c)) for x, y in points]

    def fill(self, points, colour):
        """Fill a closed shape."""
        self.canvas.polygon(self.place(points), fill=colour)

    def stroke(self, points, colour, width):
        """Draw a line with round ends; the width in face units."""
        placed, pixels = self.place(points), max(1, round(width * self.unit))
        self.canvas.line(placed, fill=colour, width=pixels, joint="curve")
        r = pixels / 2
        for x, y in (placed[0], placed[-1]):
            self.canvas.ellipse((x - r, y - r, x + r, y + r), fill=colour)

    def glow(self, shapes, colour, strength, blur):
        """Tint soft-edged shapes; a small mask is quicker and softer."""
        mask = Image.new("L", (CANVAS // 4, CANVAS // 4), 0)
        for points in shapes:
            placed = [(x / 4, y / 4) for x, y in self.place(points)]
            ImageDraw.Draw(mask).polygon(placed, fill=round(255 * strength))
        mask = mask.filter(ImageFilter.GaussianBlur(blur))
        mask = mask.resize((CANVAS, CANVAS), Image.Resampling.BILINEAR)
        self.image.paste(colour, (0, 0), mask)


def clip(value, low=0.0, high=1.0):
    return min(high, max(low, value))


def mix(a, b, share):
    """Return colour `a` with a share of colour `b`."""
    return tuple(round(p + (q - p) * share) for p, q in zip(a, b))


def between(scale, position):
    """Return the colour at a position 0..1 along a list of colours."""
    place = position * (len(scale) - 1)
    i = min(int(place), len(scale) - 2)
    return mix(scale[i], scale[i + 1], place - i)


def spread(start, stop, count):
    """Return `count` numbers from start to stop."""
    return [start + (stop - start) * i / (count - 1) for i in range(count)]


def oval(x, y, rx, ry, start=0, stop=360, steps=36):
    """Return the points of an arc of an ellipse; 0 degrees is right, 90 is down."""
    angles = map(math.radians, spread(start, stop, steps + 1))
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


def outline(face, grow=0.0, start=0, stop=360, steps=72):
    """Return the head's outline, grown outwards: broad cheeks, a narrower chin."""
    points = []
    for x, y in oval(0, 0, 1, 1, start, stop, steps):
        x = face.width * (abs(x) ** 0.86 * math.copysign(1, x))
        x *= 1 - face.jaw * max(0.0, y) ** 2 * 1.35
        points.append((x * (1 + grow), face.height * y * (1 + grow)))
    return points


def gradient(size, quarters):
    """Return a mask that grows from one side to the other, turned by quarters."""
    return Image.linear_gradient("L").resize((size, size)).rotate(90 * quarters)


# --- The parts, from back to front -------------------------------------------------------


def background(face):
    """A wall lit from one side."""
    dim = mix(face.ground, DARK, 0.22)
    face.image.paste(dim, (0, 0), gradient(CANVAS, round(face.light)))


def back_hair(face):
    """Long hair behind the head, a bun, or pigtails."""
    dark, w, h = mix(face.hair, DARK, 0.22), face.width, face.height
    if face.bald or face.baby:
        return
    if face.pigtails:
        for side in SIDES:
            face.fill(oval(side * (w + 0.24), 0.25, 0.24, 0.46), dark)
            face.fill(oval(side * (w + 0.08), -0.12, 0.10, 0.10), face.cloth)
    elif face.bun:
        face.fill(oval(0, -h - 0.22, 0.36, 0.30), dark)
    elif face.length > 0.38:
        end = -0.35 + 2.3 * face.length
        wave = 0.05 if face.style in ("curly", "middle") else 0.0
        ys = spread(-0.3, end, 14)
        right = [(w + 0.14 + wave * math.sin(7 * y), y) for y in ys]
        left = [(-x, y) for x, y in reversed(right)]
        bottom = oval(0, end, right[-1][0], 0.22, 0, 180, 18)
        top = oval(0, -0.3, w + 0.14, h - 0.12 + face.volume, 180, 360)
        face.fill(top + right + bottom + left, dark)


def body(face):
    """Neck and shoulders: narrow for a child, broad for many men."""
    broad = 1.15 + 0.45 * face.growth - 0.16 * face.feminine * face.growth
    neck = 0.34 + 0.16 * face.growth - 0.07 * face.feminine * face.growth
    chin = face.height
    half = [(neck, chin + 0.22), (broad, chin + 0.55), (broad, 2.6)]
    face.fill([(-x, y) for x, y in reversed(half)] + half, face.cloth)
    left, right = (-neck, chin + 0.24), (neck, chin + 0.24)
    throat = [(-neck, 0.6), (neck, 0.6), right, (0, chin + 0.48), left]
    face.fill(throat, mix(face.skin, DARK, 0.16))
    face.stroke([left, (0, chin + 0.5), right], mix(face.cloth, DARK, 0.35), 0.05)


def head(face):
    """Ears and head."""
    y, size = face.eye_y + 0.12, 0.20 + 0.04 * face.aged
    for side in SIDES:
        x = side * face.width - face.turn * 0.6
        face.fill(oval(x, y, size * 0.72, size * 1.15), mix(face.skin, DARK, 0.10))
        face.fill(oval(x, y, size * 0.36, size * 0.7), mix(face.skin, DARK, 0.22))
    face.fill(outline(face), face.skin)


def soft_light(face):
    """Shade on one cheek, a rosy tint on both, hollow cheeks with age, some freckles."""
    w, h, t, skin = face.width, face.height, face.turn, face.skin
    away = -1 if math.cos(face.light) > 0 else 1
    dim, bright = mix(skin, DARK, 0.5), mix(skin, WHITE, 0.6)
    face.glow([oval(away * w * 0.78, 0.25, 0.26, h * 0.75)], dim, 0.42, 9)
    face.glow([oval(-away * w * 0.35 + t, -h * 0.55, 0.36, 0.22)], bright, 0.45, 7)
    rosy = 0.38 * (1 - 0.6 * face.growth) + 0.10 + 0.08 * clip(face.feminine)
    cheeks = [oval(side * 0.52 + t, 0.40, 0.22, 0.16) for side in SIDES]
    face.glow(cheeks, ROSY, rosy, 5)
    if face.aged > 0.15:
        hollows = [oval(side * 0.60 + t, 0.62, 0.13, 0.28) for side in SIDES]
        face.glow(hollows, face.line, 0.5 * face.aged, 4)
    brown = mix(skin, BROWN, 0.5)
    for i in range(14 if face.freckles else 0):
        x, y = 0.18 + 0.10 * (i % 5), 0.28 + 0.07 * (i // 5) + 0.02 * (i % 2)
        for side in SIDES:
            face.fill(oval(side * x + t, y, 0.018, 0.018, steps=8), brown)


def wrinkles(face):
    """Lines of forehead, crow's feet, lids and mouth: more and darker with the years."""
    aged, t, eye = face.aged, face.turn, face.eye_y
    colour = mix(face.skin, face.line, clip(0.30 + 0.6 * aged))
    width = 0.022 + 0.028 * aged
    line = partial(face.stroke, colour=colour, width=width)
    if aged > 0.14:
        for i in range(1 + int(2.4 * aged)):
            y = -face.height * 0.40 - 0.12 * i
            forehead = oval(t, y + 0.16, 0.60 - 0.10 * i, 0.16, 228, 312, 14)
            line(forehead, colour=mix(face.skin, colour, 0.8))
    for side in SIDES:
        if aged > 0.04:  # from nose to mouth
            arc = (-62, 8) if side > 0 else (242, 172)
            line(oval(side * 0.16 + t, 0.62, 0.34, 0.30, *arc, 12))
        if aged > 0.24:
            line(oval(side * 0.40 + t, eye + 0.13, 0.21, 0.13, 20, 160, 12))
            for i in (-1, 0, 1):
                inner = (side * 0.68 + t, eye + 0.03 * i)
                line([inner, (side * 0.82 + t, eye + 0.09 * i)])
        if aged > 0.5:
            line([(side * 0.36 + t, 0.86), (side * 0.42 + t, 1.0)], width=width * 1.2)
            line([(side * 0.10 + t, eye - 0.34), (side * 0.08 + t, eye - 0.20)])


def beard(face):
    """A beard on some grown men, grey when the hair is."""
    t, y, kind = face.turn, face.mouth_y, face.beard
    colour = mix(face.beard_hair, DARK, 0.08)
    if kind == "stubble":
        jaw = outline(face, -0.03, 12, 168, 40) + oval(t, 0.40, 0.5, 0.2, 180, 360)
        face.glow([jaw], mix(face.hair, DARK, 0.3), 0.34, 4)
    if kind == "full":
        inner = partial(oval, t, 0.42, face.width - 0.16, 0.52, steps=14)
        sides = inner(180, 90) + inner(90, 0)
        face.fill(outline(face, 0.045, -4, 184, 48) + sides, colour)
        face.fill(oval(t, y + 0.02, 0.52, 0.36), colour)
    if kind == "goatee":
        face.fill(oval(t, y + 0.20, 0.28, 0.36), colour)
    if kind and kind != "stubble":
        tips = [(0.40 + t, y + 0.04), (t, y - 0.05), (-0.40 + t, y + 0.04)]
        face.fill(oval(t, y - 0.09, 0.36, 0.14, 180, 360) + tips, colour)


def mouth(face):
    """Two lips; a smile may show teeth, or a baby's gap."""
    t = face.turn * 1.15
    wide = (0.26 + 0.08 * face.growth) * (1 + 0.18 * face.smile)
    thick = 0.055 + 0.075 * face.fullness
    bend = 0.16 * (face.smile - 0.15)
    corner = face.mouth_y - bend

    def curve(depth, half=wide, power=2):
        xs = spread(-1, 1, 15)
        return [(half * x + t, corner + depth * (1 - abs(x) ** power)) for x in xs]

    lower, middle = curve(bend + thick), curve(bend)
    upper = curve(bend * 0.9 - thick * 0.75, power=1.6)
    face.fill(upper + lower[::-1], face.lips)
    if face.smile > 0.72:
        inner = [(x, y + 0.01) for x, y in curve(bend + thick * 0.35, wide * 0.8)]
        face.fill([(0.8 * (x - t) + t, y) for x, y in middle] + inner[::-1], WHITE)
    else:
        face.stroke(middle, mix(face.lips, DARK, 0.45), 0.026)


def nose(face):
    """A button for a child; longer and broader with the years and for many men."""
    t, skin = face.turn * 1.6, face.skin
    tip = 0.36 + 0.08 * face.growth
    wide = 0.09 + 0.07 * face.growth - 0.02 * face.feminine + 0.03 * face.aged
    if face.growth > 0.6:
        bridge = [(t * 0.5 + 0.08, face.eye_y + 0.12), (t + 0.07, tip - 0.10)]
        face.stroke(bridge, mix(skin, face.line, 0.3), 0.03)
    face.fill(oval(t, tip - 0.02, wide * 0.8, 0.075), mix(skin, NOSE, 0.22))
    under = oval(t, tip, wide, 0.07, 10, 170, 14)
    face.stroke(under, mix(skin, face.line, 0.55), 0.034)


def eyes(face):
    """White, iris, pupil, a spark, the lid; large in a child, lashes on many women."""
    y, wide = face.eye_y, 0.225 - 0.02 * face.growth
    high = (0.215 - 0.105 * face.growth) * (1 - 0.3 * face.lids)
    iris = min(high * 1.02, 0.125)
    lash = face.feminine > 0.15 and face.years > 7
    shade, thick = (0.8, 0.052) if lash else (0.35, 0.032)
    for side in SIDES:
        x = side * 0.40 + face.turn
        px = x + face.turn * 0.3
        face.fill(oval(x, y, wide, high), WHITE)
        face.fill(oval(px, y, iris, iris), face.eye)
        face.fill(oval(px, y, iris * 0.52, iris * 0.52), PUPIL)
        face.fill(oval(px + 0.035, y - 0.035, 0.024, 0.024, steps=10), WHITE)
        lid = oval(x, y, wide * 1.02, high * (1 - 2.2 * face.lids), 360, 180)
        face.fill(oval(x, y, wide * 1.02, high * 1.06, 180, 360) + lid, face.skin)
        upper = oval(x, y, wide, high * (1 - 2.0 * face.lids), 186, 354, 16)
        face.stroke(upper, mix(face.line, DARK, shade), thick)
        for i in range(2 * lash):
            a, b = x + side * wide * (0.96 - 0.2 * i), y - high * (0.35 + 0.35 * i)
            face.stroke([(a, b), (a + side * 0.08, b - 0.06)], DARK, 0.028)


def brows(face):
    """Faint on a baby, bushy on many men, grey in age."""
    thick = clip(0.068 - 0.030 * face.feminine, 0.028, 0.12)
    y = face.eye_y - 0.25 - 0.03 * (1 - face.growth) - 0.02 * face.feminine
    thick *= 0.35 + 0.65 * face.growth
    arch = [(0.40 + 0.22 * s, y - 0.055 * (1 - s * s)) for s in spread(-1, 1, 9)]
    for side in SIDES:
        face.stroke([(side * x + face.turn, y) for x, y in arch], face.brow, thick)


def hairline(face, x):
    """Return the height of the hair's lower edge at x (-1..1 across the head)."""
    h, style = face.height, face.style
    temple = -0.02 if face.length > 0.3 else -0.14
    receding = 0.14 * clip(-face.feminine) * face.aged
    tops = {"fringe": 0.30 + receding, "middle": 0.86, "up": 0.66 + receding}
    top = tops.get(style, 0.56 + receding + 0.20 * x * face.side)
    slope = 0.34 if style == "fringe" else top
    power = {"fringe": 8, "middle": 1.25, "up": 5}.get(style, 4)
    return -top * h + (temple + slope * h) * abs(x) ** power


def hair(face):
    """The hair that covers the top of the head: a cap with strands, or curls."""
    w, h = face.width, face.height
    if face.baby:
        face.glow([outline(face, 0.02, 200, 340, 30)], face.hair, 0.55, 4)
        face.stroke(oval(0.06, -h - 0.02, 0.12, 0.12, 90, 300, 12), face.hair, 0.04)
    elif face.bald:
        for side in SIDES:
            face.fill(oval(side * (w + 0.005), -0.22, 0.12, 0.36), face.hair)
    if face.baby or face.bald:
        return
    line = [(x * w * 1.04, hairline(face, x)) for x in spread(1, -1, 31)]
    edge = math.degrees(math.asin(clip(line[0][1] / h, -0.9, 0.9)))
    grow = face.volume + (0.06 if face.style == "up" else 0)
    cap = outline(face, grow, 180 - edge, 360 + edge, 48)
    face.fill(cap + line, face.hair)
    for i, (x, y) in enumerate(cap[::4] if face.style == "curly" else []):
        curl = oval(x * 0.97, y * 0.97, 0.17, 0.17, steps=18)
        face.fill(curl, mix(face.hair, DARK, 0.10 * (i % 2)))
    for i in range(-2, 3):
        x, round_off = 0.30 * i * w, math.sqrt(max(0.02, 1 - (0.30 * i) ** 2))
        top, low = -round_off * h * (0.99 + 0.5 * face.volume), hairline(face, x / w)
        if low - top > 0.2:
            middle, end = (x * 1.08, (top + low) / 2), (x * 1.12, low - 0.07)
            face.stroke(
                [(x, top + 0.06), middle, end], mix(face.hair, WHITE, 0.16), 0.022
            )


def extras(face):
    """Glasses, ear-rings, a bow."""
    y, t, w = face.eye_y, face.turn, face.width
    for side in SIDES:
        if face.glasses:
            face.stroke(oval(side * 0.41 + t, y + 0.02, 0.30, 0.235), FRAME, 0.04)
            face.stroke([(side * 0.70 + t, y), (side * w, y - 0.04)], FRAME, 0.04)
            face.stroke([(-0.11 + t, y), (0.11 + t, y)], FRAME, 0.04)
        if face.earrings:
            face.fill(oval(side * w - t * 0.6, y + 0.42, 0.06, 0.08, steps=14), GOLD)
    if face.bow:
        x, top = 0.45 * face.side, -face.height * 0.92
        for end in (x - 0.26, x + 0.26):
            face.fill([(x, top), (end, top - 0.15), (end, top + 0.15)], BOW)
        face.fill(oval(x, top, 0.07, 0.07, steps=14), KNOT)


def finish(image, rng):
    """Light it from one side, vary exposure and sharpness, reduce it to its final size."""
    image = image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    ramp, strength = gradient(SIZE, rng.randrange(4)), rng.uniform(0, 0.3)
    shade = ramp.point([round(255 - strength * v) for v in range(256)])
    image = ImageChops.multiply(image, Image.merge("RGB", [shade] * 3))
    gain, warmth = rng.uniform(0.80, 1.06), rng.gauss(0, 0.03)
    bands = [gain * (1 + warmth), gain, gain * (1 - warmth)]
    image = image.point([min(255, round(v * b)) for b in bands for v in range(256)])
    if rng.random() < 0.3:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.9)))
    return image
