"""The tools that execute a notebook: what they leave alone."""

import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools import execute, verify

FIGURE = "from cnnbook import plots; plots.use_style(); plots.plt.plot([1, 2]);"


def written(path, *cells):
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path.read_bytes()


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
