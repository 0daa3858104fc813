"""Every page of the built site in a real browser: nothing comes from elsewhere, nothing fails, everybody can read it."""

import gzip
import json
from urllib.parse import urlsplit

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
    assert all(findings(page, faults).values())
    assert {told.split()[0] for told in faults} == {"console:", "error:", "request"}


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


NO_STORAGE = (
    "Object.defineProperty(window, 'localStorage', { get() { throw Error('none'); } })"
)
MARK, RESULT = ".progress-mark >> visible=true", ".progress-box [role=status]"
ANSWERS = "article details:is(.right, .wrong)"


@pytest.mark.parametrize("script", ["", NO_STORAGE])
def test_the_first_answers_and_the_mark_are_remembered(visit, script):
    """After a new visit, too, unless the browser stores nothing; and the reader can clear them."""
    page, faults = visit(CHAPTERS[0], script, viewport=DESK)
    read = page.get_by_role("button", name="Mark this chapter as read")
    assert page.locator(MARK).count() == 0 and page.locator(RESULT).is_hidden()
    page.locator("details.wrong summary").first.press("Enter")
    for summary in page.locator("details.right summary").all():
        summary.click()
    assert page.locator(RESULT).inner_text() == "You had 4 of 5 at first try."
    read.click()
    if not script:
        page.reload()
        assert page.locator(f"{ANSWERS}[open]").count() == 5
        assert violations(page) == faults == []
    assert page.locator(MARK).inner_text() == "✓ 4/5"
    assert page.get_by_role("link", name="read, self-test 4 of 5").count() == 1
    page.get_by_role("button", name="Clear my answers").click()
    assert page.locator(RESULT).is_hidden() and page.locator(MARK).inner_text() == "✓"
    assert page.locator(f"{ANSWERS}[open]").count() == 0
    assert read.get_attribute("aria-pressed") == "true"
    read.click()
    assert page.locator(MARK).count() == 0
    page.context.close()


HTML = "<img src=x onerror=fail()>"
ENTRIES = [None, 7, HTML, {"read": HTML, "score": HTML, "answers": HTML}]
ENTRIES += [{"read": 1, "score": ["4/5"], "answers": [[HTML], None, {"length": 1}]}]
NAMES = [file.removeprefix("book/") for file in CHAPTERS]
HOSTILE = json.dumps(dict(zip(NAMES, ENTRIES, strict=False)))


@pytest.mark.parametrize("stored", ["{", "[7]", HOSTILE])
def test_what_others_stored_does_no_harm(visit, address, stored):
    key = f"progress of {urlsplit(address).path}"
    store = f"localStorage.setItem('{key}', {json.dumps(stored)})"
    page, faults = visit(CHAPTERS[len(ENTRIES) - 1], store, viewport=DESK)
    assert page.locator(MARK).count() == page.locator(f"{ANSWERS}[open]").count() == 0
    page.locator("details.right summary").first.click()
    assert page.locator(RESULT).inner_text() == "Answered: 1 of 5."
    page.context.close()
    assert faults == []


def test_nothing_is_offered_without_scripts(visit):
    page, _ = visit(CHAPTERS[0], java_script_enabled=False)
    assert page.locator(".progress-box").count() == 0
