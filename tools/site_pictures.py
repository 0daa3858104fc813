"""Draw the site's small pictures from its logo: favicon, touch icon and the card for shared links. Needs Chromium.

Where the site is built, the README's picture of a chapter is taken anew too.
"""

import io
import shutil
import tomllib
from pathlib import Path

import yaml
from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
STATIC = ROOT / "book" / "_static"
CHAPTER, FIGURE = (
    ROOT / "_build" / "html" / "book" / "03-face-cnn.html",
    "fig-source-curves",
)
COLOURS = 64  # enough for a page, and a quarter of the bytes
BROWSERS = ["chromium", "chromium-browser", "google-chrome"]
ICON = "<style>body {{ margin: 0 }} svg {{ display: block; width: {side}px; padding: {room}px }}</style>{logo}"
CARD = """
<meta charset="utf-8">
<style>
  body {{ margin: 0; width: 1200px; height: 630px; display: flex; align-items: center; gap: 64px; box-sizing: border-box;
         padding: 0 80px; background: #F4F8FB; color: #16232E; font-family: "DejaVu Sans", sans-serif;
         border-bottom: 18px solid #E69F00 }}
  svg {{ flex: 0 0 320px }}
  h1 {{ font-size: 68px; margin: 0 0 28px; white-space: nowrap }}
  p {{ font-size: 33px; line-height: 1.45; margin: 0 }}
</style>
{logo}
<div><h1>{title}</h1><p>{text}</p></div>
"""


def find_browser():
    """Return the path of an installed browser, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def draw(browser, page, picture, width, height):
    """Store what the browser shows of the HTML text `page` as a PNG file; what the page leaves open is transparent."""
    sheet = browser.new_page(viewport={"width": width, "height": height})
    sheet.set_content(page)
    sheet.screenshot(path=picture, omit_background=True)


def photograph(browser, address, middle, picture, width, height):
    """Store the page at `address`, scrolled so that the element of the id `middle` stands there, as a PNG file."""
    sheet = browser.new_page(viewport={"width": width, "height": height})
    sheet.goto(address, wait_until="networkidle")
    sheet.evaluate(
        "id => document.getElementById(id).scrollIntoView({ block: 'center', behavior: 'instant' })",
        middle,
    )
    taken = Image.open(io.BytesIO(sheet.screenshot()))
    taken.convert("RGB").quantize(COLOURS).save(picture, optimize=True)


def main():
    found = find_browser()
    if not found:
        raise SystemExit(
            "Chromium is needed (Debian, Ubuntu: apt-get install chromium)."
        )
    logo = (STATIC / "logo.svg").read_text("utf-8")
    title = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["title"].replace(
        "&", "&amp;"
    )
    text = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "description"
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        draw(
            browser,
            ICON.format(side=48, room=0, logo=logo),
            STATIC / "favicon.png",
            48,
            48,
        )
        draw(
            browser,
            ICON.format(side=148, room=16, logo=logo),
            STATIC / "touch-icon.png",
            180,
            180,
        )
        draw(
            browser,
            CARD.format(logo=logo, title=title, text=text),
            STATIC / "card.png",
            1200,
            630,
        )
        if not CHAPTER.is_file():
            raise SystemExit(
                "The README's picture is left as it is: `make book` builds the site that it shows."
            )
        photograph(browser, CHAPTER.as_uri(), FIGURE, STATIC / "site.png", 1300, 900)


if __name__ == "__main__":
    main()
