"""The built site: every page is there, nothing on it leads nowhere or elsewhere, and its parts are shown."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import repository
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
ENTRIES = sum((part["chapters"] for part in CONTENTS["parts"]), [])
FILES = [CONTENTS["root"], *(entry["file"] for entry in ENTRIES)]
CHAPTERS = [file for file in FILES if (ROOT / f"{file}.ipynb").exists()]
RESOURCES = ["a", "img", "script", "link", "source", "iframe", "video", "object"]


@cache
def parsed(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


@cache
def anchors(path):
    tags = parsed(path).find_all(True)
    return {tag.get("id") for tag in tags} | {tag.get("name") for tag in tags}


def leads_astray(tag, path, site):
    """Say whether an element links to nothing, or fetches from another host."""
    address = tag.get("href") or tag.get("src") or tag.get("data") or ""
    if re.match(r"(?:https?:)?//", address):
        return tag.name != "a" and "canonical" not in tag.get("rel", [])
    parts = urlsplit(address)
    if address in ("", "#") or parts.scheme:
        return False
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    target = target / "index.html" if target.is_dir() else target
    if not (target.is_relative_to(site.resolve()) and target.is_file()):
        return True
    fragment = unquote(parts.fragment) if target.suffix == ".html" else ""
    return fragment and fragment not in anchors(target)


def faults(path, site):
    """Return dead links, what other hosts would send, and pictures without a text, all of a page."""
    soup = parsed(path)
    tags = soup.find_all(RESOURCES)
    found = [str(tag)[:150] for tag in tags if leads_astray(tag, path, site)]
    for script in soup.find_all("script"):
        found += re.findall(r"https?://[^\s\"']+", script.get_text())
    for image in soup.select("article img"):
        text = image.get("alt", "").strip()
        if not text or text.endswith((".png", ".svg", ".jpg")):
            found.append(f"{image['src']} has no text")
    return found


def page(site, file):
    path = site / f"{file}.html"
    assert path.is_file(), f"{file}.html was not built"
    return parsed(path)


@pytest.mark.parametrize("file", [*FILES, "index", "search", "genindex"])
def test_no_page_has_a_dead_link_or_another_host_or_a_picture_without_text(site, file):
    assert faults(site / f"{file}.html", site) == []


@pytest.mark.parametrize("file", FILES)
def test_a_page_has_a_title_no_error_light_pictures_and_a_card_for_shared_links(
    site, file
):
    soup = page(site, file)
    (article,) = soup.select("article.bd-article")
    assert len(article.select("h1")) == 1
    signs = "Traceback|problematic|{cite}|{term}|{ref}"
    assert not re.search(signs, article.get_text())
    pictures = {(site / file).parent / image["src"] for image in article.select("img")}
    assert sum(picture.stat().st_size for picture in pictures) < 1.5e6
    # In a fork, the workflow fills in another repository.
    home = repository.site(soup.select_one("a[title='Source repository']")["href"])
    metas = soup.head.select("meta[content]")
    told = {tag.get("property") or tag.get("name"): tag["content"] for tag in metas}
    assert told["og:url"] == f"{home}{file}.html"
    assert told["og:image"] == f"{home}_static/card.png"
    icons = soup.head.select("link[href$='/favicon.png'], link[href$='touch-icon.png']")
    assert len(icons) == 2


@pytest.mark.parametrize("file", CHAPTERS)
def test_a_chapter_has_its_number_its_buttons_and_its_figures(site, file):
    article = page(site, file).article
    name = Path(file).name
    entry = page(site, CONTENTS["root"]).select_one(f"nav a[href='{name}.html']")
    number = f"{name[:2]} "
    assert article.h1.get_text().startswith(number)
    assert entry.get_text(strip=True).startswith(number)
    assert article.select(".cell_output img")
    # Where they lead in a fork is tested in test_fork.py.
    own = CONFIG["repository"]["url"].removeprefix("https://github.com/")
    place = f"github.com/{repository.in_workflow() or own}/blob/"
    buttons = article.select("h1 + .chapter-buttons a")
    colab, kaggle, source, download = buttons
    assert place.replace("github.com", "google.com/github") in colab["href"]
    assert place in kaggle["href"] and place in source["href"]
    for button in buttons:
        assert button["href"].endswith(f"/{file}.ipynb")


def test_the_front_page_and_the_search_know_all_chapters(site):
    front = page(site, CONTENTS["root"])
    listed = {part: front.select(f"{part} a") for part in (".chapter-map", "table")}
    found = {part: [f"book/{a['href']}" for a in listed[part]] for part in listed}
    chapters = [f"{file}.html" for file in CHAPTERS]
    assert found["table"] == chapters
    assert found[".chapter-map"] == [*chapters, "book/try-it.html"]
    start, demo, colab, pdf = front.select("h1 + p + .chapter-buttons a")
    assert f"book/{start['href']}" == chapters[0] and demo["href"] == "try-it.html"
    assert colab["href"] == page(site, CHAPTERS[0]).select_one("h1 + nav a")["href"]
    home = front.select_one("link[rel=canonical]")["href"].partition("book/")[0]
    assert pdf["href"] == f"{home}faces-and-phrases.pdf"
    index = (site / "searchindex.js").read_text("utf-8")
    assert [file for file in FILES if f'"{file}"' not in index] == []
    assert "book/intro.html" in (site / "index.html").read_text("utf-8")


def test_formulae_are_set_without_a_script(site):
    articles = {file: page(site, file).article for file in CHAPTERS}
    assert any(article.select("math[display=block]") for article in articles.values())
    for file, article in articles.items():
        typed = re.search(r"\\\(|\\\[|\$\$|\\frac", article.get_text())
        assert not typed, f"{file}: a formula was left as it is typed"
        # The converter takes the index of a hatted letter for a limit, without {} between.
        assert {tag.find().get_text() for tag in article.select("munderover")} <= {"∑"}


def test_every_captioned_figure_is_in_the_index_and_leads_to_its_place(site):
    captioned = {}
    for file in FILES:
        for figure in page(site, file).select("article figure[id]"):
            number = figure.select_one(".caption-number").get_text(strip=True)
            captioned[f"{file.removeprefix('book/')}.html#{figure['id']}"] = number
    links = page(site, "book/figures").select(".figure-index a")
    found = {a["href"]: a.get_text(strip=True).partition(":")[0] for a in links}
    assert found == captioned and captioned
    thumbnails = {link.img["src"] for link in links}
    assert len(thumbnails) == len(links)
    for thumbnail in thumbnails:
        assert (site / "book" / thumbnail).stat().st_size < 40_000


def test_citations_of_different_works_differ(site):
    labels = {}
    for file in FILES:
        for a in page(site, file).select("article a[href*='bibliography.html#id']"):
            labels.setdefault(a.get_text(), set()).add(a["href"].split("#")[1])
    assert labels and all(len(works) == 1 for works in labels.values())
