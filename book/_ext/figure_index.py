"""The directive `figure-index`: every captioned figure with its number, a thumbnail and a link, page by page."""

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
    """Write a small copy of the picture `uri` into the site; return its address."""
    path = Path(app.outdir, "_images", "thumbnails", f"{Path(uri).stem}.webp")
    path.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(Path(app.srcdir, uri)) as picture:
        picture = picture.convert("RGB")
        picture.thumbnail((WIDTH, WIDTH), Image.Resampling.LANCZOS)
        picture.save(path)
    return path.relative_to(app.outdir).as_posix()


def _link(content, target):
    return nodes.reference("", "", *content, internal=True, refuri=target)


def _card(app, page, figure, address, root):
    image, caption = (
        next(figure.findall(nodes.image)),
        next(figure.findall(nodes.caption)),
    )
    name = figure["ids"][0]
    uri = root + _thumbnail(app, image["uri"])
    # "?" as for a picture elsewhere: Sphinx is not to look for it among the sources.
    picture = nodes.image(
        uri=uri, candidates={"?": uri}, alt=image["alt"], loading="lazy"
    )
    number = ".".join(map(str, app.env.toc_fignumbers[page]["figure"][name]))
    text = f"{app.config.numfig_format['figure'] % number}: {caption.astext()}"
    link = _link([picture, nodes.inline("", text)], f"{address}#{name}")
    return nodes.list_item("", nodes.paragraph("", "", link))


def _fill(app, doctree, index_page):
    for placeholder in list(doctree.findall(figure_index)):
        found, root = [], "../" * index_page.count("/")
        for page in _in_reading_order(app.env, app.config.root_doc):
            address = app.builder.get_relative_uri(index_page, page)
            figures = app.env.get_doctree(page).findall(nodes.figure)
            cards = [_card(app, page, f, address, root) for f in figures if f["ids"]]
            if cards:
                title = _link([nodes.Text(app.env.titles[page].astext())], address)
                found += [nodes.rubric("", "", title)]
                found += [nodes.bullet_list("", *cards, classes=["figure-index"])]
        placeholder.replace_self(found)


def setup(app):
    app.add_node(figure_index)
    app.add_directive("figure-index", FigureIndex)
    app.connect("doctree-resolved", _fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
