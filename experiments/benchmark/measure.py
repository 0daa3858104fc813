"""The parts of the benchmark.

A part returns {"rows": {what: {method: values}}}, in seconds unless `what` says other, or
the records of trainings, {"runs": {method: [run, ...]}}.
"""

import json
import os
import subprocess
import sys
import tempfile
import timeit
import zipfile
from pathlib import Path

from tools import chapters

from .turns import in_turns, pause, rounded, say

MODELS = chapters.BOOK.parent / "data" / "models"
SOURCE, OURS, PLAIN = "source network", "ours", "plain loop"
FACES = {SOURCE: "source", "short recipe": "fast", "long recipe": "best"}
SOURCE_ROWS = 3_425  # the stems of the source network's vocabulary, and padding
PARTS = "faces reviews prediction inputs imports notebooks".split()
MODULES = "cnnbook.data cnnbook.plots cnnbook.stats cnnbook.text tensorflow".split()


def seconds(task, number=1):
    """Return the mean seconds of `number` calls."""
    return timeit.timeit(task, number=number) / number


def collect(label, name, runs):
    """Return the row of what the runs {method: [run, ...]} say of `name`."""
    return {label: {method: [run[name] for run in of] for method, of in runs.items()}}


def faces(seeds, **_):
    return _trainings("faces", FACES, seeds)


def reviews(review_seeds, **_):
    return _trainings("reviews", {SOURCE: "source", OURS: "ours"}, review_seeds)


def _trainings(kind, designs, seeds):
    calls = {}
    for name, design in designs.items():
        # The source network takes an hour for the faces.
        some = range(42, 43 if (kind, name) == ("faces", SOURCE) else 42 + seeds)
        calls[name] = [(_train, kind, design, seed) for seed in some]
    return {"runs": in_turns(calls)}


def _train(*arguments):
    from . import train  # brings TensorFlow: for this process alone

    return train.run(*arguments)


def prediction(repeats, **_):
    rows = {}
    for kind, what in (("faces", "picture"), ("reviews", "review")):
        calls = {way: [(_predict, kind, way, 2 * repeats)] for way in (SOURCE, OURS)}
        runs = in_turns(calls)
        for batch in (1, 256):
            ways = {way: run[str(batch)] for way, (run,) in runs.items()}
            rows[f"milliseconds for a {what}, {batch} at a time"] = ways
        rows |= collect(f"parameters, {kind}", "parameters", runs)
        rows |= collect(f"peak memory (MB), {kind}", "peak_mb", runs)
    return {"rows": rows}


def _predict(kind, way, turns):
    """Compiled calls for random input in memory; `predict` would add a loop to each."""
    import numpy as np

    model, rng, times = _network(kind, way), np.random.default_rng(42), {}
    for batch, number in ((1, 40), (256, 2)):
        # The source network for reviews has the smaller vocabulary.
        words = rng.integers(0, SOURCE_ROWS, (batch, 550), dtype="int32")
        pixels = rng.integers(0, 256, (batch, 128, 128, 3)).astype("float32")
        given = pixels if kind == "faces" else words
        seconds(lambda: model.predict_on_batch(given), 2)  # compiles
        times[str(batch)] = []
        for _ in range(turns):
            spent = seconds(lambda: model.predict_on_batch(given), number)
            times[str(batch)].append(rounded(1000 * spent / batch))
            pause()
    say(f"{kind}, {way}: {times}")
    return {**times, "parameters": model.count_params()}


def _network(kind, way):
    """The file in data/models, or the source network: its speed needs no training."""
    from .train import keras

    if way == OURS:
        file = {"faces": "face.keras", "reviews": "sentiment.keras"}[kind]
        return keras.models.load_model(MODELS / file)
    if kind == "reviews":
        names = chapters.load("sentiment-cnn", ["set-up", "build-network"])
        return names["build_network"](SOURCE_ROWS)
    names = chapters.load("face-cnn", ["set-up", "branch", "network"])
    pixels = keras.Input((128, 128, 3))
    return keras.Model(pixels, names["build_source_network"]()(pixels / 255))


