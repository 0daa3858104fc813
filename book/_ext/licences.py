"""The directive `licence-list`: whose programs, fonts and icons the site hands to a reader's browser, on what terms.

Versions and the texts of the licences come from the installed packages. A file in the site's `_static` folder that no
work claims is a warning, and so fails `make book`.
"""

import importlib.metadata
import re
import shutil
from fnmatch import fnmatch
from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

HEADINGS = ("program", "version", "licence", "what it does here")
# Of each work: its name, home and licence, the files of `_static` that hold the licence and tell the version;
# what it does here; its own files: patterns, where * stands for any part of a path.
# licences/NAME.txt is the licence of the Python package NAME, laid there when the site is built.
WORKS = """
This book | https://creativecommons.org/licenses/by/4.0/ | CC BY 4.0; code MIT
its style, pictures and demos
book.css progress.js card.png favicon.png logo.svg touch-icon.png licences/*
try-it/try-it.js try-it/network.js try-it/faces.js try-it/reviews.js try-it/facts.js
try-it/*.css try-it/sentiment.onnx.gz explore/*

This book, learned or drawn from UTKFace | https://susanqq.github.io/UTKFace/ | non-commercial research and teaching only
the network and the faces of the page Try it
try-it/face.onnx.gz try-it/faces.webp

NLTK | https://www.nltk.org | Apache 2.0 | licences/nltk.txt
the stop words, and the stemmer, which is a port of NLTK's
try-it/porter.js try-it/words.json.gz

ONNX Runtime Web | https://onnxruntime.ai | MIT | try-it/onnxruntime/LICENSE try-it/onnxruntime/ort.wasm.min.js
runs the networks of the page Try it
try-it/onnxruntime/*

STIX Two Math | https://www.stixfonts.org | SIL OFL 1.1 | fonts/stix-two-math.LICENSE.txt
the letters of the formulae
fonts/*

Sphinx | https://www.sphinx-doc.org | BSD 2-Clause | licences/sphinx.txt
the search, and the skeleton of a page
basic.css doctools.js documentation_options.js file.png language_data.js minus.png plus.png searchtools.js
sphinx_highlight.js base-stemmer.js english-stemmer.js

PyData Sphinx Theme | https://pydata-sphinx-theme.readthedocs.io | BSD 3-Clause | licences/pydata-sphinx-theme.txt
the look of a page
styles/theme.css styles/pydata-sphinx-theme.css scripts/pydata-sphinx-theme.js

Sphinx Book Theme | https://sphinx-book-theme.readthedocs.io | BSD 3-Clause | licences/sphinx-book-theme.txt
the look of a book
styles/sphinx-book-theme.css scripts/sphinx-book-theme.js

Bootstrap, with Popper | https://getbootstrap.com | MIT | scripts/bootstrap.js.LICENSE.txt
menus, and the layout on a phone
scripts/bootstrap.js*

MyST-NB | https://myst-nb.readthedocs.io | BSD 3-Clause | licences/myst-nb.txt
the look of cells and outputs
mystnb.*.css

Pygments | https://pygments.org | BSD 2-Clause | licences/pygments.txt
the colours of code
pygments.css

sphinx-copybutton | https://sphinx-copybutton.readthedocs.io | MIT | licences/sphinx-copybutton.txt
the button that copies code
copybutton.css copybutton.js

clipboard.js | https://clipboardjs.com | MIT | clipboard.min.js
what that button does
clipboard.min.js
""".strip().split("\n\n")


class Work:
    """One work of one owner among the files of `_static`."""

    def __init__(self, entry):
        head, self.use, *files = entry.splitlines()
        self.name, self.home, self.licence, *texts = head.split(" | ")
        self.files, self.texts = " ".join(files).split(), " ".join(texts).split()
        laid = self.texts and self.texts[0].startswith("licences/")
        self.package = Path(self.texts[0]).stem if laid else None

    def version(self, static):
        """Return its version, or a dash if none is told."""
        if self.package:
            return importlib.metadata.version(self.package)
        told = rf"{re.escape(self.name.split(',')[0])} v?(\d[\d.]*)"
        content = "".join((static / text).read_text("utf-8") for text in self.texts)
        return found[1] if (found := re.search(told, content)) else "–"


def _installed(work):
    try:
        return not work.package or importlib.metadata.version(work.package)
    except importlib.metadata.PackageNotFoundError:
        return False  # and should its files be there all the same, nobody claims them


WORKS = list(filter(_installed, map(Work, WORKS)))


class licence_list(nodes.General, nodes.Element):
    """Stands for the list until the site's own files are there."""


class LicenceList(SphinxDirective):
    def run(self):
        return [licence_list()]


def owners(name):
    """Return the works that claim a file of `_static`: one, if all is well."""
    return [w for w in WORKS if any(fnmatch(name, pattern) for pattern in w.files)]


def licence_of(package):
    """Return the path of an installed package's own licence. Raises LookupError."""
    for file in importlib.metadata.files(package):
        if ".dist-info" in file.parts[0] and re.match("LICEN[CS]E", file.name):
            return Path(file.locate())
    raise LookupError(f"{package} brings no licence.")


def _row(*cells):
    paragraphs = (nodes.paragraph("", "", cell) for cell in cells)
    return nodes.row("", *(nodes.entry("", paragraph) for paragraph in paragraphs))


def _link(text, address):
    return nodes.reference("", text, refuri=address) if address else nodes.Text(text)


def _table(static, root):
    rows = []
    for work in WORKS:
        version, use = nodes.Text(work.version(static)), nodes.Text(work.use)
        text = f"{root}_static/{work.texts[0]}" if work.texts else None
        name, licence = _link(work.name, work.home), _link(work.licence, text)
        rows.append(_row(name, version, licence, use))
    columns = [nodes.colspec(colwidth=1) for _ in HEADINGS]
    head = nodes.thead("", _row(*map(nodes.Text, HEADINGS)))
    body = nodes.tbody("", *rows)
    group = nodes.tgroup("", *columns, head, body, cols=len(HEADINGS))
    return nodes.table("", group)


def _fill(app, doctree, page):
    for placeholder in list(doctree.findall(licence_list)):
        static, root = Path(app.outdir, "_static"), "../" * page.count("/")
        html = app.builder.format == "html"  # others lay no files there
        placeholder.replace_self(_table(static, root) if html else [])


def _lay_texts_beside(app, error):
    if error or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    (static / "licences").mkdir(exist_ok=True)
    for work in WORKS:
        if work.package:
            shutil.copyfile(licence_of(work.package), static / work.texts[0])
    for path in static.rglob("*"):
        name = path.relative_to(static).as_posix()
        if path.is_file() and len(owners(name)) != 1:
            told = "book/_ext/licences.py does not say once whose work _static/%s is"
            logging.getLogger(__name__).warning(told, name)


def setup(app):
    app.add_node(licence_list)
    app.add_directive("licence-list", LicenceList)
    app.connect("doctree-resolved", _fill)
    app.connect("build-finished", _lay_texts_beside)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
