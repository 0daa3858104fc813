"""The files of the page Try it are what tools/make_web_demo.py makes from data/models and the faces."""

import gzip
from itertools import product

import numpy as np
import pytest
from PIL import Image

from cnnbook import data, plots, quietly

reason = (
    "requirements.lock has onnxruntime for Linux: pip install onnx onnxruntime tf2onnx"
)
pytest.importorskip("onnxruntime", reason=reason)
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


def test_words_and_facts_are_up_to_date():
    assert gzip.decompress(stored("words.json.gz")) == tool.words_bytes()
    assert stored("facts.js") == tool.facts_bytes()


def test_the_ready_faces_are_composites_of_disjoint_groups_of_the_data():
    faces, images = data.load_faces()
    if not faces.attrs["is_book_data"]:
        pytest.skip("needs the real data: set CNNBOOK_DATA")
    pixels, members = tool.ready_faces(faces, images)
    known = np.asarray(Image.open(tool.FOLDER / "faces.webp").convert("RGB"), int)
    assert np.abs(pixels - known).mean() < 3  # what the compression may change
    for rows, cell in zip(members, product((0, 1), tool.READY.values()), strict=True):
        assert len(np.unique(images[rows], axis=0)) >= plots.GROUP == 20
        labels = faces.iloc[rows].median(numeric_only=True)
        assert labels["gender"] == cell[0] and cell[1][0] <= labels["age"] <= cell[1][1]
    together = np.concatenate(members)
    assert len(np.unique(together)) == len(together)
