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


def test_verify_executes_a_copy_and_tells_what_drifted(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(verify, "ROOT", tmp_path)
    monkeypatch.setattr(verify, "COPY", tmp_path / "_build/verify")
    network, path = tmp_path / "data/net.keras", tmp_path / "book/99-short.ipynb"
    for folder in (network.parent, path.parent):
        folder.mkdir()
    network.write_text("stored")
    source = "open('../data/net.keras', 'w').write(''); print('8.2 years')"
    stored = [new_output("stream", text="8.1 years\n")]
    before = written(path, new_code_cell(source, id="read", outputs=stored))
    monkeypatch.setattr(sys, "argv", ["verify", str(path)])
    with pytest.raises(SystemExit, match="True"):
        verify.main()
    told = "DRIFTED: 99-short, read\n  8.1 years\n  8.2 years\n1 DRIFTED\n"
    assert capsys.readouterr().out == told
    assert path.read_bytes() == before and network.read_text() == "stored"


FAILURES = [("1 / 0", "a cell failed"), ("1", "no picture came of lost.")]


@pytest.mark.parametrize("source, told", FAILURES)
def test_nothing_is_stored_when_a_cell_fails_or_a_figure_is_lost(
    tmp_path, source, told
):
    path, figure = tmp_path / "99-short.ipynb", {"mystnb": {"figure": {"caption": "A"}}}
    drawn = new_code_cell(FIGURE, id="kept", metadata=figure)
    before = written(path, drawn, new_code_cell(source, id="lost", metadata=figure))
    with pytest.raises(SystemExit, match=f"99-short.ipynb: not stored, {told}"):
        execute.execute(path, path)
    assert path.read_bytes() == before
