"""The figures to play with, where a network learns: NumPy's numbers, by mouse or keys, in any theme and at any width."""

import re

import numpy as np
import pytest
from test_browser import DESK, OVERFLOWING, PHONE, STILL, violations

from tools import chapters

FILE = f"book/{chapters.path('how-a-network-learns').stem}"
WINDOW, BALL = "[data-figure=convolution]", "[data-figure=descent]"
PRESETS = ["Vertical edge", "Horizontal edge", "Blur", "Sharpen", "Identity"]
CASES = [(name, None) for name in PRESETS] + [("Sharpen", "-2.5")]
POINTS = chapters.load("how-a-network-learns", ["points"], np=np)
X, Y = (POINTS[name].astype(float).round(1) for name in "xy")
FILLED = f"document.querySelectorAll('{WINDOW} .seen').length"


@pytest.fixture(scope="module")
def opened(visit):
    """The page for somebody who wants no motion. Nothing may fail or come from elsewhere."""
    page, faults = visit(FILE, viewport=DESK, reduced_motion="reduce")
    yield page
    assert faults == []


def button(figure, name):
    return f"{figure} button:text-is('{name}')"


def numbers(page, place):
    texts = page.locator(place).all_inner_texts()
    found = re.findall(r"[−+]? ?[\d.]+", " ".join(texts))
    return [float(text.replace("−", "-").replace(" ", "")) for text in found]


def weights(page):
    boxes = page.locator(f"{WINDOW} .weights input")
    return boxes.evaluate_all("(all) => all.map((box) => Number(box.value))")


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize(("preset", "centre"), CASES)
def test_the_output_and_the_sum_are_numpys(opened, preset, centre, relu):
    opened.click(button(WINDOW, preset))
    opened.click(button(WINDOW, "Fill all"))
    opened.set_checked(f"{WINDOW} [type=checkbox]", relu)
    if centre:
        opened.fill(f"{WINDOW} .weights input >> nth=4", centre)
    picture = np.reshape(numbers(opened, f"{WINDOW} .picture span"), (12, 12))
    windows = np.lib.stride_tricks.sliding_window_view(picture, (3, 3))
    windows, kernel = windows.reshape(100, 9), weights(opened)
    sums = windows @ kernel
    shown = np.maximum(sums, 0) if relu else sums
    room = 0.501 if centre else 1e-9  # a cell rounds what is long; the sum does not
    assert numbers(opened, f"{WINDOW} .outputs") == pytest.approx(shown, abs=room)
    for place in (0, 37, 94):
        opened.hover(f"{WINDOW} .outputs span >> nth={place}")
        *factors, result = numbers(opened, f"{WINDOW} .sum :is(span, strong)")[:19]
        assert factors[::2] == kernel and factors[1::2] == [*windows[place]]
        assert result == pytest.approx(sums[place])
        assert numbers(opened, f"{WINDOW} .sum strong")[-1] == pytest.approx(
            shown[place]
        )


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.14])
def test_the_ball_takes_numpys_steps(opened, rate):
    def check(w):
        """Compare what stands there about w, and return the next one."""
        errors = w * X - Y
        expected = [w, (errors**2).mean(), (2 * errors * X).mean()]
        expected.append(w - rate * expected[-1])
        shown = (
            numbers(opened, f"{BALL} .now b") + numbers(opened, f"{BALL} .next")[-1:]
        )
        assert shown == pytest.approx(expected, abs=6e-4)
        return expected[-1]

    opened.click(button(BALL, "Reset"))
    opened.fill(f"{BALL} [type=range]", str(rate))
    w = 0
    for _ in range(4):
        w = check(w)
        opened.click(button(BALL, "Step"))
    opened.click(button(BALL, "Ten steps"))
    for _ in range(10):
        w -= rate * (2 * (w * X - Y) * X).mean()
    check(w)


@pytest.mark.parametrize("figure", [WINDOW, BALL])
def test_the_tab_key_reaches_everything(opened, figure):
    stops = opened.locator(f"{figure} :is(button, input, [tabindex])").all()
    opened.mouse.move(0, 0)  # a caption under the pointer shows one link more
    stops[0].focus()
    opened.keyboard.press("Shift+Tab")
    for stop in stops:
        opened.keyboard.press("Tab")
        assert stop.evaluate("(stop) => stop.matches(':focus-visible')")


def test_keys_move_the_window_and_the_ball(opened):
    def press(place, *keys):
        opened.focus(place)
        for key in keys:
            opened.keyboard.press(key)

    press(button(WINDOW, "Identity"), "Enter")
    press(f"{WINDOW} .picture", *10 * ["ArrowUp", "ArrowLeft"])  # into the corner
    press(f"{WINDOW} .picture", *3 * ["ArrowDown"], *2 * ["ArrowRight"])
    middle = opened.inner_text(f"{WINDOW} .picture span >> nth={4 * 12 + 3}")
    assert opened.inner_text(f"{WINDOW} .sum strong") == f"= {middle}"
    opened.wait_for_selector(
        f"{WINDOW} [role=status]:text('row 4, column 3: {middle}')"
    )
    press(f"{WINDOW} .weights input >> nth=4", "ArrowUp")
    assert weights(opened)[4] == 2
    press(button(BALL, "Reset"), "Enter")
    press(f"{BALL} [type=range]", "Home", "ArrowRight")
    press(button(BALL, "Step"), "Space")
    w = numbers(opened, f"{BALL} .now b")[0]
    assert w == pytest.approx(0.015 * 29.85, abs=6e-4)


def test_motion_is_for_those_who_want_it(opened, visit):
    moving, faults = visit(FILE, viewport=DESK)
    fill = f"[...document.querySelectorAll('{WINDOW} button')].at(-2).click()"
    for page, still in (opened, True), (moving, False):
        page.click(button(WINDOW, "Clear"))
        assert page.evaluate(f"{fill}; {FILLED} == 100") == still
        frame = page.locator(f"{WINDOW} .frame")
        seconds = frame.evaluate("(it) => getComputedStyle(it).transitionDuration")
        assert (seconds == "0s") == still
    moving.wait_for_function(f"{FILLED} == 100")
    moving.click(button(BALL, "Ten steps"))
    moving.wait_for_selector(f"{BALL} [role=status]:text('Step 10: the loss fell')")
    assert faults == []


def test_everybody_can_read_it_and_it_fits_a_phone(opened):
    opened.add_style_tag(content=STILL)
    opened.click(button(WINDOW, "Fill all"))
    for preset, theme in ("Sharpen", "light"), ("Blur", "light"), ("Sharpen", "dark"):
        opened.click(button(WINDOW, preset))
        opened.emulate_media(color_scheme=theme)
        opened.wait_for_selector(f"html[data-theme={theme}]")
        assert violations(opened) == []
    opened.set_viewport_size(PHONE)
    assert opened.evaluate(OVERFLOWING) == []


def test_without_javascript_a_sentence_stands_there(visit):
    page, _ = visit(FILE, java_script_enabled=False)
    for figure in (WINDOW, BALL):
        assert "with JavaScript on" in page.inner_text(figure)
