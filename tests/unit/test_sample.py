"""The embedded sample: regenerates byte for byte, has the form of the real data, and can be learned."""

import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from cnnbook import data
from cnnbook.text import LENGTH, build_vocabulary, clean

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"
NAMES = ("train_test.zip", "car_reviews.csv")


@pytest.fixture(scope="module")
def faces():
    table, pictures, _, left_out = data._read_faces(SAMPLE / "train_test.zip")
    assert not left_out
    return table, pictures


@pytest.fixture(scope="module")
def texts():
    table, _, left_out = data._read_reviews(SAMPLE / "car_reviews.csv")
    assert not left_out
    return table


def test_regenerates_byte_for_byte(tmp_path):
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "7",
        "LC_ALL": "C",
        "TZ": "Asia/Tokyo",
    }
    command = [sys.executable, "-m", "tools.make_sample", "--to", str(tmp_path / "new")]
    subprocess.run(command, check=True, env=environment, cwd=ROOT)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(NAMES)
    for name in NAMES:
        same = (tmp_path / "new" / name).read_bytes() == (SAMPLE / name).read_bytes()
        assert same, (
            f"{name} differs: commit what tools/make_sample.py writes with the locked versions"
        )


def test_is_small():
    assert sum((SAMPLE / name).stat().st_size for name in NAMES) < 3_000_000


def test_pictures_have_the_form_of_the_real_ones():
    with zipfile.ZipFile(SAMPLE / "train_test.zip") as archive:
        infos = archive.infolist()
        names = [info.filename for info in infos]
        assert names == sorted(names) and len(set(names)) == len(names)
        assert {info.compress_type for info in infos} == {zipfile.ZIP_STORED}
        assert len({info.date_time for info in infos}) == 1
        for name in names:
            assert re.fullmatch(
                r"train_test/\d{1,3}_[01]_[0-4]_\d{17}\.jpg\.chip\.jpg", name
            )
            with Image.open(io.BytesIO(archive.read(name))) as picture:
                assert (picture.format, picture.mode, picture.size) == (
                    "JPEG",
                    "RGB",
                    (128, 128),
                )


def test_people_are_spread_as_promised(faces):
    table, _ = faces
    assert len(table) == 600
    assert (table.age.min(), table.age.max()) == (1, 116)
    assert 31 < table.age.mean() < 35 and 27 <= table.age.median() <= 31
    assert 0.47 < table.gender.mean() < 0.53
    groups = np.digitize(table.age, [13, 20, 40, 60])
    counts = Counter(zip(groups, table.gender))
    assert len(counts) == 10 and min(counts.values()) >= 20


def test_twins_teach_the_leak(faces):
    """A few pictures are there twice: some labels contradict each other, some pairs straddle the split."""
    table, pictures = faces
    places = {}
    for i, picture in enumerate(pictures):
        places.setdefault(hashlib.sha256(picture.tobytes()).digest(), []).append(i)
    pairs = [twins for twins in places.values() if len(twins) > 1]
    assert len(pairs) == 4 and all(len(twins) == 2 for twins in pairs)
    assert sum(table.age[a] != table.age[b] for a, b in pairs) >= 1
    assert sum(table.gender[a] != table.gender[b] for a, b in pairs) >= 1
    _, test = train_test_split(np.arange(len(table)), test_size=0.2, random_state=42)
    assert any((a in test) != (b in test) for a, b in pairs)


def thumbnails(pictures):
    """Return 16 x 16 grey thumbnails, each brought to the same mean and contrast."""
    grey = (
        pictures.mean(-1)
        .reshape(-1, 16, 8, 16, 8)
        .mean((2, 4))
        .reshape(len(pictures), -1)
    )
    return (grey - grey.mean(1, keepdims=True)) / grey.std(1, keepdims=True)


def test_gender_can_be_learned_but_is_not_trivial(faces):
    table, pictures = faces
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    accuracy = cross_val_score(model, thumbnails(pictures), table.gender, cv=5).mean()
    assert 0.70 < accuracy < 0.97


def test_age_can_be_learned_but_is_not_trivial(faces):
    table, pictures = faces
    model = make_pipeline(StandardScaler(), PCA(60, random_state=0), SVR(C=30))
    scores = cross_val_score(
        model, thumbnails(pictures), table.age, cv=5, scoring="neg_mean_absolute_error"
    )
    median_error = (table.age - table.age.median()).abs().mean()
    assert 3 < -scores.mean() < 0.88 * median_error


def test_reviews_have_the_form_of_the_real_file():
    content = (SAMPLE / "car_reviews.csv").read_bytes()
    assert content.isascii() and b"\n" not in content
    header, *rows = content.split(b"\r")
    assert header == b"Sentiment,Review" and len(rows) == 400
    assert all(re.fullmatch(rb"(Pos|Neg), [A-Za-z0-9 ]+ ", row) for row in rows)
    labels = [row[:3] for row in rows]
    assert labels == [b"Neg"] * 200 + [b"Pos"] * 200


def test_reviews_vary_in_length_and_words(texts):
    lengths = np.array([len(clean(text)) for text in texts.Review])
    assert texts.Review.is_unique
    assert texts.Review.str.split().str.len().min() >= 30
    assert 0.03 < (lengths > LENGTH).mean() < 0.08
    train, _ = train_test_split(texts, test_size=0.2, random_state=42)
    assert 400 < len(build_vocabulary(train.Review)) < 2000


def test_sentiment_can_be_learned_but_is_not_trivial(texts):
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10, max_iter=1000))
    accuracy = cross_val_score(model, texts.Review, texts.Sentiment, cv=5).mean()
    assert 0.75 < accuracy < 0.97


def test_no_article_is_wrong_and_no_slot_is_left(texts):
    joined = " ".join(texts.Review)
    assert not re.search(r"\b[Aa] [aeiouAEIOU]|[{}]", joined)
