"""MiniLM, on a small package with the random weights of a transformer made by Keras."""

import keras
import numpy as np
import pytest
from cnnbook import minilm
from keras import layers, ops
from safetensors.numpy import save_file
from tokenizers import BertWordPieceTokenizer

HEADS, WIDTH = 2, 8
PIECES = "[PAD] [UNK] [CLS] [SEP] good car un ##able".split()


def test_without_the_packages_there_is_no_folder_and_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(minilm, "PACKAGE", "no_such_package_of_weights")
    assert minilm.folder() is None
    with pytest.raises(ModuleNotFoundError, match="safetensors tokenizers"):
        minilm.embed(["good car"])


@pytest.fixture
def transformer(tmp_path, monkeypatch):
    ids, norm = keras.Input((None,), dtype="int32"), layers.LayerNormalization
    numbers = ids * 0, ids, ops.cumsum(ids * 0 + 1, axis=1) - 1
    tables = zip(("token_type", "word", "position"), numbers)
    x = sum(layers.Embedding(16, WIDTH, name=name)(value) for name, value in tables)
    x = norm(epsilon=1e-12, name="embeddings.LayerNorm")(x)
    for part in ("encoder.layer.0.", "encoder.layer.1."):
        attention = layers.MultiHeadAttention(HEADS, WIDTH // HEADS, name=part)
        after = f"{part}attention.output.LayerNorm"
        x = norm(epsilon=1e-12, name=after)(x + attention(x, x))
        inner = layers.Dense(32, "gelu", name=f"{part}intermediate.dense")(x)
        outer = layers.Dense(WIDTH, name=f"{part}output.dense")(inner)
        x = norm(epsilon=1e-12, name=f"{part}output.LayerNorm")(x + outer)
    model = keras.Model(ids, ops.normalize(ops.mean(x, axis=1)))
    rng, saved = np.random.default_rng(0), {}
    for layer in model.layers:
        values = [rng.normal(0.3, 0.5, w.shape).astype("f4") for w in layer.weights]
        layer.set_weights(values)
        names = [layer.name]
        if isinstance(layer, layers.Embedding):
            saved[f"embeddings.{layer.name}_embeddings.weight"] = values[0]
        elif isinstance(layer, layers.MultiHeadAttention):
            parts = "self.query self.key self.value output.dense".split()
            names = [f"{layer.name}attention.{name}" for name in parts]
        for name, kernel, bias in zip(names, values[::2], values[1::2]):
            saved[f"{name}.bias"] = bias.ravel()
            saved[f"{name}.weight"] = kernel.reshape(-1, bias.size).T.squeeze().copy()
    (folder := tmp_path / "tiny_minilm" / "model").mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    save_file(saved, folder / "model.safetensors")
    sizes = '{"num_hidden_layers": 2, "num_attention_heads": 2}'
    (folder / "config.json").write_text(sizes)
    vocabulary = {piece: i for i, piece in enumerate(PIECES)}
    BertWordPieceTokenizer(vocabulary).save(str(folder / "tokenizer.json"))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(minilm, "PACKAGE", "tiny_minilm")
    return model


def test_vectors_are_those_of_the_transformer_and_end_at_the_length(transformer):
    texts = ["Good car", "unable car good good", "zebra"]
    rows = [2, 4, 5, 3], [2, 6, 7, 5, 4, 4, 3], [2, 1, 3]
    for vector, row in zip(minilm.embed(texts), rows, strict=True):
        assert np.allclose(vector, transformer(np.array([row]))[0], atol=1e-4)
    long, cut = minilm.embed(["good car good car good", "good car"], length=4)
    assert np.allclose(long, cut, atol=1e-5)
