"""The tools that execute a notebook: what they store, and what they leave alone."""

import base64
import io
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from tools import execute, verify

FIGURE = "from cnnbook import plots; plots.use_style(); plots.plt.plot([1, 2]);"
PRINT = "for part in 'ab':\n    print(part, flush=True)"


def written(path, *cells):
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path.read_bytes()


def test_a_run_is_stored_tidily_and_figures_keep_their_size(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")  # which shows nothing in a notebook
    path, stored = tmp_path / "draw.ipynb", tmp_path / "drawn.ipynb"
    written(path, new_code_cell(FIGURE, id="draw"), new_code_cell(PRINT, id="print"))
    seconds, megabytes = execute.execute(path, stored)
    assert seconds > 0 and megabytes > 20
    notebook = nbformat.read(stored, as_version=4)
    assert notebook.metadata == execute.METADATA
    draw, printed = notebook.cells
    assert not draw.metadata and printed.outputs[0].text == "a\nb\n"
    (output,) = draw.outputs
    png = base64.b64decode(output.data["image/png"])
    width, height = Image.open(io.BytesIO(png)).size
    assert output.metadata["image/png"] == {"width": width // 2, "height": height // 2}
    assert output.data["text/plain"] == "<Figure size 770x440 with 1 Axes>"
    assert 600 < width / 2 < 770  # what is left without the white border


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A folder with a book of no chapter yet and a stored network."""
    for folder in ("book", "data/models"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "data/models/net.keras").write_text("stored")
    monkeypatch.setattr(verify, "ROOT", tmp_path)
    monkeypatch.setattr(verify, "COPY", tmp_path / "_build/verify")
    return tmp_path


@pytest.mark.parametrize("now", ["8.1", "8.2"])
def test_verify_executes_a_copy_and_tells_what_drifted(book, monkeypatch, capsys, now):
    path = book / "book/99-short.ipynb"
    source = f"open('../data/models/net.keras', 'w').write(''); print('{now} years')"
    stored = [new_output("stream", text="8.1 years\n")]
    before = written(path, new_code_cell(source, id="read", outputs=stored))
    monkeypatch.setattr(sys, "argv", ["verify", str(path)])
    with pytest.raises(SystemExit) as ended:
        verify.main()
    said, drifted = capsys.readouterr().out, now != "8.1"
    assert ended.value.code == drifted and ("1 DRIFTED" in said) == drifted
    assert ("99-short, read\n  8.1 years\n  8.2 years" in said) == drifted
    assert path.read_bytes() == before
    assert (book / "data/models/net.keras").read_text() == "stored"


@pytest.mark.parametrize("tool", [execute, verify])
def test_nothing_is_stored_when_a_cell_fails(book, monkeypatch, tool):
    path = book / "book/99-short.ipynb"
    before = written(path, new_code_cell("print(1)"), new_code_cell("1 / 0"))
    monkeypatch.setattr(sys, "argv", [tool.__name__, str(path)])
    with pytest.raises(SystemExit, match="99-short.ipynb: not stored, a cell failed"):
        tool.main()
    assert path.read_bytes() == before


def test_nothing_is_stored_when_a_figure_is_lost(tmp_path):
    path, figure = tmp_path / "lost.ipynb", {"mystnb": {"figure": {"caption": "A"}}}
    cells = (
        new_code_cell(FIGURE, id="kept", metadata=figure),
        new_code_cell("1", id="lost", metadata=figure),
    )
    before = written(path, *cells)
    with pytest.raises(SystemExit, match="lost.ipynb: .* the cells lost.$"):
        execute.execute(path, path)
    assert path.read_bytes() == before
