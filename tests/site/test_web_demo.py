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


@pytest.mark.parametrize("name", list(tool.INPUTS))
def test_the_networks_stored_and_made_answer_as_keras_does(name):
    model = tool.keras.models.load_model(tool.MODELS / f"{name}.keras")
    known = gzip.decompress(stored(f"{name}.onnx.gz"))
    made = tool.network_bytes(name)
    for graph in (known, made):
        for answer, difference in tool.distances(graph, model, name).items():
            assert difference * tool.MARGIN < tool.TOLERANCES[name][answer], answer
    # Not to the byte: the converter orders a network's nodes by chance.
    assert len(made) == pytest.approx(len(known), rel=0.01)


def test_words_and_facts_are_up_to_date():
    assert gzip.decompress(stored("words.json.gz")) == tool.words_bytes()
    assert stored("facts.mjs") == tool.facts_bytes()


def test_the_sample_is_the_drawing():
    made, known = (
        np.asarray(Image.open(io.BytesIO(content)))
        for content in (tool.sample_bytes(), stored("sample.png"))
    )
    assert made.shape == (128, 128, 3) and (made == known).all()
