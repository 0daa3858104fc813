"""Finding and running parts of a chapter, and what is stored of a figure."""

import inspect
import io
import traceback

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image

from tools import chapters, execute, save_cells


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    """A chapter 99, one of whose cells bears a tag."""
    double = "log.append(2)\ndef double():\n    return 2 * one  # of the first cell"
    bad = "log.append('bad')\nraise ValueError('on line two')"
    cells = [
        new_markdown_cell("# Title", id="title"),
        new_code_cell("log.append('one')\none = start + 1", id="one"),
        new_code_cell(double, id="two", metadata={"tags": ["recipe"]}),
        new_code_cell(bad, id="bad"),
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "99-standin.ipynb")
    monkeypatch.setattr(chapters, "BOOK", tmp_path)


@pytest.mark.parametrize("wanted", [["two", "one"], ["recipe", "one"]])
def test_cells_run_in_the_notebooks_order_and_functions_keep_their_source(
    chapter, wanted
):
    log = []
    names = chapters.load("standin", wanted, start=20, log=log)
    assert log == ["one", 2] and names["one"] == 21 and names["double"]() == 42
    assert "# of the first cell" in inspect.getsource(names["double"])
    assert inspect.getmodule(names["double"])


def test_an_error_names_its_cell_and_line(chapter):
    with pytest.raises(ValueError) as caught:
        chapters.load("standin", ["bad"], log=[])
    frame = traceback.extract_tb(caught.tb)[-1]
    assert (frame.filename, frame.lineno) == ("<99-standin.ipynb, cell bad>", 2)
    assert "raise" in frame.line


@pytest.mark.parametrize("wrong", ["three", "title"])
def test_what_is_missing_is_named_before_anything_runs(chapter, wrong):
    log, message = [], f"99-standin.ipynb has no code cell or tag {wrong}; it has one,"
    with pytest.raises(LookupError, match=message):
        chapters.load("standin", ["one", wrong], start=1, log=log)
    assert log == []
    with pytest.raises(LookupError, match=wrong):
        chapters.load(wrong, [])


def test_a_chart_is_stored_with_a_palette_and_a_photograph_as_it_is():
    chart = np.full((200, 300, 3), 255, np.uint8)
    chart[50:150, 20:40] = (0, 114, 178)
    photograph = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    for pixels, mode in ((chart, "P"), (photograph, "RGB")):
        png = io.BytesIO()
        Image.fromarray(pixels).save(png, "PNG")
        stored = Image.open(io.BytesIO(execute._lighter(png.getvalue())))
        assert stored.mode == mode
        assert (np.asarray(stored.convert("RGB")) == pixels).all()


def test_what_later_chapters_import_is_what_the_chapter_derives():
    for path, text in save_cells.modules().items():
        assert path.read_text("utf-8") == text, "run python -m tools.save_cells"
