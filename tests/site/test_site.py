"""The built site: every page is there, nothing on it leads nowhere, and the stored outputs are shown."""

import importlib.metadata
import os
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from _ext import licences
from bs4 import BeautifulSoup
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
FILES = [
    CONTENTS["root"],
    *[entry["file"] for part in CONTENTS["parts"] for entry in part["chapters"]],
]
CHAPTERS = [file for file in FILES if (ROOT / f"{file}.ipynb").exists()]


@cache
def parsed(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


@cache
def anchors(path):
    return {
        tag.get(key)
        for key in ("id", "name")
        for tag in parsed(path).find_all(attrs={key: True})
    }


def dead_links(path, site):
    """Addresses on a page that lead to no file of the site, or to no anchor of its page."""
    dead = []
    for tag in parsed(path).find_all(
        ["a", "img", "script", "link", "source", "iframe"]
    ):
        address = tag.get("href") or tag.get("src")
        if (
            not address
            or address == "#"
            or urlsplit(address).scheme
            or address.startswith("//")
        ):
            continue
        parts = urlsplit(address)
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if target.is_dir():
            target /= "index.html"
        if not target.is_relative_to(site.resolve()) or not target.is_file():
            dead.append(f"{address} (no such file)")
        elif (
            parts.fragment
            and target.suffix == ".html"
            and unquote(parts.fragment) not in anchors(target)
        ):
            dead.append(f"{address} (no such anchor)")
    return dead


def poor_images(path):
    """Pictures of an article without an alt text of their own; a file name is none."""
    images = parsed(path).select("article img")
    alts = [(image.get("src"), (image.get("alt") or "").strip()) for image in images]
    return [
        src for src, alt in alts if not alt or alt.endswith((".png", ".svg", ".jpg"))
    ]


def foreign_resources(path):
    """What a page would fetch from another host: scripts, styles, pictures and frames, or a script that names one."""
    found = []
    for tag in parsed(path).find_all(
        ["script", "link", "img", "source", "iframe", "video", "audio", "object"]
    ):
        if "canonical" in tag.get("rel", []):
            continue  # names the page's own address and fetches nothing
        addresses = [tag.get(key, "") for key in ("src", "srcset", "href", "data")]
        found += [
            address for address in addresses if re.match(r"(?:https?:)?//", address)
        ]
        if tag.name == "script":
            found += re.findall(r"https?://[^\s\"']+", tag.get_text())
    return found


def foreign_styles(path):
    """Addresses of other hosts that a style sheet would fetch."""
    return re.findall(
        r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\s\"')]+)", path.read_text("utf-8")
    )


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
    dead = {
        path.relative_to(site).as_posix(): dead_links(path, site)
        for path in sorted(pages)
    }
    assert not {name: links for name, links in dead.items() if links}


def test_no_page_needs_another_host(site):
    pages = [
        path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts
    ]
    found = {
        path.relative_to(site).as_posix(): foreign_resources(path) for path in pages
    }
    found |= {path.name: foreign_styles(path) for path in site.rglob("*.css")}
    assert not {name: addresses for name, addresses in found.items() if addresses}


def test_formulae_are_set_without_a_script(site):
    displayed = {
        file: parsed(page(site, file)).select("math[display=block]")
        for file in CHAPTERS
    }
    assert displayed["book/01-data-visualisation"] and displayed["book/03-face-cnn"]
    for file in CHAPTERS:
        article = parsed(page(site, file)).select_one("article")
        # The converter takes the index of a letter with a hat for a limit below it, unless {} stands between them.
        assert {tag.find().get_text() for tag in article.select("munderover")} <= {"∑"}
        assert not re.search(r"\\\(|\\\[|\$\$|\\frac", article.get_text()), (
            f"{file}: a formula was left as it is typed"
        )


def test_every_captioned_figure_is_in_the_index_and_leads_to_its_place(site):
    captioned = {}
    for file in FILES:
        for figure in parsed(page(site, file)).select("article figure[id]"):
            captioned[f"{file.removeprefix('book/')}.html#{figure['id']}"] = (
                figure.select_one(".caption-number").get_text(strip=True)
            )
    index = page(site, "book/figures")
    links = parsed(index).select(".figure-index a")
    assert len(captioned) > 30
    assert sorted(link["href"] for link in links) == sorted(captioned)
    for link in links:
        thumbnail = index.parent / link.img["src"]
        assert (
            link.get_text(strip=True).startswith(f"{captioned[link['href']]}: ")
            and thumbnail.stat().st_size < 40_000
        )
        assert max(Image.open(thumbnail).size) <= 480


def test_the_map_on_the_front_page_leads_to_every_chapter(site):
    links = [
        a["href"] for a in parsed(page(site, "book/intro")).select(".chapter-map a")
    ]
    assert links == [f"{file.removeprefix('book/')}.html" for file in CHAPTERS]


@pytest.mark.parametrize("file", CHAPTERS)
def test_a_chapter_is_found_by_its_number(site, file):
    """The text says "chapter 04", so its title says it too, on its page and in the contents of all pages."""
    number = Path(file).name[:3].replace("-", " ")
    assert (
        parsed(page(site, file)).select_one("article h1").get_text().startswith(number)
    )
    entry = parsed(page(site, "book/intro")).select_one(
        f"nav.bd-links a[href='{Path(file).name}.html']"
    )
    assert entry.get_text(strip=True).startswith(number)


def test_citations_of_different_works_differ(site):
    labels = {}
    for file in FILES:
        for a in parsed(page(site, file)).select(
            "article a[href*='bibliography.html#id']"
        ):
            labels.setdefault(a.get_text(), set()).add(a["href"].split("#")[1])
    assert len(labels) > 30
    assert not {label: works for label, works in labels.items() if len(works) > 1}


@pytest.mark.parametrize("file", FILES)
def test_shared_links_show_title_and_card(site, file):
    # The address of the repository is the page's own: in a fork, the workflow fills in another.
    repository = parsed(page(site, file)).select_one("a[title='Source repository']")[
        "href"
    ]
    owner, name = urlsplit(repository).path.strip("/").split("/")
    head = parsed(page(site, file)).head
    told = {
        tag["property"]: tag["content"] for tag in head.select("meta[property^='og:']")
    }
    told |= {
        tag["name"]: tag["content"] for tag in head.select("meta[name^='twitter:']")
    }
    assert told["og:title"] and told["og:image:alt"]
    assert told["og:site_name"] == "Faces & Phrases"
    assert told["og:url"] == f"https://{owner}.github.io/{name}/{file}.html"
    assert told["og:image"] == f"https://{owner}.github.io/{name}/_static/card.png"
    assert told["twitter:card"] == "summary_large_image"
    icons = {
        link["rel"][0]: link["href"]
        for link in head.select("link[rel~='icon'], link[rel='apple-touch-icon']")
    }
    assert set(icons) == {"icon", "apple-touch-icon"}


def test_every_file_that_a_browser_is_handed_has_one_owner(site):
    static = site / "_static"
    files = [
        path.relative_to(static).as_posix()
        for path in static.rglob("*")
        if path.is_file()
    ]
    claimed = {name: [work.name for work in licences.owners(name)] for name in files}
    assert {name: works for name, works in claimed.items() if len(works) != 1} == {}
    assert {work for works in claimed.values() for work in works} == {
        work.name for work in licences.WORKS
    }
    assert licences.owners("stray.js") == licences.owners("scripts/card.png") == []


def test_the_licences_are_listed_with_versions_and_texts(site):
    path = page(site, "book/licences")
    rows = [row.find_all("td") for row in parsed(path).select("article table tbody tr")]
    assert [row[0].get_text() for row in rows] == [work.name for work in licences.WORKS]
    for work, (_, version, licence, use) in zip(licences.WORKS, rows):
        assert licence.get_text() == work.licence and use.get_text() == work.use
        if work.package:
            assert version.get_text() == importlib.metadata.version(work.package)
        if work.version:
            assert re.fullmatch(r"\d+(\.\d+)+", version.get_text())
        if work.package or work.text:
            text = (path.parent / licence.a["href"]).read_text("utf-8")
            assert re.search(
                "licen[cs]e|redistribution|permission", text, flags=re.I
            ), work.name


def test_site_and_figures_share_their_colours():
    from cnnbook.plots import COLOURS

    static = ROOT / "book" / "_static"
    style = (static / "book.css").read_text("utf-8")
    primary = dict(
        re.findall(r'data-theme="(\w+)"\] \{\s+--pst-color-primary: (#\w+);', style)
    )
    assert primary == {"light": COLOURS["blue"].lower(), "dark": COLOURS["sky"].lower()}
    logo = set(
        re.findall(
            r'(?:fill|stroke)="(#\w+)"', (static / "logo.svg").read_text("utf-8")
        )
    )
    assert logo == {"#fff", COLOURS["blue"], COLOURS["orange"]}


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("card.png", (1200, 630)),
        ("favicon.png", (48, 48)),
        ("touch-icon.png", (180, 180)),
    ],
)
def test_identity_pictures_have_the_promised_size(name, size):
    picture = ROOT / "book" / "_static" / name
    assert Image.open(picture).size == size
    assert picture.stat().st_size < 100_000


