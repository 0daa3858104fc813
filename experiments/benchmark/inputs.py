"""Input: decoding, encoding, the pipelines that feed the training, and what an import costs."""

import io
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from tools import chapters
import numpy as np
from cnnbook import data
from cnnbook.text import LENGTH, STOP_WORDS, build_vocabulary, encode
from nltk.stem import PorterStemmer
from PIL import Image

from . import faces, harness
from .inference import MODELS

MODULES = [
    "cnnbook",
    "cnnbook.data",
    "cnnbook.plots",
    "cnnbook.settings",
    "cnnbook.text",
    "tensorflow",
]


def measure(settings):
    repeats = settings["repeats"]
    result = {
        "decoding": _both_ways("decoding", repeats),
        "encoding": _both_ways("encoding", repeats),
        "imports": {
            module: harness.spread([_import_seconds(module) for _ in range(repeats)])
            for module in MODULES
        },
    }
    designs = ["source", *faces.RECIPES]
    lanes = harness.interleave(
        *[[(feed, design, repeats, settings["steps"])] for design in designs]
    )
    result["pipelines"] = {
        design: {name: harness.spread(run[name]) for name in ("fed", "eaten")}
        for design, (run,) in zip(designs, lanes)
    }
    return result


def _both_ways(task, repeats):
    """Do the task in both ways in turns, each time in a fresh process."""
    lanes = harness.interleave(
        *[[(work, task, way)] * repeats for way in ("plain", "ours")]
    )
    if len({run["checksum"] for lane in lanes for run in lane}) != 1:
        raise RuntimeError(f"{task}: the two ways differ in their result.")
    figures = ("seconds", "peak_mb")
    plain, ours = (
        {name: harness.spread([run[name] for run in lane]) for name in figures}
        for lane in lanes
    )
    ratio = harness.ratio(plain["seconds"], ours["seconds"])
    return {"items": lanes[0][0]["items"], "plain": plain, "ours": ours, "ratio": ratio}


def work(task, way):
    """Seconds of one task done in one way."""
    if task == "decoding":
        arguments, ways = (
            (),
            {"plain": _decode_plainly, "ours": lambda: data.load_faces()[1]},
        )
    else:
        vocabulary = json.loads(
            (MODELS / "vocabulary.json").read_text(encoding="utf-8")
        )
        arguments = data.load_reviews()["Review"].tolist(), vocabulary
        ways = {"plain": _encode_plainly, "ours": encode}
    start = time.perf_counter()
    array = ways[way](*arguments)
    seconds = time.perf_counter() - start
    harness.say(f"input, {task}, {way}: {seconds:.2f} s")
    return {
        "seconds": seconds,
        "items": len(array),
        "checksum": int(array.sum(dtype="int64")),
    }


def _decode_plainly():
    """What one writes without the book: one picture after the other, nothing is checked."""
    pictures = []
    with zipfile.ZipFile(
        Path(os.environ.get("CNNBOOK_DATA", data.SAMPLE)) / data.FACES
    ) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".jpg"):
                pictures.append(
                    np.array(Image.open(io.BytesIO(archive.read(name))).convert("RGB"))
                )
    return np.array(pictures)


def _encode_plainly(texts, vocabulary):
    """The same steps, word by word: every word is stemmed each time that it occurs."""
    stem = PorterStemmer().stem
    index = {known: number for number, known in enumerate(vocabulary, start=1)}
    encoded = np.zeros((len(texts), LENGTH), "int32")
    for row, text in zip(encoded, texts):
        stems = [
            stem(word)
            for word in text.lower().split()
            if word.isalpha() and word not in STOP_WORDS
        ]
        numbers = [index[found] for found in stems if found in index][:LENGTH]
        row[: len(numbers)] = numbers
    return encoded


def _import_seconds(module):
    """Wall time of an import in a fresh interpreter, its own start not counted."""
    code = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return float(run.stdout)


def feed(design, repeats, steps):
    """Pictures a second: how fast the pipeline delivers, and how fast the network eats one batch again and again."""
    from . import training

    if design == "source":
        names = faces.source_network(seed=42)
        train = names["train"]
        model, batches = training.captured_fit(
            lambda: chapters.load("face-cnn", ["fit"], **names)
        )
    else:
        split, names = faces.our_recipes()
        train = split["train"]
        model, batches = training.captured_fit(
            lambda: names[f"train_{design}"](42, train, callbacks=[])
        )
    first = next(iter(batches))
    size = len(training.keras.tree.flatten(first)[0])
    model.train_on_batch(*first)  # compiles
    rates = {"fed": [], "eaten": []}
    for _ in range(repeats):
        start = time.perf_counter()
        delivered = sum(
            1 for _ in batches.take(len(train) // size)
        )  # about an epoch; a pipeline may be endless
        rates["fed"].append(delivered * size / (time.perf_counter() - start))
        start = time.perf_counter()
        for _ in range(steps):
            model.train_on_batch(*first)
        rates["eaten"].append(steps * size / (time.perf_counter() - start))
        harness.say(
            f"input, pipeline of {design}: {rates['fed'][-1]:.0f} fed, {rates['eaten'][-1]:.0f} eaten a second"
        )
        harness.pause()
    return rates
