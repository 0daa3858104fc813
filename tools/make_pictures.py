"""Make the site's pictures: `python -m tools.make_pictures`.

The favicon, the touch icon and the card for shared links are drawn from the logo with
Chromium. Where the site is built, the README's picture of it is taken anew too.
"""

import html
import io
import shutil
import tomllib

import yaml
from PIL import Image
from playwright.sync_api import sync_playwright

from tools import chapters

ROOT = chapters.BOOK.parent
STATIC = chapters.BOOK / "_static"
BROWSERS = ["chromium", "chromium-browser", "google-chrome"]
ICON = "<style>body {{ margin: 0 }} svg {{ display: block; width: {side}px; padding: {room}px }}</style>{logo}"
CARD = """
<meta charset="utf-8">
<style>
  body {{ margin: 0; width: 1200px; height: 630px; display: flex; align-items: center;
         gap: 64px; box-sizing: border-box; padding: 0 80px; background: #F4F8FB;
         color: #16232E; font-family: "DejaVu Sans", sans-serif;
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


def draw(browser, page, name, width, height):
    """Store what the browser shows of the HTML text `page`; what it leaves open is transparent."""
    sheet = browser.new_page(viewport={"width": width, "height": height})
    sheet.set_content(page)
    sheet.screenshot(path=STATIC / name, omit_background=True)


def photograph(browser, page, name, width, height):
    """Store what the browser shows of the file `page`."""
    sheet = browser.new_page(viewport={"width": width, "height": height})
    sheet.goto(page.as_uri(), wait_until="networkidle")
    Image.open(io.BytesIO(sheet.screenshot())).save(STATIC / name, method=6)


def main():
    if not find_browser():
        raise SystemExit("Chromium is needed (Debian: apt-get install chromium).")
    logo = (STATIC / "logo.svg").read_text("utf-8")
    title = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["title"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    card = CARD.format(logo=logo, title=html.escape(title), text=project["description"])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser())
        for name, side, room in (("favicon", 48, 0), ("touch-icon", 148, 16)):
            icon, size = ICON.format(side=side, room=room, logo=logo), side + 2 * room
            draw(browser, icon, f"{name}.png", size, size)
        draw(browser, card, "card.png", 1200, 630)
        page = ROOT / "_build/html/book/intro.html"
        if not page.is_file():
            raise SystemExit("The README's picture stays: run `make book` first.")
        photograph(browser, page, "site.webp", 1280, 640)


if __name__ == "__main__":
    main()