@pytest.mark.parametrize("file", FILES)
def test_every_picture_has_an_alt_text(site, file):
    assert poor_images(page(site, file)) == []


@pytest.mark.parametrize("file", FILES)
def test_page_shows_no_error_and_no_unresolved_role(site, file):
    text = parsed(page(site, file)).select_one("article").get_text()
    assert [
        sign
        for sign in ("Traceback", "{cite}", "{term}", "{ref}", "problematic")
        if sign in text
    ] == []


@pytest.mark.parametrize("file", CHAPTERS)
def test_chapter_begins_with_its_buttons(site, file):
    """Where they lead in a fork is tested in test_fork.py."""
    repository = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]
    address, branch, opened = (
        repository["url"],
        repository["branch"],
        repository["branch"],
    )
    if os.environ.get("GITHUB_REPOSITORY"):
        address, opened = (
            f"https://github.com/{os.environ['GITHUB_REPOSITORY']}",
            "colab",
        )
        branch = os.environ.get("GITHUB_BASE_REF") or os.environ["GITHUB_REF_NAME"]
    buttons = parsed(page(site, file)).select_one("article h1 + .chapter-buttons")
    name = address.removeprefix("https://github.com/")
    assert [a["href"] for a in buttons.find_all("a")] == [
        f"https://colab.research.google.com/github/{name}/blob/{opened}/{file}.ipynb",
        f"{'../' * file.count('/')}_sources/{file}.ipynb",
        f"{address}/blob/{branch}/{file}.ipynb",
    ]


