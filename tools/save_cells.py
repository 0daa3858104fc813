"""Write what later chapters import out of the chapter that derives it: `python -m tools.save_cells`.

As in "Dive into Deep Learning", a cell is marked (tag `saved`) where an idea is derived, and
stays the place to change it. Of these cells the functions, classes and constants are kept,
not what the cells show.
"""

import ast
from pathlib import Path

import nbformat

from tools import chapters

SLUG = "better-face-cnn"
MODULE = Path(__file__).resolve().parents[1] / "book/cnnbook/better_face.py"
HEAD = '''"""The recipe of chapter 06, for the chapters after it.

Written by tools/save_cells.py from the cells of {name} that bear the tag
`saved`: change them there, where they are derived.
"""

import numpy as np

from . import quietly

with quietly():
    import keras
    from keras import layers, ops
'''
KEPT = (ast.FunctionDef, ast.ClassDef, ast.Assign)


def module():
    """Return the text of the module."""
    path = chapters.path(SLUG)
    text = HEAD.format(name=path.name)
    for cell in nbformat.read(path, as_version=4).cells:
        if "saved" in cell.metadata.get("tags", []):
            for node in ast.parse(cell.source).body:
                if isinstance(node, KEPT):
                    text += f"\n\n{ast.get_source_segment(cell.source, node)}\n"
    return text


if __name__ == "__main__":
    MODULE.write_text(module(), "utf-8")
