"""The readers' edition of each notebook: plain Markdown, folded as on the site, and otherwise the source's."""

import re
from urllib.parse import urlsplit

import nbformat
import pytest
from test_site import CHAPTERS, ROOT, anchors, page

ADDRESS = re.compile(r"\]\((https?://[^)\s]+)\)")


def pair(site, chapter):
    """Return the cells of the source, and what the edition makes of each: the cell and its caption or None."""
    source = nbformat.read(ROOT / f"{chapter}.ipynb", 4).cells
    made = nbformat.read(site / "_sources" / f"{chapter}.ipynb", 4).cells
    captions = {c.id.removesuffix("-caption"): c for c in made if "-caption" in c.id}
    cells = [cell for cell in made if "-caption" not in cell.id]
    for place, cell in enumerate(made):
        if "-caption" in cell.id:
            assert made[place - 1].id == cell.id.removesuffix("-caption")
    return [(s, m, captions.get(s.id)) for s, m in zip(source, cells, strict=True)]


def words(text):
    """Return a cell's words without what marks a link, a role, a citation or an explorer."""
    text = re.sub(r"\{cite\}`[^`]*`|\[(?:\[[^]]*\]\([^)]*\)[;, ]*)+\]", "", text)
    text = re.sub(r"\{\w+\}`([^`<]+?)\s*(?:<[^`>]*>)?`", r"\1", text)
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"</?(?:div|p)\b[^>]*>", "", text).split()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_it_differs_from_the_source_in_marks_folds_and_captions_alone(site, chapter):
    for source, made, caption in pair(site, chapter):
        known = source.metadata.pop("mystnb", {})
        figure, title = known.get("figure"), known.get("code_prompt_show")
        if figure:
            (shown,) = page(site, chapter).select(f"figure#{figure['name']} figcaption")
            assert re.findall(r"\w+", caption.source) == (
                re.findall(r"\w+", shown.get_text())
            )
        else:
            assert caption is None
        if source.cell_type == "markdown":
            marks = r"<div|\{\w+\}`|^:::|^```\{|^\([\w-]+\)=$"
            assert not re.search(marks, made.source, re.M)
            made.source, source.source = words(made.source), words(source.source)
        elif title:
            first, _, made.source = made.source.partition("\n")
            assert (
                first == f"#@title {title}" and made.metadata.pop("cellView") == "form"
            )
            hidden = {"source_hidden", "outputs_hidden"}
            hidden -= (
                {"outputs_hidden"} if "hide-input" in source.metadata.tags else set()
            )
            assert made.metadata.pop("jupyter") == dict.fromkeys(hidden, True)
        assert made == source


def test_every_link_to_the_book_leads_to_a_place_on_the_site(site):
    home = page(site, "book/intro").select_one("link[rel=canonical]")["href"]
    home = home.removesuffix("book/intro.html")
    found = set()
    for chapter in CHAPTERS:
        for _, made, _ in pair(site, chapter):
            if made.cell_type == "markdown":
                assert not re.search(r"\]\((?!https?://)", made.source), made.source
                found |= set(ADDRESS.findall(made.source))
    ours = {url for url in found if url.startswith(home)}
    assert len(ours) > 100
    for url in ours:
        parts = urlsplit(url.removeprefix(home))
        target = site / parts.path
        assert target.is_file(), url
        assert not parts.fragment or parts.fragment in anchors(target), url
