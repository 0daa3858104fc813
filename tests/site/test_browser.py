"""Every page of the built site in a real browser: nothing comes from elsewhere, nothing fails, everybody can read it."""

import time
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from test_site import FILES

PAGES = [*FILES, "search", "genindex"]
PHONE = {"width": 360, "height": 800}
DESK = {"width": 1280, "height": 900}
MOST_IMAGE_BYTES = 1.5e6
OVERFLOWING = """() => {
    const width = document.documentElement.clientWidth;
    return document.documentElement.scrollWidth <= width ? [] : [...document.querySelectorAll("main *")]
        .filter((element) => element.getBoundingClientRect().right > width + 1)
        .map((element) => `${element.tagName}.${element.className}`).slice(0, 5).concat("the page scrolls sideways");
}"""
PALE = """() => [...document.querySelectorAll("article *")].filter((element) => {
    const [red, green, blue, alpha = 1] = getComputedStyle(element).backgroundColor.match(/[\\d.]+/g).map(Number);
    return alpha > 0.5 && Math.min(red, green, blue) > 150 && element.offsetWidth > 300 && element.tagName != "IMG";
}).map((element) => `${element.tagName}.${element.className}`)"""

# Code has thousands of coloured words of a few kinds, and axe-core takes its time over each: one of a kind is enough.
ONE_OF_A_KIND = """() => {
    const seen = new Set();
    for (const token of document.querySelectorAll(".highlight pre span")) {
        const kind = `${token.className} in ${token.closest(".highlight").parentElement.parentElement.className}`;
        if (seen.has(kind)) token.replaceWith(...token.childNodes);
        seen.add(kind);
    }
}"""


def violations(page, rules=None):
    """What axe-core calls serious or critical, with the places."""
    # Preloading would fetch style sheets again, from addresses that axe-core gets wrong.
    options = {"resultTypes": ["violations"], "preload": False}
    if rules:
        options["runOnly"] = rules
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['html'][:100]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


def image_bytes(page):
    """How much the images of a page weigh, those far down included."""
    return page.evaluate(
        """async () => {
            const sources = new Set([...document.images].map((image) => image.currentSrc || image.src));
            const sizes = [...sources].map(async (source) => (await (await fetch(source)).blob()).size);
            return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
        }"""
    )


def look_at(page):
    """Look at an open page in all ways."""
    page.add_style_tag(
        content="* { transition: none !important; }"
    )  # no colour is measured on its way to another
    found = {"images": image_bytes(page)}
    page.evaluate(ONE_OF_A_KIND)
    page.wait_for_selector("html[data-theme=light]")
    found["light"] = violations(page)
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector("html[data-theme=dark]")
    found["dark"] = violations(
        page, ["color-contrast"]
    )  # the theme changes nothing but colours
    found["pale"] = page.evaluate(PALE)
    page.set_viewport_size(PHONE)
    found["phone"] = page.evaluate(OVERFLOWING)
    return found


@pytest.fixture(scope="module")
def seen(visit):
    """Return what was found on a page; each is opened once."""
    pages = {}

    def seen(file):
        if file not in pages:
            page, faults = visit(file, viewport=DESK)
            pages[file] = {"faults": faults} | look_at(page)
            page.context.close()
        return pages[file]

    return seen


@pytest.mark.parametrize("file", PAGES)
def test_nothing_fails_and_nothing_comes_from_elsewhere(seen, file):
    assert seen(file)["faults"] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("file", PAGES)
def test_everybody_can_read_it(seen, file, theme):
    assert seen(file)[theme] == []


@pytest.mark.parametrize("file", PAGES)
def test_in_the_dark_nothing_but_pictures_is_pale(seen, file):
    assert seen(file)["pale"] == []


@pytest.mark.parametrize("file", PAGES)
def test_a_phone_shows_it_without_scrolling_sideways(seen, file):
    assert seen(file)["phone"] == []


@pytest.mark.parametrize("file", PAGES)
def test_its_pictures_are_small(seen, file):
    assert seen(file)["images"] < MOST_IMAGE_BYTES


def test_checks_notice_their_faults(visit):
    page, faults = visit("search", viewport=DESK)
    before = image_bytes(page)
    picture = Path(__file__).resolve().parents[2] / "book" / "_static" / "logo.svg"
    page.evaluate(
        """() => {
            document.querySelector("main").insertAdjacentHTML("afterbegin",
                "<p style='color: #eee; background: #fff; width: 500px'>pale</p><img src='https://example.org/x.png'>");
            console.error("told");
            setTimeout(() => nothing());
        }"""
    )
    deadline = time.monotonic() + 60
    while len(faults) < 3 and time.monotonic() < deadline:
        page.wait_for_timeout(20)
    told = "\n".join(faults)
    assert (
        "request to https://example.org/x.png" in told
        and "console: told" in told
        and "nothing is not" in told
    )
    assert any(rule.startswith("color-contrast") for rule in violations(page))
    assert any(rule.startswith("image-alt") for rule in violations(page))
    page.evaluate(
        """() => (document.querySelector("main img").src = document.querySelector("link[rel~=icon]").href)"""
    )
    assert image_bytes(page) - before >= picture.stat().st_size
    page.set_viewport_size(PHONE)
    assert page.evaluate(OVERFLOWING)
