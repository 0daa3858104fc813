"""The directive `figure-index`: every captioned figure of the book with its number, a thumbnail and a link, page by page."""

from pathlib import Path

from docutils import nodes
from PIL import Image
from sphinx.util.docutils import SphinxDirective

WIDTH = 480  # pixels of a thumbnail: twice the width at which it is shown


class figure_index(nodes.General, nodes.Element):
    """Stands for the index until all pages are read."""


class FigureIndex(SphinxDirective):
    def run(self):
        return [figure_index()]


def _in_reading_order(env, page):
    yield page
    for child in env.toctree_includes.get(page, []):
        yield from _in_reading_order(env, child)


def _thumbnail(app, uri):
    """Write a small copy of the picture `uri` into the site; return its name."""
    folder = Path(app.outdir, "_images", "thumbnails")
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{Path(uri).stem}.webp"
    with Image.open(Path(app.srcdir, uri)) as picture:
        picture = picture.convert("RGB")
        picture.thumbnail((WIDTH, WIDTH), Image.Resampling.LANCZOS)
        picture.save(folder / name)
    return name


def _card(app, page, figure, index_page):
    (image,), (caption,) = (
        list(figure.findall(nodes.image)),
        list(figure.findall(nodes.caption)),
    )
    root = "../" * index_page.count("/")
    uri = f"{root}_images/thumbnails/{_thumbnail(app, image['uri'])}"
    # "?" as for a picture elsewhere: Sphinx is not to look for it among the sources.
    thumbnail = nodes.image(
        uri=uri, candidates={"?": uri}, alt=image["alt"], loading="lazy"
    )
    target = f"{app.builder.get_relative_uri(index_page, page)}#{figure['ids'][0]}"
    number = ".".join(
        map(str, app.env.toc_fignumbers[page]["figure"][figure["ids"][0]])
    )
    text = f"{app.config.numfig_format['figure'] % number}: {caption.astext()}"
    link = nodes.reference(
        "", "", thumbnail, nodes.inline("", text), internal=True, refuri=target
    )
    return nodes.list_item("", nodes.paragraph("", "", link))


def _fill(app, doctree, index_page):
    for placeholder in list(doctree.findall(figure_index)):
        found = []
        for page in _in_reading_order(app.env, app.config.root_doc):
            figures = [
                f for f in app.env.get_doctree(page).findall(nodes.figure) if f["ids"]
            ]
            if figures:
                title = nodes.reference(
                    "", app.env.titles[page].astext(), internal=True,
                    refuri=app.builder.get_relative_uri(index_page, page),
                )  # fmt: skip
                cards = [_card(app, page, figure, index_page) for figure in figures]
                found += [
                    nodes.rubric("", "", title),
                    nodes.bullet_list("", *cards, classes=["figure-index"]),
                ]
        placeholder.replace_self(found)


def setup(app):
    app.add_node(figure_index)
    app.add_directive("figure-index", FigureIndex)
    app.connect("doctree-resolved", _fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
