"""Every page of the built site in a real browser: nothing comes from elsewhere, nothing fails, everybody can read it."""

import gzip

import pytest
from axe_playwright_python.sync_playwright import Axe
from test_site import CHAPTERS, FILES

PAGES = [*FILES, "search", "genindex"]
PHONE = {"width": 360, "height": 800}
DESK = {"width": 1280, "height": 900}
# No colour is to be measured on its way to another.
STILL = "* { transition: none !important; }"
OVERFLOWING = """() => {
    const width = document.documentElement.clientWidth;
    return document.documentElement.scrollWidth <= width ? [] : [...document.querySelectorAll("main *")]
        .filter((element) => element.getBoundingClientRect().right > width + 1)
        .map((element) => `${element.tagName}.${element.className}`).slice(0, 5).concat("the page scrolls sideways");
}"""
# What must be scrolled: nothing at a desk, and on a phone only what shows a shadow at the edge that hides more.
CUT = """(atADesk) => [...document.querySelectorAll("article *")].filter((element) => {
    const style = getComputedStyle(element), shadow = style.backgroundAttachment.includes("local");
    return style.overflowX != "visible" && element.scrollWidth > element.clientWidth + 1 && (atADesk || !shadow);
}).map((element) => `${element.tagName}.${element.className} shows ${element.clientWidth} of ${element.scrollWidth}`)"""
UNFOLDED = "document.querySelectorAll('details').forEach((each) => each.open = true)"
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
    options |= {"runOnly": rules} if rules else {}
    found = Axe().run(page, options=options).response["violations"]
    grave = [rule for rule in found if rule["impact"] in ("serious", "critical")]
    places = [(rule["id"], node["html"]) for rule in grave for node in rule["nodes"]]
    return [f"{rule}: {html[:100]}" for rule, html in places]


def findings(page, faults):
    """Look at an open page in all ways; return what is wrong, by kind."""
    page.add_style_tag(content=STILL)
    page.evaluate(ONE_OF_A_KIND)
    page.wait_for_selector("html[data-theme=light]")
    found = {"faults": faults, "light": violations(page)}
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector("html[data-theme=dark]")
    # The theme changes nothing but colours.
    found["dark"] = violations(page, ["color-contrast"])
    found["pale"] = page.evaluate(PALE)
    page.evaluate(UNFOLDED)
    found["desk"] = page.evaluate(CUT, True)
    page.set_viewport_size(PHONE)
    found["phone"] = page.evaluate(OVERFLOWING) + page.evaluate(CUT, False)
    return found


@pytest.mark.parametrize("file", PAGES)
def test_nothing_fails_and_everybody_can_read_it(visit, file):
    """In light and dark, at a desk and on a phone; nothing but pictures is pale in the dark, and nothing is cut off."""
    page, faults = visit(file, viewport=DESK)
    found = findings(page, faults)
    page.context.close()
    assert {kind: wrong for kind, wrong in found.items() if wrong} == {}


def test_the_checks_notice(visit):
    page, faults = visit("book/licences", viewport=DESK)
    page.evaluate(
        """() => {
            document.querySelector("article").insertAdjacentHTML("afterbegin", `
                <p style="color: #eee; background: #fff; width: 500px">pale</p>
                <img src="${document.querySelector("link[rel~=icon]").href}">
                <pre style="background: none">${"long ".repeat(99)}</pre>
                <iframe src="https://example.org/x.html"></iframe>`);
            console.error("told");
            setTimeout(() => nothing());
        }"""
    )
    found = findings(page, faults)
    assert all(found.values())
    told = "\n".join(faults)
    for part in ("request to https://example.org", "console: told", "nothing is not"):
        assert part in told
    rules = {violation.split(":")[0] for violation in found["light"]}
    assert rules >= {"color-contrast", "image-alt"}
    assert "color-contrast" in found["dark"][0]
    assert "PRE" in found["desk"][0] and "PRE" in found["phone"][-1]


def test_the_front_page_is_light(visit, address, site):
    """All that a first visit fetches, as a server sends it: text compressed, and a bound that a font of icons breaks."""
    page, _ = visit("book/intro", viewport=DESK)
    entries = "performance.getEntries().map((entry) => entry.name)"
    urls = {url.split("?")[0] for url in page.evaluate(entries) if "/" in url}
    files = [site / url.removeprefix(address) for url in urls]
    assert len(files) > 10
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < 130_000


@pytest.mark.parametrize("side", ["primary", "secondary"])
def test_a_phone_opens_the_contents(visit, side):
    page, _ = visit(CHAPTERS[0], viewport=PHONE)
    page.get_by_title(f"Toggle {side} sidebar").click()
    assert page.locator("dialog[open] li a").first.is_visible()
    assert violations(page) == []