def test_pages_that_are_no_notebooks_have_no_buttons(site):
    assert [
        file for file in FILES if parsed(page(site, file)).select(".chapter-buttons")
    ] == CHAPTERS


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
    borrowed = tmp_path / "borrowed.html"
    borrowed.write_text(
        "<a href='https://example.org'>fine</a><script src='own.js'></script><img src='//a.example/x.png'>"
        "<script src='https://b.example/x.js'></script><link href='https://c.example/x.css' rel='stylesheet'>"
        "<script>load('https://d.example/x.js')</script>",
        "utf-8",
    )
    assert sorted(
        re.search(r"\w\.example", found)[0][0] for found in foreign_resources(borrowed)
    ) == list("abcd")
    style = tmp_path / "style.css"
    style.write_text(
        "@import 'https://a.example/x.css'; p { background: url(//b.example/x.png) } q { background: url(own.png) }",
        "utf-8",
    )
    assert foreign_styles(style) == ["https://a.example/x.css", "//b.example/x.png"]


def test_home_picture_is_the_figure_that_chapter_01_stores():
    from tools.make_pictures import HOME, home_picture

    same = HOME.read_bytes() == home_picture()
    assert same, (
        "run python -m tools.make_pictures --home"
    )  # pytest would take minutes to compare the bytes one by one
