"""The parts of MiniLM that need no weights: finding the package, reading its file, cutting words into pieces."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from cnnbook import minilm


def test_a_missing_package_is_told_by_none(monkeypatch):
    monkeypatch.setattr(minilm, "PACKAGE", "no_such_package_of_weights")
    assert minilm.folder() is None


def test_words_are_cut_into_the_longest_known_pieces():
    vocabulary = {"[UNK]": 0, "un": 1, "unpredict": 2, "##able": 3, "##predict": 4}
    assert minilm._pieces("unpredictable", vocabulary, {}) == [2, 3]
    assert minilm._pieces("zebra", vocabulary, {}) == [0]


def test_the_file_of_weights_is_read(tmp_path):
    arrays = {"a": np.arange(6, dtype="<f4").reshape(2, 3), "b": np.array([7, 8], "<f4")}
    header, body = {"__metadata__": {"format": "pt"}}, b""
    for name, array in arrays.items():
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [len(body), len(body) + array.nbytes]}
        body += array.tobytes()
    header["c"] = {"dtype": "I64", "shape": [0], "data_offsets": [len(body), len(body)]}
    text = json.dumps(header).encode()
    (tmp_path / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + body)
    weights = minilm._weights(tmp_path / "model.safetensors")
    assert set(weights) == {"a", "b"}
    assert all(np.array_equal(weights[name], arrays[name]) for name in arrays)


def test_the_import_loads_no_tensorflow():
    code = "import sys, cnnbook.minilm; sys.exit('tensorflow' in sys.modules)"
    book = Path(minilm.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=book).returncode == 0
