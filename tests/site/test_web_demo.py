"""The files of the page Try it are what tools/make_web_demo.py makes from data/models."""

import gzip
import io

import pytest
from PIL import Image

from cnnbook import quietly

with quietly():
    from tools import make_web_demo as tool


def stored(name):
    return (tool.FOLDER / name).read_bytes()


@pytest.mark.parametrize("name", list(tool.INPUTS))
def test_a_stored_network_answers_as_keras_does_and_can_be_made_again(name):
    model = tool.keras.models.load_model(tool.MODELS / f"{name}.keras")
    graph = gzip.decompress(stored(f"{name}.onnx.gz"))
    for answer, difference in tool.distances(graph, model, name).items():
        assert difference * tool.MARGIN < tool.TOLERANCES[name][answer], answer
    # Not to the byte: the converter orders a network's nodes by chance.
    assert len(tool.network_bytes(name)) == pytest.approx(len(graph), rel=0.01)


def test_words_facts_and_the_drawn_face_are_up_to_date():
    assert gzip.decompress(stored("words.json.gz")) == tool.words_bytes()
    assert stored("facts.mjs") == tool.facts_bytes()
    made, known = tool.sample_bytes(), stored("sample.png")
    made, known = (
        Image.open(io.BytesIO(content)).tobytes() for content in (made, known)
    )
    assert made == known
