"""Contracts of data/models: whoever loads a network there, a chapter or a demo, relies on them."""

import json
import os
import re

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from cnnbook import data, quietly
from cnnbook.text import build_vocabulary, clean, encode
from tools import chapters, make_model_card

with quietly():
    import keras

MODELS = chapters.BOOK.parent / "data" / "models"
PRAISE = """I love this car and I am happy that I own it. The ride is great on long trips,
the seats are comfortable and the engine is smooth and quiet. It has been very reliable and
the gas mileage is excellent. My family drives it to the mountains every winter and it
handles snow with ease. I highly recommend this car to anyone."""
COMPLAINT = """This is the worst car I ever bought and I hate it. The transmission failed
after two months and the dealer was terrible. Then the brakes went wrong, the engine began
to rattle and every repair was a mistake. The seats are uncomfortable and the interior is
cheap plastic. I will never buy another one from this company."""


def read(name):
    return json.loads((MODELS / f"{name}.json").read_text("utf-8"))


FACE, SENTIMENT, SOURCE = map(read, ("face", "sentiment", "source"))
VOCABULARY = read("vocabulary")


@pytest.fixture(scope="module")
def face():
    return keras.models.load_model(MODELS / "face.keras")


@pytest.fixture(scope="module")
def sentiment():
    return keras.models.load_model(MODELS / "sentiment.keras")


def real(load):
    """What `load` gives, split as in the chapters; skips without the book's data."""
    if not os.environ.get("CNNBOOK_DATA"):
        pytest.skip("needs the real data: set CNNBOOK_DATA")
    loaded = load()
    table = loaded[0] if isinstance(loaded, tuple) else loaded
    if not table.attrs["is_book_data"]:
        pytest.skip("CNNBOOK_DATA holds other data than the book's")
    rows = np.arange(len(table))
    return loaded, *train_test_split(rows, test_size=0.2, random_state=42)


def like_the_data(text):
    """The reviews hold no punctuation: spaces took its place before they were published."""
    return re.sub(r"[^A-Za-z0-9]+", " ", text)


def predict(network, texts):
    rows = encode([like_the_data(text) for text in texts], VOCABULARY)
    return network.predict(rows, verbose=0).ravel()


def test_every_model_is_small_enough_for_the_repository():
    sizes = {path.name: path.stat().st_size for path in MODELS.glob("*.keras")}
    assert set(sizes) == {"face.keras", "sentiment.keras"}
    assert max(sizes.values()) <= 8 * 2**20
    assert FACE["parameters"] <= 1_500_000


@pytest.mark.parametrize("name, told", [("face", FACE), ("sentiment", SENTIMENT)])
def test_a_network_is_shipped_without_the_state_of_its_training(name, told, request):
    network = request.getfixturevalue(name)
    assert not network.compiled and network.count_params() == told["parameters"]
    assert {weight.dtype for weight in network.weights} == {"float32"}


def test_model_card_holds_the_measured_figures():
    card = make_model_card.CARD.read_text("utf-8")
    assert make_model_card.rendered(card) == card, "run python -m tools.make_model_card"
    figures = [f"{SENTIMENT['test_accuracy']:.2%}"]
    for judge in (FACE["test"], FACE["unseen"]):
        figures += [f"{judge['mae']:.2f}", f"{judge['accuracy']:.1%}"]
    assert all(f"**{figure}**" in card for figure in figures)


def test_the_source_networks_figures_are_of_the_same_faces_and_of_its_chapter():
    ours, theirs = ([row[:2] for row in of["groups"]] for of in (FACE["test"], SOURCE))
    assert ours == theirs
    stored = chapters.path("face-cnn").read_text("utf-8")
    for figure in (f"{SOURCE['test_mae']:.2f}", f"{SOURCE['test_accuracy']:.2%}"):
        assert f"{figure} (95% interval" in stored


def test_sentiment_takes_int32_rows_of_any_length_and_gives_probabilities(sentiment):
    assert sentiment.input_shape == (None, None)
    assert sentiment.inputs[0].dtype == "int32"
    rows = np.random.default_rng(0).integers(0, 3425, (5, 30), dtype="int32")
    output = sentiment.predict(rows, verbose=0)
    assert output.shape == (5, 1) and output.dtype == np.float32
    assert (output >= 0).all() and (output <= 1).all()
    longer = sentiment.predict(np.pad(rows, ((0, 0), (9, 99))), verbose=0)
    assert np.allclose(output, longer, atol=1e-6)


