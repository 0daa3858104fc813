"""Write what later chapters import out of the chapters that derive it: `python -m tools.save_cells`.

As in "Dive into Deep Learning", a cell is marked (tag `saved`) where an idea is derived, and
stays the place to change it. Of these cells the functions, classes and constants are kept,
not what the cells show.
"""

import ast
from pathlib import Path

import nbformat

from tools import chapters

FOLDER = Path(__file__).resolve().parents[1] / "book/cnnbook"
HEAD = '''"""The recipe of chapter {number}, for the chapters after it.

Written by tools/save_cells.py from the cells of {name} that bear the tag
`saved`: change them there, where they are derived.
"""
'''
IMPORTS = {
    "better-face-cnn": """
import numpy as np

from . import quietly

with quietly():
    import keras
    from keras import layers, ops
""",
    "better-sentiment-cnn": """
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from . import quietly
from .settings import FULL
from .text import build_vocabulary, encode, ngrams

with quietly():
    import keras
    from keras import layers
""",
    "borrow": """
from . import quietly

with quietly():
    import keras
    from keras import layers
""",
}
KEPT = (ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AugAssign)


def modules():
    """Return {path: text} of the modules, one for each chapter in IMPORTS."""
    texts = {}
    for slug, imports in IMPORTS.items():
        path = chapters.path(slug)
        text = HEAD.format(number=path.name[:2], name=path.name) + imports
        for cell in nbformat.read(path, as_version=4).cells:
            if "saved" in cell.metadata.get("tags", []):
                for node in ast.parse(cell.source).body:
                    if isinstance(node, KEPT):
                        text += f"\n\n{ast.get_source_segment(cell.source, node)}\n"
        name = slug.removesuffix("-cnn").replace("-", "_")
        texts[FOLDER / f"{name}.py"] = text
    return texts


if __name__ == "__main__":
    for path, text in modules().items():
        path.write_text(text, "utf-8")
