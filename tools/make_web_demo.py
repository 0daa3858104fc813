"""Make the files that the page "Try it" loads, from data/models and the faces: `make web-demo`.

Both networks become ONNX files for the browser, with weights as 16-bit floats where that
changes no answer by more than a fifth of what TOLERANCES allows, else as 32-bit floats.
The ready faces are composites; without the book's own data, their picture stays as it is.
"""

import gzip
import json
import random
from pathlib import Path

import numpy as np
from PIL import Image

from cnnbook import plots, quietly
from cnnbook.data import load_faces
from cnnbook.text import LENGTH_WITH_PAIRS as LENGTH
from tools.synthetic_faces import draw

with quietly():
    import keras
    import onnx
    import tensorflow as tf
    import tf2onnx
    from onnx import TensorProto, helper, numpy_helper
    from onnxruntime import InferenceSession

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "data" / "models"
FOLDER = ROOT / "book" / "_static" / "try-it"

INPUTS = {
    "face": ("pixels", (None, 128, 128, 3), "float32"),
    "sentiment": ("review", (None, None), "int32"),
}
# How far an answer in the browser may be from that of Keras: years, and two probabilities.
TOLERANCES = {"face": {"age": 0.5, "gender": 0.01}, "sentiment": {"positive": 1e-4}}
MARGIN = 5
# The ready faces: male above female, a column for each of these bands of plots.AGE_BANDS.
READY = {
    "up to 2": (0, 2),
    "3 to 7": (3, 7),
    "8 to 14": (8, 14),
    "15 to 20": (15, 20),
    "26 to 28": (26, 28),
    "35 to 39": (35, 39),
    "50 to 59": (50, 59),
    "70 or more": (70, 120),
}
SMALL = 2_048  # arrays of fewer numbers stay as they are: rounding a first kernel shows most


def model_json(name):
    return json.loads((MODELS / f"{name}.json").read_text("utf-8"))


def network_bytes(name):
    """Return the network as ONNX."""
    model = keras.models.load_model(MODELS / f"{name}.keras")
    whole = exported(model, name)
    halved = halve(whole)
    found = distances(halved.SerializeToString(), model, name)
    close = all(found[key] * MARGIN < limit for key, limit in TOLERANCES[name].items())
    return (halved if close else whole).SerializeToString(deterministic=True)


def exported(model, name):
    """Return the model as an ONNX graph, without what only a training needs."""
    label, shape, kind = INPUTS[name]
    answer = tf.function(lambda values: by_name(model(values, training=False)))
    signature = [tf.TensorSpec(shape, kind, name=label)]
    with quietly():
        return tf2onnx.convert.from_function(answer, signature, opset=18)[0]


def by_name(answers):
    """Return a network's answers as a dict, also where it has a single one."""
    return answers if isinstance(answers, dict) else {"positive": answers}


def halve(model):
    """Return a copy whose large arrays are 16-bit floats, widened when it is loaded."""
    small = onnx.ModelProto.FromString(model.SerializeToString())
    arrays, nodes = small.graph.initializer, small.graph.node
    for array in list(arrays):
        values, half = numpy_helper.to_array(array), f"{array.name}/half"
        if values.dtype == np.float32 and values.size >= SMALL:
            arrays.remove(array)
            arrays.append(numpy_helper.from_array(values.astype("float16"), half))
            widen = helper.make_node("Cast", [half], [array.name], to=TensorProto.FLOAT)
            nodes.insert(0, widen)
    return small


def probes(name):
    """Return inputs to compare on: pictures of many kinds, or rows of few and of many n-grams."""
    rng = np.random.default_rng(0)
    if name == "face":
        sides = np.repeat([2, 5, 16, 128], 4)  # from smooth to noise
        noise = [rng.integers(0, 256, (side, side, 3), dtype="uint8") for side in sides]
        pictures = [Image.fromarray(some).resize((128, 128)) for some in noise]
        # A plain one can lie where the age's distribution has two hills: a hair decides.
        greys = [(grey,) * 3 for grey in (0, 128, 255)]
        pictures += [Image.new("RGB", (128, 128), grey) for grey in greys]
        pictures += [draw(age, age % 2, random.Random(age)) for age in range(1, 90, 4)]
        return np.stack(pictures).astype("float32")
    known, rows = len(model_json("vocabulary")), np.zeros((300, LENGTH), "int32")
    lengths = rng.integers(0, LENGTH + 1, len(rows)) // rng.choice([1, 50], len(rows))
    for row, length in zip(rows, lengths):
        row[:length] = np.minimum(rng.zipf(1.2, length), known)
    return rows


