"""The directive `licence-list`: whose programs, fonts and icons the site hands to a reader's browser, and on what terms.

Versions and the texts of the licences come from the installed packages. A file in the site's `_static` folder that no
entry of WORKS claims is a warning, and so fails `make book`.
"""

import importlib.metadata
import re
import shutil
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

TEXTS = "licences"  # the folder below _static for the texts that packages bring
HEADINGS = ("program", "version", "licence", "what it does here")


class Work(NamedTuple):
    """One work of one owner among the files of `_static`."""

    name: str
    home: str
    licence: str
    use: str
    files: tuple[
        str, ...
    ]  # patterns of one folder's files; a folder with "/" at its end means all below
    package: str = ""  # the Python package that is this work, or ...
    text: str = ""  # ... the file of `_static` with its licence, for a work inside another's package or in this repository
    version: str = ""  # what finds its version there, or ...
    told_in: str = ""  # ... in this file


WORKS = [
    Work(
        "This book", "https://creativecommons.org/licenses/by/4.0/", "CC BY 4.0; code MIT", "its style, pictures and demos",
        (
            "book.css", "card.png", "favicon.png", "logo.svg", "site.png", "touch-icon.png",
            "try-it/try-it.mjs", "try-it/network.mjs", "try-it/faces.mjs", "try-it/reviews.mjs", "try-it/facts.mjs",
            "try-it/*.css", "try-it/*.png", "try-it/sentiment.onnx.gz", f"{TEXTS}/",
        ),
    ),
    Work(
        "This book, learned or drawn from UTKFace", "https://susanqq.github.io/UTKFace/",
        "non-commercial research and teaching only", "the network of the page Try it, and the home page's average faces",
        ("try-it/face.onnx.gz", "home.png"),
    ),
    Work(
        "NLTK", "https://www.nltk.org", "Apache 2.0", "the stop words, and the stemmer, which is a port of NLTK's",
        ("try-it/porter.mjs", "try-it/words.json.gz"), package="nltk",
    ),
    Work(
        "ONNX Runtime Web", "https://onnxruntime.ai", "MIT", "runs the networks of the page Try it",
        ("try-it/onnxruntime/",), text="try-it/onnxruntime/LICENSE",
        version=r"ONNX Runtime Web v([\d.]+)", told_in="try-it/onnxruntime/ort.wasm.min.mjs",
    ),
    Work(
        "STIX Two Math", "https://www.stixfonts.org", "SIL OFL 1.1", "the letters of the formulae",
        ("fonts/",), text="fonts/stix-two-math.LICENSE.txt",
    ),
    Work(
        "Sphinx", "https://www.sphinx-doc.org", "BSD 2-Clause", "the search, and the skeleton of a page",
        (
            "basic.css", "doctools.js", "documentation_options.js", "file.png", "language_data.js", "minus.png",
            "plus.png", "searchtools.js", "sphinx_highlight.js",
        ),
        package="sphinx",
    ),
    Work(
        "PyData Sphinx Theme", "https://pydata-sphinx-theme.readthedocs.io", "BSD 3-Clause", "the look of a page",
        ("styles/theme.css", "styles/pydata-sphinx-theme.css*", "scripts/pydata-sphinx-theme.js*", "webpack-macros.html"),
        package="pydata-sphinx-theme",
    ),
    Work(
        "Sphinx Book Theme", "https://sphinx-book-theme.readthedocs.io", "BSD 3-Clause", "the look of a book",
        (
            "styles/sphinx-book-theme.css*", "scripts/sphinx-book-theme.js*", "sbt-webpack-macros.html", "images/",
            "locales/",
        ),
        package="sphinx-book-theme",
    ),
    Work(
        "Bootstrap, with Popper", "https://getbootstrap.com", "MIT", "menus, and the layout on a phone",
        ("scripts/bootstrap.js*",), text="scripts/bootstrap.js.LICENSE.txt", version=r"Bootstrap v([\d.]+)",
    ),
    Work(
        "Font Awesome Free", "https://fontawesome.com", "icons CC BY 4.0, fonts SIL OFL 1.1, code MIT", "the icons",
        ("scripts/fontawesome.js*", "vendor/fontawesome/"),
        text="scripts/fontawesome.js.LICENSE.txt", version=r"Font Awesome Free ([\d.]+)",
    ),
    Work(
        "MyST-NB", "https://myst-nb.readthedocs.io", "BSD 3-Clause", "the look of cells and outputs",
        ("mystnb.*.css",), package="myst-nb",
    ),
    Work("Pygments", "https://pygments.org", "BSD 2-Clause", "the colours of code", ("pygments.css",), package="pygments"),
    Work(
        "sphinx-copybutton", "https://sphinx-copybutton.readthedocs.io", "MIT", "the button that copies code",
        ("copybutton*", "copy-button.svg", "check-solid.svg"), package="sphinx-copybutton",
    ),
    Work(
        "clipboard.js", "https://clipboardjs.com", "MIT", "what that button does",
        ("clipboard.min.js",), text="clipboard.min.js", version=r"clipboard\.js v([\d.]+)",
    ),
    Work(
        "sphinx-togglebutton", "https://sphinx-togglebutton.readthedocs.io", "MIT", "what folds and unfolds",
        ("togglebutton.*",), package="sphinx-togglebutton",
    ),
    Work(
        "sphinx-design", "https://sphinx-design.readthedocs.io", "MIT", "cards and drop-downs",
        ("sphinx-design.min.css", "design-tabs.js"), package="sphinx-design",
    ),
    Work(
        "sphinx-thebe", "https://sphinx-thebe.readthedocs.io", "MIT", "nothing: it comes along, and no page loads it",
        ("sphinx-thebe.*", "play-solid.svg"), package="sphinx-thebe",
    ),
]  # fmt: skip


