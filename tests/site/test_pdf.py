"""The PDF of the whole book: complete, in order, with page numbers and links that are right."""

import re

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader
from test_site import CHAPTERS, FILES, page

from tools import make_pdf

PRINTED = [file for file in FILES if file != make_pdf.LEFT_OUT]
KEYS = [file.replace("/", "-") for file in PRINTED]


@pytest.fixture(scope="module")
def assembled(site):
    return make_pdf.assemble(site)


@pytest.fixture(scope="module")
def document(assembled):
    return BeautifulSoup(assembled, "html.parser")


@pytest.fixture(scope="module")
def pdf(assembled, chromium, tmp_path_factory):
    path = tmp_path_factory.mktemp("pdf") / "book.pdf"
    make_pdf.make_pdf(assembled, path)
    assert path.stat().st_size < 25e6
    return PdfReader(path)


@pytest.fixture(scope="module")
def places(pdf):
    """The page, from 0, on which each place is."""
    named = pdf.named_destinations.items()
    return {name[1:]: pdf.get_destination_page_number(place) for name, place in named}


def test_chapters_come_in_order_where_the_contents_say(pdf, places, document, site):
    assert [section["id"] for section in document.select("section:has(> h1[id])")] == [
        key + "-" + page(site, file).article.section["id"]
        for key, file in zip(KEYS, PRINTED, strict=True)
    ]
    starts = [places[key] for key in KEYS]
    assert starts == sorted(set(starts))
    contents = "\n".join(pdf.pages[n].extract_text() for n in range(1, starts[0]))
    titles = [document.find(id=key).get_text() for key in KEYS]
    for title, start in zip(titles, starts, strict=True):
        assert re.search(rf"^{re.escape(title)} +{start + 1}$", contents, re.M), title
    marks = [mark for mark in pdf.outline if not isinstance(mark, list)]
    assert [mark.title for mark in marks] == ["Contents", *titles]
    assert [pdf.get_destination_page_number(mark) for mark in marks] == [1, *starts]
    assert not re.search(r"\b000$", contents, re.M)


def test_links_lead_to_a_place_in_the_pdf_or_to_the_web(document, places):
    links = {link["href"] for link in document.select("a[href]")}
    inner = {link[1:] for link in links if link.startswith("#")}
    assert len(inner) > 100 and inner - set(places) == set()
    assert [link for link in links if not link.startswith(("#", "http"))] == []


@pytest.mark.parametrize("file", CHAPTERS)
def test_what_a_chapter_folds_is_open_at_its_end(document, site, file):
    article, key = page(site, file).article, file.replace("/", "-")
    answers = document.find(id=f"{key}-answers")
    body = answers.find_parent("section")
    for kind in (".tag_solution", ".right", ".wrong"):
        assert len(article.select(kind)) == len(answers.select(kind)) > 0
    others = "details:not(.hide, .right, .wrong)"
    assert len(article.select(others)) == len(body.select(others))
    assert not answers.select("details:not([open])")
    assert not body.select(f"{others}:not([open])")
    assert not body.select(":is(button, script, nav, input), .headerlink")


def test_pages_are_a4_and_none_is_empty(pdf):
    assert {round(float(sheet.mediabox.height)) for sheet in pdf.pages} == {842}
    assert min(len(sheet.get_contents().get_data()) for sheet in pdf.pages) > 1500
