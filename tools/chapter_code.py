"""Run some cells of a chapter elsewhere, so that the code the reader sees is the only place where a fact stands."""

import linecache
from pathlib import Path

import nbformat

BOOK = Path(__file__).resolve().parents[1] / "book"


def load(chapter, ids, /, **names):
    """Execute the code cells with these ids of book/<chapter>-*.ipynb and return their namespace.

    The cells run in the notebook's order, whatever the order of `ids`, in one namespace that
    holds `names` from the start. Raises LookupError if the chapter or a cell is missing.
    """
    path = _path(chapter)
    cells = {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"}
    missing = [name for name in ids if name not in cells]
    if missing:
        raise LookupError(f"{path.name} has no code cell {', '.join(missing)}; it has {', '.join(cells)}.")
    namespace = {"__name__": "__main__", **names}  # as in a notebook; AutoGraph asks a function for its module
    for name, source in cells.items():
        if name in ids:
            where = f"<{path.name}, cell {name}>"
            # TensorFlow's AutoGraph reads the source of functions; tracebacks show it too.
            linecache.cache[where] = (len(source), None, source.splitlines(keepends=True), where)
            exec(compile(source, where, "exec"), namespace)
    return namespace


def _path(chapter):
    paths = list(BOOK.glob(f"{chapter}-*.ipynb"))
    if len(paths) != 1:
        raise LookupError(f"{len(paths)} notebooks match {BOOK.name}/{chapter}-*.ipynb, not one.")
    return paths[0]
