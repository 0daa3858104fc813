"""Inference: milliseconds for each picture and each review, one at a time and 256 at a time.

`predict_on_batch` is what is measured: Keras's compiled call for arrays that are already in memory.
`predict` would add the setting-up of a loop over batches to every call. Scaling the pixels counts.
"""

import time
from pathlib import Path

from tools import chapters
import numpy as np

from . import harness

MODELS = Path(__file__).resolve().parents[2] / "data" / "models"
FILES = {"faces": MODELS / "face.keras", "reviews": MODELS / "sentiment.keras"}
BATCHES = (1, 256)
SOURCE_ROWS = 3_425  # the stems of chapter 04's vocabulary, and padding
# Calls for each batch size, in this many turns.
CALLS = {1: 40, 256: 2}
WARM_UP = 2


def measure(settings):
    result, designs = {}, ("source", "ours")
    for kind in FILES:
        lanes = [[(predict, kind, design, settings["turns"])] for design in designs]
        timed = dict(zip(designs, (lane[0] for lane in harness.interleave(*lanes))))
        result[kind] = {design: _summary(record) for design, record in timed.items()}
        result[kind]["ratios"] = {
            f"batch_{batch}": harness.ratio(
                *(result[kind][design][f"batch_{batch}"] for design in designs)
            )
            for batch in BATCHES
        }
    return result


def _summary(record):
    times = {
        f"batch_{batch}": harness.spread(record["milliseconds"][batch])
        for batch in BATCHES
    }
    return {"parameters": record["parameters"], "peak_mb": record["peak_mb"], **times}


def predict(kind, design, turns):
    """Milliseconds for each example of many calls, by batch size."""
    model, prepare = _source(kind) if design == "source" else _ours(kind)
    rng = np.random.default_rng(42)
    milliseconds = {}
    for batch in BATCHES:
        inputs = _pictures(rng, batch) if kind == "faces" else _rows(rng, batch)
        milliseconds[batch] = []
        for turn in range(turns + 1):  # the first one compiles and warms up
            for _ in range(CALLS[batch] if turn else WARM_UP):
                start = time.perf_counter()
                model.predict_on_batch(prepare(inputs))
                if turn:
                    milliseconds[batch].append(
                        (time.perf_counter() - start) * 1000 / batch
                    )
            harness.pause()
    harness.say(f"inference, {kind}, {design}: done")
    return {"milliseconds": milliseconds, "parameters": model.count_params()}


def _pictures(rng, batch):
    return rng.integers(0, 256, (batch, 128, 128, 3), dtype="uint8")


def _rows(rng, batch):
    """Reviews in stems that both networks know: the source has the smaller vocabulary."""
    return rng.integers(0, SOURCE_ROWS, (batch, 550), dtype="int32")


def _source(kind):
    """The source network with random weights (its speed does not depend on them), and how it wants its input."""
    if kind == "faces":
        names = chapters.load("face-cnn", ["set-up", "network"])
        return names[
            "build_source_network"
        ](), lambda pictures: pictures.astype("float32") / 255
    names = chapters.load("sentiment-cnn", ["set-up", "build-network"])
    return names["build_network"](SOURCE_ROWS), lambda rows: rows


def _ours(kind):
    from . import training

    model = training.keras.models.load_model(FILES[kind])
    return model, (
        lambda pictures: pictures.astype("float32")
    ) if kind == "faces" else (lambda rows: rows)