def test_vocabulary_is_a_list_of_words_and_pairs_that_fit_the_tables(sentiment):
    size = len(VOCABULARY)
    assert isinstance(VOCABULARY, list)
    assert size == len(set(VOCABULARY)) == SENTIMENT["vocabulary"]
    for ngram in VOCABULARY:
        stems = ngram.split(" ")
        assert len(stems) <= 2
        assert all(stem.isalpha() and stem == stem.lower() for stem in stems)
    for table in "importance", "polarity":
        weights = sentiment.get_layer(table).get_weights()[0]
        assert weights.shape == (size + 1, 1)
    assert sentiment.get_layer("importance").get_weights()[0][0] == 0


def test_sentiment_tells_praise_from_complaint_and_is_neutral_without_words(sentiment):
    short = "What a great car", "A terrible car, I hate it"
    texts = PRAISE, COMPLAINT, *short, "", "zzyzx"
    long, bad, fine, poor, empty, unknown = predict(sentiment, texts)
    assert long > 0.7 and bad < 0.3 and fine > 0.6 and poor < 0.4
    assert empty == unknown == SENTIMENT["empty_text"] == 0.5


def test_sentiment_reads_negation_as_the_card_says(sentiment):
    negated = re.sub(r"\b(is|are|am|has)\b", r"\1 not", PRAISE)
    pair = "The seats are comfortable.", "The seats are not comfortable."
    kind, unkind, praise, turned = predict(sentiment, [*pair, PRAISE, negated])
    assert kind > 0.6 and unkind < 0.4 and praise > turned
    assert clean(pair[0]) == clean(pair[1])  # what chapter 05's network sees
    assert f"{SENTIMENT['pairs_ordered']} and" in make_model_card.CARD.read_text(
        "utf-8"
    )


def test_face_takes_pixels_of_either_type_and_mirror_images_alike(face):
    assert face.input_shape == (None, 128, 128, 3)
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (3, 128, 128, 3), dtype="uint8")
    others = pictures.astype("float32"), pictures[:, :, ::-1]
    answers, same, mirrored = (
        face.predict(some, verbose=0) for some in (pictures, *others)
    )
    assert set(answers) == {"age", "gender"}
    for name, most in ("age", 100), ("gender", 1):
        assert answers[name].shape == (3, 1) and answers[name].dtype == np.float32
        assert (answers[name] >= 0).all() and (answers[name] <= most).all()
        assert np.allclose(answers[name], same[name], atol=1e-5)
        assert np.allclose(answers[name], mirrored[name], atol=1e-3)


def test_face_reaches_the_figures_of_its_card(face):
    (faces, images), learn, test = real(data.load_faces)
    assert len(learn) == FACE["train_faces"]
    judges = {"test": (faces.iloc[test], images[test])}
    if unseen := data.load_unseen_faces():
        judges["unseen"] = unseen
    for name, (table, pictures) in judges.items():
        told, answers = FACE[name], face.predict(pictures, batch_size=100, verbose=0)
        error = np.abs(answers["age"][:, 0] - table["age"].to_numpy())
        correct = (answers["gender"][:, 0] > 0.5) == (table["gender"].to_numpy() == 1)
        assert len(table) == told["faces"]
        assert error.mean() == pytest.approx(told["mae"], abs=0.01)
        # One face on the edge of one half may fall to the other side elsewhere.
        assert correct.mean() == pytest.approx(told["accuracy"], abs=0.0011)


def test_sentiment_reaches_the_figures_of_its_card(sentiment):
    reviews, *parts = real(data.load_reviews)
    train = reviews.iloc[parts[0]]["Review"]
    counted = build_vocabulary(train, pairs=True)
    assert VOCABULARY[: len(counted)] == counted
    for rows, name in zip(parts, ("train", "test")):
        truth = (reviews.iloc[rows]["Sentiment"] == "Pos").to_numpy()
        answers = predict(sentiment, reviews.iloc[rows]["Review"]) > 0.5
        assert len(rows) == SENTIMENT[f"{name}_reviews"]
        accuracy = pytest.approx(SENTIMENT[f"{name}_accuracy"], abs=5e-5)
        assert (answers == truth).mean() == accuracy
    for (true, said), count in np.ndenumerate(SENTIMENT["confusion_matrix"]):
        assert count == ((truth == true) & (answers == said)).sum()
