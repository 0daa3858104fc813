"""Contracts of data/models: whoever loads a network there, a chapter or a demo, relies on them."""

import json
import os
import re
from pathlib import Path

from tools import make_model_card
import numpy as np
import pytest

from cnnbook import quietly
from cnnbook.text import LENGTH, clean, encode

with quietly():
    import keras

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "data" / "models"
MAX_BYTES = 8 * 2**20

PRAISE = (
    "I love this car and I am happy that I own it. The ride is great on long trips, the seats are comfortable and "
    "the engine is smooth and quiet. It has been very reliable and the gas mileage is excellent. My family drives it "
    "to the mountains every winter and it handles snow with ease. I highly recommend this car to anyone."
)
COMPLAINT = (
    "This is the worst car I ever bought and I hate it. The transmission failed after two months and the dealer was "
    "terrible. Then the brakes went wrong, the engine began to rattle and every repair was a mistake. The seats are "
    "uncomfortable and the interior is cheap plastic. I will never buy another one from this company."
)


@pytest.fixture(scope="module")
def sentiment():
    return keras.models.load_model(MODELS / "sentiment.keras")


@pytest.fixture(scope="module")
def vocabulary():
    return json.loads((MODELS / "vocabulary.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def figures():
    return json.loads((MODELS / "sentiment.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def split():
    """The real reviews, split as in chapters 02, 04 and 06."""
    if not os.environ.get("CNNBOOK_DATA"):
        pytest.skip("needs the real reviews: set CNNBOOK_DATA")
    from sklearn.model_selection import train_test_split

    from cnnbook.data import load_reviews

    reviews = load_reviews()
    if not reviews.attrs["is_book_data"]:
        pytest.skip("CNNBOOK_DATA holds other reviews than the book's")
    return train_test_split(reviews, test_size=0.2, random_state=42)


def like_the_data(text):
    """The reviews hold no punctuation: it was replaced by spaces before they were published."""
    return re.sub(r"[^A-Za-z0-9]+", " ", text)


def predict(network, texts, vocabulary):
    return network.predict(
        encode([like_the_data(text) for text in texts], vocabulary), verbose=0
    )


def test_every_model_is_small_enough_for_the_repository():
    models = sorted(MODELS.glob("*.keras"))
    assert {path.name for path in models} == {"face.keras", "sentiment.keras"}
    for path in models:
        assert path.stat().st_size <= MAX_BYTES, path.name


def test_sentiment_takes_int32_rows_and_gives_probabilities(sentiment):
    assert sentiment.input_shape == (None, LENGTH)
    assert sentiment.inputs[0].dtype == "int32"
    rows = np.random.default_rng(0).integers(0, 3425, (5, LENGTH), dtype="int32")
    output = sentiment.predict(rows, verbose=0)
    assert output.shape == (5, 1) and output.dtype == np.float32
    assert (output >= 0).all() and (output <= 1).all()


def test_sentiment_is_shipped_without_the_state_of_its_training(sentiment, figures):
    assert not sentiment.compiled
    assert sentiment.count_params() == figures["parameters"]
    assert {weight.dtype for weight in sentiment.weights} == {"float32"}


def test_vocabulary_is_a_list_of_stems_that_fit_the_tables(
    sentiment, vocabulary, figures
):
    assert (
        isinstance(vocabulary, list)
        and len(vocabulary) == len(set(vocabulary)) == figures["vocabulary"] > 3424
    )
    assert all(
        isinstance(stem, str) and stem.isalpha() and stem == stem.lower()
        for stem in vocabulary
    )
    assert vocabulary[:10] == [
        "car",
        "ford",
        "drive",
        "seat",
        "like",
        "get",
        "one",
        "vehicl",
        "truck",
        "would",
    ]
    for part, table in (("reader", "importance"), ("judge", "polarity")):
        assert (
            sentiment.get_layer(part).get_layer(table).input_dim
            == len(vocabulary) + 1 + 2**18
        )
    rows = encode([PRAISE, COMPLAINT], vocabulary)
    assert 0 < rows.max() <= len(vocabulary)


def test_sentiment_tells_praise_from_complaint(sentiment, vocabulary):
    praise, complaint = predict(sentiment, [PRAISE, COMPLAINT], vocabulary).ravel()
    assert praise > 0.7 and complaint < 0.3


def test_sentiment_cannot_see_negation_as_the_card_says(sentiment, vocabulary):
    negated = re.sub(r"\b(is|are|am|has)\b", r"\1 not", PRAISE)
    assert negated != PRAISE and clean(like_the_data(negated)) == clean(
        like_the_data(PRAISE)
    )
    first, second = predict(sentiment, [PRAISE, negated], vocabulary).ravel()
    assert first == pytest.approx(second, abs=1e-6)


def test_sentiment_answers_short_texts_and_stays_neutral_without_any(
    sentiment, vocabulary, figures
):
    texts = ["What a great car", "A terrible car, I hate it", "", "zzyzx"]
    praise, complaint, empty, unknown = predict(sentiment, texts, vocabulary).ravel()
    assert praise > 0.6 and complaint < 0.4
    assert (
        empty
        == unknown
        == pytest.approx(figures["empty_text"], abs=1e-3)
        == pytest.approx(0.5, abs=0.02)
    )


def test_sentiment_does_not_care_where_a_text_begins(sentiment, vocabulary):
    encoded = encode([like_the_data(PRAISE)], vocabulary)[0]
    moved = np.stack([np.roll(encoded, shift) for shift in (0, 20, 200, 400)])
    assert np.ptp(sentiment.predict(moved, verbose=0)) < 1e-5


def test_model_card_holds_the_measured_figures(figures, face_figures):
    card = make_model_card.CARD.read_text(encoding="utf-8")
    assert make_model_card.rendered(card) == card, "run python -m tools.make_model_card"
    assert f"**{figures['test_accuracy']:.2%}**" in card
    assert (
        f"**{face_figures['test_mae']:.2f} years**" in card
        and f"**{face_figures['test_accuracy']:.1%}**" in card
    )


def test_model_card_sets_the_source_network_beside_ours_group_by_group(face_figures):
    source = json.loads((MODELS / "source.json").read_text(encoding="utf-8"))
    assert [group[:2] for group in source["groups"]] == [
        group[:2] for group in face_figures["groups"]
    ]
    card = (MODELS / "README.md").read_text(encoding="utf-8")
    for (ages, faces, mae, right), (_, _, source_mae, source_right) in zip(
        face_figures["groups"], source["groups"]
    ):
        assert (
            f"| {ages} | {faces} | {mae:.1f} | {source_mae:.1f} | {right:.1%} | {source_right:.1%} |"
            in card
        )
    stored = (ROOT / "book" / "03-face-cnn.ipynb").read_text(encoding="utf-8")
    assert (
        f"{source['test_mae']:.2f} (95% interval" in stored
        and f"{source['test_accuracy']:.2%} (95% interval" in stored
    )


@pytest.fixture(scope="module")
def face():
    return keras.models.load_model(MODELS / "face.keras")


@pytest.fixture(scope="module")
def face_figures():
    return json.loads((MODELS / "face.json").read_text(encoding="utf-8"))


def test_face_takes_pixels_of_either_type_and_gives_years_and_probabilities(face):
    assert face.input_shape == (None, 128, 128, 3)
    pictures = np.random.default_rng(0).integers(
        0, 256, (3, 128, 128, 3), dtype="uint8"
    )
    answers = face.predict(pictures, verbose=0)
    same = face.predict(pictures.astype("float32"), verbose=0)
    assert set(answers) == {"age", "gender"}
    for name, most in (("age", 100), ("gender", 1)):
        assert answers[name].shape == (3, 1) and answers[name].dtype == np.float32
        assert (answers[name] >= 0).all() and (answers[name] <= most).all()
        assert np.allclose(answers[name], same[name], atol=1e-5)


def test_face_gives_a_picture_and_its_mirror_image_the_same_answer(face):
    pictures = np.random.default_rng(1).integers(
        0, 256, (3, 128, 128, 3), dtype="uint8"
    )
    answers, mirrored = (
        face.predict(some, verbose=0) for some in (pictures, pictures[:, :, ::-1])
    )
    for name in ("age", "gender"):
        assert np.allclose(answers[name], mirrored[name], atol=1e-3)


def test_face_is_small_and_shipped_without_the_state_of_its_training(
    face, face_figures
):
    assert not face.compiled
    assert face.count_params() == face_figures["parameters"] <= 1_500_000
    assert {weight.dtype for weight in face.weights} == {"float32"}


def test_face_reaches_the_figures_of_its_card(face, face_figures):
    if not os.environ.get("CNNBOOK_DATA"):
        pytest.skip("needs the real faces: set CNNBOOK_DATA")
    from sklearn.model_selection import train_test_split

    from cnnbook.data import load_faces

    faces, images = load_faces()
    if not faces.attrs["is_book_data"]:
        pytest.skip("CNNBOOK_DATA holds other faces than the book's")
    learn, test = train_test_split(
        np.arange(len(faces)), test_size=0.2, random_state=42
    )
    assert (len(learn), len(test)) == (
        face_figures["train_faces"],
        face_figures["test_faces"],
    )
    answers = face.predict(images[test], batch_size=100, verbose=0)
    error = np.abs(answers["age"][:, 0] - faces["age"].to_numpy()[test])
    correct = (answers["gender"][:, 0] > 0.5) == (faces["gender"].to_numpy()[test] == 1)
    assert error.mean() == pytest.approx(face_figures["test_mae"], abs=0.01)
    # One face on the edge of one half may fall to the other side on another processor.
    assert correct.mean() == pytest.approx(face_figures["test_accuracy"], abs=0.0011)


def test_vocabulary_is_that_of_the_training_reviews(split, vocabulary):
    from cnnbook.text import build_vocabulary

    assert build_vocabulary(split[0]["Review"], min_count=1) == vocabulary


def test_sentiment_reaches_the_figures_of_its_card(
    split, sentiment, vocabulary, figures
):
    for part, name in zip(split, ("train", "test")):
        truth = (part["Sentiment"] == "Pos").to_numpy()
        answers = predict(sentiment, part["Review"], vocabulary).ravel() > 0.5
        assert len(part) == figures[f"{name}_reviews"]
        assert (answers == truth).mean() == pytest.approx(
            figures[f"{name}_accuracy"], abs=5e-5
        )
    counts = [
        [int(((truth == t) & (answers == a)).sum()) for a in (False, True)]
        for t in (False, True)
    ]
    assert counts == figures["confusion_matrix"]
