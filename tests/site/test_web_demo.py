"""The files of the page Try it are what tools/make_web_demo.py makes from data/models."""

import gzip
import io

import numpy as np
import pytest
from PIL import Image

from cnnbook import quietly

with quietly():
    from tools import make_web_demo as tool


def stored(name):
    return (tool.FOLDER / name).read_bytes()


@pytest.fixture(scope="module", params=list(tool.INPUTS))
def network(request):
    """A network's name, what is stored for the browser, and the Keras model."""
    name = request.param
    return (
        name,
        gzip.decompress(stored(f"{name}.onnx.gz")),
        tool.keras.models.load_model(tool.MODELS / f"{name}.keras"),
    )


def test_the_stored_networks_answer_as_keras_does(network):
    name, graph, model = network
    for answer, difference in tool.distances(graph, model, name).items():
        assert difference * tool.MARGIN < tool.TOLERANCES[name][answer], answer


def test_another_network_would_be_noticed(network):
    name, graph, model = network
    model.set_weights(
        [weight * 0.97 if weight.ndim > 1 else weight for weight in model.get_weights()]
    )
    assert any(
        d > tool.TOLERANCES[name][answer]
        for answer, d in tool.distances(graph, model, name).items()
    )


def shapes(values):
    """Names, types and shapes; 0 stands for a size left open, which the converter names by what it converted before."""
    kinds = [(value.name, value.type.tensor_type) for value in values]
    return [
        (name, kind.elem_type, [size.dim_value for size in kind.shape.dim])
        for name, kind in kinds
    ]


def test_the_tool_makes_what_is_stored(network):
    name, graph, _ = network
    made, known = (
        tool.onnx.load_from_string(tool.network_bytes(name)),
        tool.onnx.load_from_string(graph),
    )
    for part in ("input", "output"):
        assert shapes(getattr(made.graph, part)) == shapes(getattr(known.graph, part))
    kinds = [sorted(node.op_type for node in one.graph.node) for one in (made, known)]
    assert kinds[0] == kinds[1]
    arrays = [
        sorted((array.data_type, tuple(array.dims)) for array in one.graph.initializer)
        for one in (made, known)
    ]
    assert arrays[0] == arrays[1]


def test_words_and_facts_are_up_to_date():
    assert gzip.decompress(stored("words.json.gz")) == tool.words_bytes()
    assert stored("facts.mjs") == tool.facts_bytes()


def test_the_sample_is_the_drawing():
    made, known = (
        np.asarray(Image.open(io.BytesIO(content)))
        for content in (tool.sample_bytes(), stored("sample.png"))
    )
    assert made.shape == (128, 128, 3) and (made == known).all()


def test_the_runtime_is_the_version_that_its_note_names():
    note, first_lines = (
        stored(f"onnxruntime/{name}").decode()
        for name in ("README.md", "ort.wasm.min.mjs")
    )
    version = first_lines.split("ONNX Runtime Web v")[1].split()[0]
    assert f"`onnxruntime-web` {version}" in note
