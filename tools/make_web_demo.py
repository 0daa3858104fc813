"""Make the files that the page "Try it" loads, from data/models: `make web-demo`.

Both networks become ONNX files that run in a browser. Weights are stored as 16-bit floats where that
changes no answer by more than a fifth of what TOLERANCES allows, and as 32-bit floats otherwise.
"""

import gzip
import io
import json
import random
from pathlib import Path

import numpy as np
from tools.synthetic_faces import draw
from PIL import Image

from cnnbook import quietly
from cnnbook.text import LENGTH, STOP_WORDS

with quietly():
    import keras
    import onnx
    import tensorflow as tf
    from onnxruntime import InferenceSession

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "data" / "models"
FOLDER = ROOT / "book" / "_static" / "try-it"

INPUTS = {
    "face": ("pixels", (None, 128, 128, 3), "float32"),
    "sentiment": ("review", (None, LENGTH), "int32"),
}
# How far an answer in the browser may be from that of Keras: years, and two probabilities.
TOLERANCES = {"face": {"age": 0.5, "gender": 0.01}, "sentiment": {"positive": 1e-4}}
MARGIN = 5
SMALL = 256  # arrays of fewer numbers stay as they are


def network_bytes(name):
    """Return the network as ONNX."""
    model = keras.models.load_model(MODELS / f"{name}.keras")
    whole = exported(model, name)
    halved = halve(whole)
    differences = distances(halved.SerializeToString(), model, name)
    close = all(
        differences[answer] * MARGIN < limit
        for answer, limit in TOLERANCES[name].items()
    )
    return (halved if close else whole).SerializeToString(deterministic=True)


def exported(model, name):
    """Return the model as an ONNX graph; `training=False` keeps what only a training needs out of it."""
    import tf2onnx

    label, shape, kind = INPUTS[name]

    def answer(values):
        return by_name(model(values, training=False))

    signature = [tf.TensorSpec(shape, kind, name=label)]
    with quietly():
        graph, _ = tf2onnx.convert.from_function(
            tf.function(answer), input_signature=signature, opset=18
        )
    return graph


def by_name(answers):
    """Return a network's answers as a dict, also where it has a single one."""
    return answers if isinstance(answers, dict) else {"positive": answers}


def halve(model):
    """Return a copy whose large arrays are stored as 16-bit floats and widened when it is loaded."""
    small = onnx.ModelProto()
    small.CopyFrom(model)
    graph = small.graph
    for array in list(graph.initializer):
        values = onnx.numpy_helper.to_array(array)
        if values.dtype == np.float32 and values.size >= SMALL:
            graph.initializer.remove(array)
            graph.initializer.append(
                onnx.numpy_helper.from_array(
                    values.astype("float16"), f"{array.name}/half"
                )
            )
            widen = onnx.helper.make_node(
                "Cast", [f"{array.name}/half"], [array.name], to=onnx.TensorProto.FLOAT
            )
            graph.node.insert(0, widen)
    return small


def probes(name):
    """Return inputs to compare on: noise, smooth and plain pictures, invented faces; rows of few and of many stems."""
    rng = np.random.default_rng(0)
    if name == "face":
        noise = [
            rng.integers(0, 256, (size, size, 3), dtype="uint8")
            for size in (2, 5, 16, 128)
            for _ in range(4)
        ]
        smooth = [
            np.asarray(Image.fromarray(some).resize((128, 128))) for some in noise
        ]
        # A picture without any content can lie where the age's distribution has two hills, and a hair decides between them.
        plain = [np.full((128, 128, 3), value, "uint8") for value in (0, 128, 255)]
        faces = [
            np.asarray(draw(age, age % 2, random.Random(age)))
            for age in range(1, 90, 4)
        ]
        return np.stack(smooth + plain + faces).astype("float32")
    stems = len(json.loads((MODELS / "vocabulary.json").read_text("utf-8")))
    rows = np.zeros((300, LENGTH), "int32")
    for row, length in zip(
        rows, rng.integers(0, LENGTH + 1, len(rows)) // rng.choice([1, 50], len(rows))
    ):
        row[:length] = np.minimum(rng.zipf(1.2, length), stems)
    return rows


def distances(network, model, name):
    """Return the largest difference between an ONNX network and the Keras model, by answer."""
    inputs = probes(name)
    expected = by_name(model.predict(inputs, verbose=0))
    session = InferenceSession(network, providers=["CPUExecutionProvider"])
    names = list(TOLERANCES[name])
    answers = dict(zip(names, session.run(names, {INPUTS[name][0]: inputs})))
    return {key: float(np.abs(answers[key] - expected[key]).max()) for key in names}


def words_bytes():
    """Return what the text demo has to know about words."""
    vocabulary = json.loads((MODELS / "vocabulary.json").read_text("utf-8"))
    facts = {
        "length": LENGTH,
        "stopWords": sorted(STOP_WORDS),
        "vocabulary": vocabulary,
    }
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode()


def sample_bytes():
    """Return a drawn face: nobody's photograph."""
    buffer = io.BytesIO()
    draw(34, 1, random.Random(4)).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def facts_bytes():
    """Return the module with what the page says: the size of each download, and how good the networks are."""
    runtime = sorted((FOLDER / "onnxruntime").glob("ort*"))
    bytes_of = {f"onnxruntime/{path.name}": path.stat().st_size for path in runtime}
    bytes_of |= {
        name: (FOLDER / name).stat().st_size
        for name in ("face.onnx.gz", "sentiment.onnx.gz", "words.json.gz")
    }
    face, sentiment = (
        json.loads((MODELS / f"{name}.json").read_text("utf-8")) for name in INPUTS
    )
    figures = {
        "faces": face["test_faces"],
        "ageError": round(face["test_mae"], 2),
        "genderAccuracy": round(face["test_accuracy"], 4),
        "reviews": sentiment["test_reviews"],
        "reviewAccuracy": round(sentiment["test_accuracy"], 4),
    }
    lines = ["/* Written by tools/make_web_demo.py. */"]
    lines += [f"export const {key} = {json.dumps(value, indent=2)};" for key, value in
              {"BYTES": bytes_of, "FIGURES": figures}.items()]  # fmt: skip
    return ("\n".join(lines) + "\n").encode()


def main():
    """Write all files. tf2onnx orders a network's nodes by chance, so the networks' bytes differ from run to run."""
    for name in INPUTS:
        (FOLDER / f"{name}.onnx.gz").write_bytes(
            gzip.compress(network_bytes(name), mtime=0)
        )
    (FOLDER / "words.json.gz").write_bytes(gzip.compress(words_bytes(), mtime=0))
    (FOLDER / "sample.png").write_bytes(sample_bytes())
    (FOLDER / "facts.mjs").write_bytes(facts_bytes())
    for path in sorted(FOLDER.glob("*.gz")):
        print(f"{path.name}: {path.stat().st_size / 2**20:.1f} MB")


if __name__ == "__main__":
    main()
