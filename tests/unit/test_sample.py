"""The embedded sample: the same bytes again, with what the lessons need."""

import hashlib
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

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


def test_reviews_vary_in_length_and_words_and_no_slot_is_left(texts):
    lengths = np.array([len(clean(text)) for text in texts.Review])
    assert texts.Review.is_unique and texts.Review.str.split().str.len().min() >= 30
    assert 0.03 < (lengths > LENGTH).mean() < 0.08
    train, _ = train_test_split(texts, test_size=0.2, random_state=42)
    assert 400 < len(build_vocabulary(train.Review)) < 2000
    assert not re.search(r"\b[Aa] [aeiouAEIOU]|[{}]", " ".join(texts.Review))
