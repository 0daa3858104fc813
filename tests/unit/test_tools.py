"""The tools that run a chapter, or parts of it."""

import base64
import inspect
import io
import sys
import traceback

from tools import chapters
from tools import execute
from tools import make_models
import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    """A chapter 99 of four cells."""
    cells = [
        new_markdown_cell("# Title", id="title"),
        new_code_cell("log.append('one')\none = start + 1", id="one"),
        new_code_cell(
            "def double():\n    return 2 * one  # of the first cell", id="two"
        ),
        new_code_cell("log.append('bad')\nraise ValueError('on line two')", id="bad"),
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "99-standin.ipynb")
    monkeypatch.setattr(chapters, "BOOK", tmp_path)


def test_cells_run_in_the_notebooks_order_in_one_namespace(chapter):
    log = []
    names = chapters.load("standin", ["two", "one"], start=20, log=log)
    assert log == ["one"] and names["one"] == 21 and names["double"]() == 42


def test_the_names_given_are_left_alone(chapter):
    names = {"start": 1, "log": [], "ids": "a name of the chapter's own"}
    chapters.load("standin", ["one"], **names)
    assert set(names) == {"start", "log", "ids"}


def test_a_function_keeps_its_source_and_has_a_module(chapter):
    double = chapters.load("standin", ["one", "two"], start=1, log=[])["double"]
    assert "# of the first cell" in inspect.getsource(double) and inspect.getmodule(
        double
    )


def test_an_error_names_its_cell_and_line(chapter):
    with pytest.raises(ValueError) as caught:
        chapters.load("standin", ["bad"], log=[])
    frame = traceback.extract_tb(caught.tb)[-1]
    assert (
        frame.filename == "<99-standin.ipynb, cell bad>"
        and frame.lineno == 2
        and "raise" in frame.line
    )


@pytest.mark.parametrize("wrong", ["three", "title"])
def test_a_missing_cell_is_named_before_anything_runs(chapter, wrong):
    log = []
    with pytest.raises(
        LookupError,
        match=f"99-standin.ipynb has no code cell {wrong}; it has one, two, bad",
    ):
        chapters.load("standin", ["one", wrong], start=1, log=log)
    assert log == []


def test_a_missing_chapter_is_named(chapter):
    with pytest.raises(LookupError, match="nowhere"):
        chapters.load("nowhere", [])


def test_cells_of_the_book_are_found():
    with pytest.raises(
        LookupError, match="03-face-cnn.ipynb has no code cell no-such-cell"
    ):
        chapters.load("face-cnn", ["no-such-cell"])
    assert chapters.load("preprocessing", ["colab"])["sys"].modules


@pytest.mark.parametrize(
    ("asked", "made"), [([], ["face", "sentiment"]), (["face"], ["face"])]
)
def test_both_networks_are_made_unless_one_is_named(monkeypatch, asked, made):
    found = []
    monkeypatch.setattr(make_models, "make", found.append)
    monkeypatch.setattr(sys, "argv", ["make_models.py", *asked])
    make_models.main()
    assert found == made


def png(pixels):
    stored = io.BytesIO()
    Image.fromarray(pixels).save(stored, "PNG")
    return stored.getvalue()


def opened(stored):
    return Image.open(io.BytesIO(stored))


def test_a_stored_figure_has_twice_the_pixels_and_keeps_its_size(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(chapters.BOOK))
    draw = "from cnnbook import plots\nplots.use_style()\nfigure, axis = plots.plt.subplots()\naxis.plot([1, 2]);"
    nbformat.write(new_notebook(cells=[new_code_cell(draw)]), tmp_path / "draw.ipynb")
    execute.execute(tmp_path / "draw.ipynb", tmp_path / "drawn.ipynb")
    (output,) = nbformat.read(tmp_path / "drawn.ipynb", as_version=4).cells[0].outputs
    picture = opened(base64.b64decode(output.data["image/png"]))
    assert output.metadata["image/png"] == {
        "width": picture.width // 2,
        "height": picture.height // 2,
    }
    assert (
        output.data["text/plain"] == "<Figure size 770x440 with 1 Axes>"
    )  # the stored text of every chapter
    assert (
        600 < picture.width / 2 < 770
    )  # what is left after cutting off the white border


def test_a_chart_is_stored_with_a_palette_and_a_photograph_as_it_is():
    chart = np.full((200, 300, 3), 255, np.uint8)
    chart[50:150, 20:40] = (0, 114, 178)
    stored = opened(execute._lighter(png(chart)))
    assert stored.mode == "P" and (np.asarray(stored.convert("RGB")) == chart).all()
    photograph = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    stored = opened(execute._lighter(png(photograph)))
    assert stored.mode == "RGB" and (np.asarray(stored) == photograph).all()
