"""Find chapters by their slug, and run some of their cells elsewhere.

The code that the reader sees is then the only place where a fact stands: tests, tools and
experiments run chapter code through `load` alone.
"""

import linecache
import re
from pathlib import Path

import nbformat

BOOK = Path(__file__).resolve().parents[1] / "book"
KINDS = (".ipynb", ".md")


def files(*kinds):
    """Return the paths of what _toc.yml names, in its order: all, or only these `kinds`, as ".ipynb"."""
    contents = (BOOK.parent / "_toc.yml").read_text("utf-8")
    names = re.findall(r"\b(?:root|file): (\S+)", contents)
    paths = [BOOK.parent / (name + kind) for name in names for kind in kinds or KINDS]
    return [path for path in paths if path.exists()]


def path(slug):
    """Return the path of the chapter `slug`, book/<number>-<slug>.ipynb. Raises LookupError."""
    found = list(BOOK.glob(f"[0-9][0-9]-{slug}.ipynb"))
    if len(found) != 1:
        raise LookupError(
            f"{len(found)} notebooks match book/NN-{slug}.ipynb, not one."
        )
    return found[0]


def load(slug, wanted, /, **names):
    """Execute some code cells of a chapter and return their namespace.

    `wanted` holds ids of cells, and tags, which stand for all cells that bear them. The cells
    run in the notebook's order, whatever the order of `wanted`, in one namespace that holds
    `names` from the start. Raises LookupError, before anything runs, if the chapter or one of
    `wanted` is missing.
    """
    notebook = path(slug)
    cells = nbformat.read(notebook, as_version=4).cells
    cells = [cell for cell in cells if cell.cell_type == "code"]
    known = {cell.id: {cell.id, *cell.metadata.get("tags", [])} for cell in cells}
    missing = set(wanted).difference(*known.values())
    if missing:
        lacks, has = ", ".join(sorted(missing)), ", ".join(known)
        raise LookupError(
            f"{notebook.name} has no code cell or tag {lacks}; it has {has}."
        )
    # As in a notebook; AutoGraph asks a function for its module.
    namespace = {"__name__": "__main__", **names}
    for cell in cells:
        if known[cell.id].intersection(wanted):
            where = f"<{notebook.name}, cell {cell.id}>"
            # TensorFlow's AutoGraph reads the source of functions; tracebacks show it too.
            lines = cell.source.splitlines(keepends=True)
            linecache.cache[where] = (len(cell.source), None, lines, where)
            exec(compile(cell.source, where, "exec"), namespace)
    return namespace
