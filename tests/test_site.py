"""The built site: every page is there, nothing on it leads nowhere, and the stored outputs are shown."""

from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
FILES = [CONTENTS["root"], *[entry["file"] for part in CONTENTS["parts"] for entry in part["chapters"]]]
CHAPTERS = [file for file in FILES if (ROOT / f"{file}.ipynb").exists()]


@cache
def parsed(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


@cache
def anchors(path):
    return {tag.get(key) for key in ("id", "name") for tag in parsed(path).find_all(attrs={key: True})}


def dead_links(path, site):
    """Addresses on a page that lead to no file of the site, or to no anchor of its page."""
    dead = []
    for tag in parsed(path).find_all(["a", "img", "script", "link", "source", "iframe"]):
        address = tag.get("href") or tag.get("src")
        if not address or address == "#" or urlsplit(address).scheme or address.startswith("//"):
            continue
        parts = urlsplit(address)
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if target.is_dir():
            target /= "index.html"
        if not target.is_relative_to(site.resolve()) or not target.is_file():
            dead.append(f"{address} (no such file)")
        elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in anchors(target):
            dead.append(f"{address} (no such anchor)")
    return dead


def poor_images(path):
    """Pictures of an article without an alt text of their own; a file name is none."""
    images = parsed(path).select("article img")
    alts = [(image.get("src"), (image.get("alt") or "").strip()) for image in images]
    return [src for src, alt in alts if not alt or alt.endswith((".png", ".svg", ".jpg"))]


def page(site, file):
    path = site / f"{file}.html"
    assert path.is_file(), f"{file}.html was not built"
    return path


@pytest.mark.parametrize("file", FILES)
def test_page_exists_and_has_a_title(site, file):
    assert len(parsed(page(site, file)).select("article h1")) == 1


def test_search_index_and_front_page_exist(site):
    assert (site / "searchindex.js").stat().st_size > 1000
    assert "intro.html" in (site / "index.html").read_text("utf-8")


def test_every_internal_link_leads_somewhere(site):
    pages = [path for path in site.rglob("*.html") if "_static" not in path.parts]
    assert len(pages) >= len(FILES)
    dead = {path.relative_to(site).as_posix(): dead_links(path, site) for path in sorted(pages)}
    assert not {name: links for name, links in dead.items() if links}


@pytest.mark.parametrize("file", FILES)
def test_every_picture_has_an_alt_text(site, file):
    assert poor_images(page(site, file)) == []


@pytest.mark.parametrize("file", FILES)
def test_page_shows_no_error_and_no_unresolved_role(site, file):
    text = parsed(page(site, file)).select_one("article").get_text()
    assert [sign for sign in ("Traceback", "{cite}", "{term}", "{ref}", "problematic") if sign in text] == []


@pytest.mark.parametrize("file", CHAPTERS)
def test_chapter_begins_with_its_buttons(site, file):
    """Where they lead in a fork is tested in test_fork.py."""
    repository = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]
    address, branch, opened = repository["url"], repository["branch"], repository["branch"]
    if os.environ.get("GITHUB_REPOSITORY"):
        address, opened = f"https://github.com/{os.environ['GITHUB_REPOSITORY']}", "colab"
        branch = os.environ.get("GITHUB_BASE_REF") or os.environ["GITHUB_REF_NAME"]
    buttons = parsed(page(site, file)).select_one("article h1 + .chapter-buttons")
    name = address.removeprefix("https://github.com/")
    assert [a["href"] for a in buttons.find_all("a")] == [
        f"https://colab.research.google.com/github/{name}/blob/{opened}/{file}.ipynb",
        f"{'../' * file.count('/')}_sources/{file}.ipynb",
        f"{address}/blob/{branch}/{file}.ipynb",
    ]


def test_pages_that_are_no_notebooks_have_no_buttons(site):
    assert [file for file in FILES if parsed(page(site, file)).select(".chapter-buttons")] == CHAPTERS


@pytest.mark.parametrize("file", CHAPTERS)
def test_stored_outputs_are_shown(site, file):
    article = parsed(page(site, file)).select_one("article")
    assert article.select(".cell_output")
    assert article.select(".cell_output img"), "no figure"


def test_face_chapter_shows_the_size_of_its_network(site):
    outputs = parsed(page(site, "book/03-face-cnn")).select(".cell_output")
    assert any("12,894,242" in output.get_text() for output in outputs)


def test_checks_notice_their_faults(tmp_path):
    (tmp_path / "there.html").write_text("<h2 id='known'>x</h2>", "utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(
        "<article><a href='there.html#known'>1</a><a href='there.html#unknown'>2</a><a href='gone.html'>3</a>"
        "<a href='#nowhere'>4</a><a href='https://example.org'>5</a><a href='../outside.html'>6</a>"
        "<img src='gone.png'><img src='there.html' alt='there.png'></article>",
        "utf-8",
    )
    assert [link.split()[0] for link in dead_links(broken, tmp_path)] == [
        "there.html#unknown", "gone.html", "#nowhere", "../outside.html", "gone.png",
    ]  # fmt: skip
    assert poor_images(broken) == ["gone.png", "there.html"]


def test_home_picture_is_the_figure_that_chapter_01_stores():
    from home_picture import PICTURE, stored_picture

    assert PICTURE.read_bytes() == stored_picture()
