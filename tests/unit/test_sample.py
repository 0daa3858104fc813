"""The embedded sample: the same bytes again, the real data's form, and it can be learned."""

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from cnnbook import data
from cnnbook.text import LENGTH, build_vocabulary, clean
from tools.make_sample import FOLDER

FILES = ["car_reviews.csv", "train_test.zip"]


@pytest.fixture(scope="module")
def faces():
    table, pictures, _, left_out = data._read_faces(FOLDER / "train_test.zip")
    assert not left_out  # names, sizes and colours are as in the real data
    return table, pictures


@pytest.fixture(scope="module")
def texts():
    return data._read_reviews(FOLDER / "car_reviews.csv")[0]


def test_regenerates_byte_for_byte(tmp_path):
    other = {"PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Tokyo"}
    command = [sys.executable, "-m", "tools.make_sample", "--to", tmp_path / "new"]
    root = FOLDER.parents[1]
    subprocess.run(command, check=True, env=os.environ | other, cwd=root)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == FILES
    for name in FILES:
        same = (tmp_path / "new" / name).read_bytes() == (FOLDER / name).read_bytes()
        assert same, f"commit the {name} that tools.make_sample writes"


def test_people_are_spread_as_promised(faces):
    table, _ = faces
    assert len(table) == 600 and (table.age.min(), table.age.max()) == (1, 116)
    assert 31 < table.age.mean() < 35 and 27 <= table.age.median() <= 31
    assert 0.47 < table.gender.mean() < 0.53
    groups = Counter(zip(np.digitize(table.age, [13, 20, 40, 60]), table.gender))
    assert len(groups) == 10 and min(groups.values()) >= 20


def test_twins_teach_the_leak(faces):
    """Some labels of a pair contradict each other, some pairs straddle the split."""
    table, pictures = faces
    places = {}
    for i, picture in enumerate(pictures):
        places.setdefault(hashlib.sha256(picture.tobytes()).digest(), []).append(i)
    pairs = [twins for twins in places.values() if len(twins) > 1]
    assert [len(twins) for twins in pairs] == [2] * 4
    assert any(table.age[a] != table.age[b] for a, b in pairs)
    assert any(table.gender[a] != table.gender[b] for a, b in pairs)
    _, test = train_test_split(np.arange(len(table)), test_size=0.2, random_state=42)
    assert any((a in test) != (b in test) for a, b in pairs)


def test_age_and_gender_can_be_learned_but_are_not_trivial(faces):
    """From grey thumbnails, each brought to the same mean and contrast."""
    table, pictures = faces
    blocks = pictures.reshape(-1, 16, 8, 16, 8, 3)
    grey = blocks.mean((2, 4, 5), dtype="float32").reshape(len(pictures), -1)
    small = StandardScaler().fit_transform(grey.T).T
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    assert 0.70 < cross_val_score(model, small, table.gender, cv=5).mean() < 0.97
    model, error = make_pipeline(StandardScaler(), SVR(C=30)), "neg_mean_absolute_error"
    error = -cross_val_score(model, small, table.age, cv=5, scoring=error).mean()
    assert 3 < error < 0.88 * (table.age - table.age.median()).abs().mean()


def test_sentiment_can_be_learned_but_is_not_trivial(texts):
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10, max_iter=1000))
    accuracy = cross_val_score(model, texts.Review, texts.Sentiment, cv=5).mean()
    assert 0.75 < accuracy < 0.97


def test_reviews_have_the_form_of_the_real_file():
    header, *rows = (FOLDER / "car_reviews.csv").read_bytes().split(b"\r")
    assert header == b"Sentiment,Review"
    assert all(re.fullmatch(rb"(Pos|Neg), [A-Za-z0-9 ]+ ", row) for row in rows)
    assert [row[:3] for row in rows] == [b"Neg"] * 200 + [b"Pos"] * 200


def test_reviews_vary_in_length_and_words_and_no_slot_is_left(texts):
    lengths = np.array([len(clean(text)) for text in texts.Review])
    assert texts.Review.is_unique and texts.Review.str.split().str.len().min() >= 30
    assert 0.03 < (lengths > LENGTH).mean() < 0.08
    train, _ = train_test_split(texts, test_size=0.2, random_state=42)
    assert 400 < len(build_vocabulary(train.Review)) < 2000
    assert not re.search(r"\b[Aa] [aeiouAEIOU]|[{}]", " ".join(texts.Review))