def distances(network, model, name):
    """Return the largest difference between an ONNX network and the Keras model, by answer."""
    inputs, names = probes(name), list(TOLERANCES[name])
    expected = by_name(model.predict(inputs, verbose=0))
    session = InferenceSession(network, providers=["CPUExecutionProvider"])
    answers = zip(names, session.run(names, {INPUTS[name][0]: inputs}))
    return {key: float(np.abs(found - expected[key]).max()) for key, found in answers}


def words_bytes():
    """Return what the text demo has to know about words."""
    facts = {"length": LENGTH, "vocabulary": model_json("vocabulary")}
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode()


def ready_faces(faces, images):
    """Return the ready faces as one array of pixels, and the rows of `faces` behind each.

    Of the groups of one label and band, it takes the one whose pictures are most alike, in
    turn among the darker half and the lighter half. How the network answers plays no part.
    """
    shown, groups = plots.composites(images, faces["age"], faces["gender"])
    looks = plots.thumbnails(shown)
    spread = ((plots.thumbnails(images) - looks) ** 2).sum(axis=1)
    table = faces[["age", "gender"]].assign(light=looks.mean(axis=1), spread=spread)
    table = table.groupby(groups).mean()
    members = []
    for gender in (0, 1):
        for column, band in enumerate(READY.values()):
            same = table["gender"].round() == gender  # a twin may bear another label
            cell = table[same & table["age"].between(*band)]
            dark = cell["light"] <= cell["light"].median()
            half = cell[dark if (column + gender) % 2 else ~dark]
            members.append(np.flatnonzero(groups == half["spread"].idxmin()))
    chosen = shown[[rows[0] for rows in members]]
    return np.vstack([np.hstack(row) for row in np.split(chosen, 2)]), members


def facts_bytes():
    """Return the module with the size of each download, and how good the networks are."""
    files = sorted(FOLDER.glob("onnxruntime/ort*")) + sorted(FOLDER.glob("*.gz"))
    sizes = {path.relative_to(FOLDER).as_posix(): path.stat().st_size for path in files}
    face, sentiment = map(model_json, INPUTS)
    figures = {
        "faces": face["unseen"]["faces"],
        "ageError": round(face["unseen"]["mae"], 2),
        "genderAccuracy": round(face["unseen"]["accuracy"], 4),
        "reviews": sentiment["test_reviews"],
        "reviewAccuracy": round(sentiment["test_accuracy"], 4),
    }
    text = "/* Written by tools/make_web_demo.py. */\n"
    facts = {"BYTES": sizes, "FIGURES": figures, "READY_AGES": list(READY)}
    for name, value in facts.items():
        text += f"export const {name} = {json.dumps(value, indent=2)};\n"
    return text.encode()


def main():
    """Write all files. tf2onnx orders nodes by chance, so networks' bytes differ by run."""
    packed = {f"{name}.onnx.gz": network_bytes(name) for name in INPUTS}
    for name, content in (packed | {"words.json.gz": words_bytes()}).items():
        (FOLDER / name).write_bytes(gzip.compress(content, mtime=0))
        print(f"{name}: {(FOLDER / name).stat().st_size / 2**20:.1f} MB")
    (FOLDER / "facts.js").write_bytes(facts_bytes())
    faces, images = load_faces()
    if faces.attrs["is_book_data"]:
        pixels, _ = ready_faces(faces, images)
        Image.fromarray(pixels).save(FOLDER / "faces.webp", quality=85, method=6)


if __name__ == "__main__":
    main()