class licence_list(nodes.General, nodes.Element):
    """Stands for the list until the site's own files are there."""


class LicenceList(SphinxDirective):
    def run(self):
        return [licence_list()]


def owners(name):
    """Return the works that claim the file `name`, a path below `_static` with slashes: one, if all is well."""
    path = PurePosixPath(name)

    def claims(pattern):
        folder = pattern.endswith("/")
        return (
            name.startswith(pattern)
            if folder
            else len(path.parts) == pattern.count("/") + 1 and fnmatch(name, pattern)
        )

    return [work for work in WORKS if any(map(claims, work.files))]


def licence_of(package):
    """Return the path of an installed package's own licence. Raises LookupError."""
    own = [
        file
        for file in importlib.metadata.files(package)
        if ".dist-info" in file.parts[0]
    ]
    for file in own:
        if re.match(r"LICEN[CS]E", file.name):
            return Path(file.locate())
    raise LookupError(f"{package} brings no licence.")


def _link(address, text):
    return nodes.reference("", text, refuri=address)


def _row(work, static, root):
    version = importlib.metadata.version(work.package) if work.package else ""
    text = f"{TEXTS}/{work.package}.txt" if work.package else work.text
    if work.version:
        version = re.search(
            work.version, (static / (work.told_in or text)).read_text("utf-8")
        )[1]
    licence = (
        _link(f"{root}_static/{text}", work.licence)
        if text
        else nodes.inline("", work.licence)
    )
    cells = (
        _link(work.home, work.name),
        nodes.inline("", version or "–"),
        licence,
        nodes.inline("", work.use),
    )
    return nodes.row(
        "", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells)
    )


def _fill(app, doctree, page):
    for placeholder in list(doctree.findall(licence_list)):
        static, root = Path(app.outdir, "_static"), "../" * page.count("/")
        head = nodes.row(
            "", *(nodes.entry("", nodes.paragraph("", heading)) for heading in HEADINGS)
        )
        group = nodes.tgroup(
            "", *(nodes.colspec(colwidth=1) for _ in HEADINGS), nodes.thead("", head),
            nodes.tbody("", *(_row(work, static, root) for work in WORKS)), cols=len(HEADINGS),
        )  # fmt: skip
        placeholder.replace_self(nodes.table("", group))


def _lay_texts_beside(app, error):
    if error:
        return
    static = Path(app.outdir, "_static")
    (static / TEXTS).mkdir(exist_ok=True)
    for work in WORKS:
        if work.package:
            shutil.copyfile(
                licence_of(work.package), static / TEXTS / f"{work.package}.txt"
            )
    for path in static.rglob("*"):
        name = path.relative_to(static).as_posix()
        if path.is_file() and len(owners(name)) != 1:
            logging.getLogger(__name__).warning(
                "book/_ext/licences.py does not say once whose work _static/%s is", name
            )


def setup(app):
    app.add_node(licence_list)
    app.add_directive("licence-list", LicenceList)
    app.connect("doctree-resolved", _fill)
    app.connect("build-finished", _lay_texts_beside)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