def inputs(repeats, **_):
    rows = {}
    for task in ("decode the pictures", "encode the reviews"):
        runs = in_turns({way: [(_work, task, way)] * repeats for way in (PLAIN, OURS)})
        if len({run["sum"] for of in runs.values() for run in of}) > 1:
            raise RuntimeError(f"{task}: the two ways differ in their result.")
        rows |= collect(f"{task} ({runs[OURS][0]['items']:,})", "seconds", runs)
        rows |= collect(f"peak memory (MB): {task}", "peak_mb", runs)
    return {"rows": rows}


def _work(task, way):
    from cnnbook import data, text

    if task == "decode the pictures":
        given = ()
        ways = {PLAIN: _decode_plainly, OURS: lambda: data.load_faces()[1]}
    else:
        vocabulary = json.loads((MODELS / "vocabulary.json").read_text("utf-8"))
        given = data.load_reviews()["Review"].tolist(), vocabulary
        ways = {PLAIN: _encode_plainly, OURS: text.encode}
    made = []
    spent = rounded(seconds(lambda: made.append(ways[way](*given))))
    say(f"{task}, {way}: {spent} s")
    total = int(made[0].sum(dtype="int64"))
    return {"seconds": spent, "items": len(made[0]), "sum": total}


def _decode_plainly():
    """One picture after the other, and nothing is checked."""
    import numpy as np
    from PIL import Image

    from cnnbook import data

    with zipfile.ZipFile(data._find(data.FACES)[0]) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
        opened = (Image.open(archive.open(name)).convert("RGB") for name in names)
        return np.stack([np.asarray(picture) for picture in opened])


def _encode_plainly(texts, vocabulary):
    """The same steps, but every word is stemmed each time that it occurs."""
    from nltk.stem import PorterStemmer

    from cnnbook.text import STOP_WORDS, pad

    stem, rows = PorterStemmer().stem, []
    index = {known: number for number, known in enumerate(vocabulary, start=1)}
    for text in texts:
        words = [word for word in text.lower().split() if word.isalpha()]
        stems = [stem(word) for word in words if word not in STOP_WORDS]
        rows.append([index[known] for known in stems if known in index])
    return pad(rows)


def imports(repeats, **_):
    rows = {f"`import {module}`": {"seconds": []} for module in MODULES}
    for _ in range(repeats):
        for label, row in rows.items():
            code = f"import timeit; print(timeit.timeit({label[1:-1]!r}, number=1))"
            command = [sys.executable, "-c", code]
            found = subprocess.run(command, capture_output=True, text=True, check=True)
            row["seconds"].append(rounded(float(found.stdout)))
    return {"rows": rows}


def notebooks(smoke, **_):
    rows = {}
    for path in chapters.files(".ipynb")[: 1 if smoke else None]:
        (run,) = in_turns({"it": [(_execute, path)]})["it"]
        say(f"{path.name}: {run}")
        memory = {"peak memory (MB)": [run["kernel_mb"]]}
        rows[f"`{path.name}`"] = {"seconds": [run["seconds"]], **memory}
    return {"rows": rows}


def _execute(path):
    from tools import execute

    os.environ.update(CNNBOOK_PROFILE="quick", CNNBOOK_OFFLINE="1")
    os.environ.pop("CNNBOOK_DATA", None)
    with tempfile.TemporaryDirectory() as folder:
        spent, megabytes = execute.execute(path, Path(folder) / path.name)
    return {"seconds": rounded(spent), "kernel_mb": round(megabytes)}


def is_book_data():
    from cnnbook.data import load_faces, load_reviews

    tables = load_faces()[0], load_reviews()
    return {"so": all(table.attrs["is_book_data"] for table in tables)}
