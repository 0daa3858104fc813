"""Copy the home page's picture, chapter 01's average faces, out of the chapter's stored outputs."""

import base64
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
CHAPTER = ROOT / "book" / "01-data-visualisation.ipynb"
CELL = "average-faces"
PICTURE = ROOT / "book" / "_static" / "home.png"


def stored_picture():
    """Return the PNG bytes that the chapter stores for the figure."""
    cells = {cell.id: cell for cell in nbformat.read(CHAPTER, as_version=4).cells}
    data = next(
        output.data
        for output in cells[CELL].outputs
        if "image/png" in output.get("data", {})
    )
    return base64.b64decode(data["image/png"])


if __name__ == "__main__":
    PICTURE.write_bytes(stored_picture())
