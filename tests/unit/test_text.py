"""The text encoder against NLTK, scikit-learn, and its own contract."""

import string
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.stem import PorterStemmer
from sklearn.feature_extraction.text import CountVectorizer

from cnnbook import data
from cnnbook.text import LENGTH, STOP_WORDS, build_vocabulary, clean, encode, pad

# The same examples on every run, and no failure because a machine is busy.
settings.register_profile("book", derandomize=True, deadline=None, database=None)
settings.load_profile("book")

words = st.text(string.ascii_lowercase, min_size=1, max_size=8)
texts = st.lists(words, max_size=30).map(" ".join)


@pytest.fixture(scope="module")
def sample():
    return data._read_reviews(data.SAMPLE / "car_reviews.csv")[0].Review.tolist()


# --- Cleaning ------------------------------------------------------------------------------------


def test_the_stop_words_are_nltks_179():
    assert len(STOP_WORDS) == 179
    assert {"i", "not", "don't", "wouldn", "yourselves", "now"} <= STOP_WORDS
    assert not {"car", "good", "would"} & STOP_WORDS


def test_a_worked_example():
    text = " The Seats in my 1999 F150 were NOT  comfortable, and the engines  weren t running "
    assert clean(text) == [
        "seat",
        "engin",
        "run",
    ]  # "comfortable," and "F150" are not alphabetic


def test_clean_agrees_with_nltk(sample):
    stem = PorterStemmer().stem
    for text in sample[::8]:
        expected = [
            stem(w) for w in text.lower().split() if w.isalpha() and w not in STOP_WORDS
        ]
        assert clean(text) == expected


@pytest.mark.parametrize("text", ["", "   ", "\r\n\t", "1999 42 !!", "the and of"])
def test_nothing_to_keep(text):
    assert clean(text) == []


@pytest.mark.parametrize("wrong", [None, 7, b"car", ["car"], float("nan")])
def test_clean_takes_a_text_only(wrong):
    with pytest.raises(TypeError, match=type(wrong).__name__):
        clean(wrong)


def test_other_alphabets_pass():
    assert clean("Größe naïve 車") == ["größe", "naïv", "車"]


@given(st.text(max_size=200))
def test_clean_gives_lower_case_words(text):
    assert all(
        stem and stem == stem.lower() and not any(map(str.isspace, stem))
        for stem in clean(text)
    )


@given(texts, texts)
def test_clean_of_joined_texts_is_the_joined_clean(a, b):
    assert clean(a + " " + b) == clean(a) + clean(b)


# --- Vocabulary ----------------------------------------------------------------------------------


def test_the_vocabulary_agrees_with_scikit_learn(sample):
    vectorizer = CountVectorizer(analyzer=clean)
    counts = np.asarray(vectorizer.fit_transform(sample).sum(0)).ravel()
    expected = {stem: counts[i] for stem, i in vectorizer.vocabulary_.items()}
    vocabulary = build_vocabulary(sample)
    assert set(vocabulary) == {stem for stem, count in expected.items() if count >= 5}
    ordered = [expected[stem] for stem in vocabulary]
    assert ordered == sorted(ordered, reverse=True)
    assert set(build_vocabulary(sample, min_count=1)) == set(expected)


def test_ties_keep_the_order_of_first_appearance():
    assert build_vocabulary(
        ["zebra apple", "mango apple zebra mango"], min_count=1
    ) == ["zebra", "appl", "mango"]
    assert build_vocabulary(["b c", "c a a b c"], min_count=2) == [
        "c",
        "b",
    ]  # "a" is a stop word


def test_min_count_is_inclusive():
    assert build_vocabulary(["car " * 5 + "truck " * 4]) == ["car"]


def test_no_text_no_vocabulary():
    assert build_vocabulary([]) == []
    assert build_vocabulary([""]) == []


@given(st.lists(texts, max_size=6), st.integers(1, 4))
def test_the_vocabulary_counts_right(many, min_count):
    counts = Counter(stem for text in many for stem in clean(text))
    vocabulary = build_vocabulary(many, min_count)
    assert len(vocabulary) == len(set(vocabulary))
    assert set(vocabulary) == {
        stem for stem, count in counts.items() if count >= min_count
    }


# --- Encoding and padding ------------------------------------------------------------------------


def test_encode_by_hand():
    encoded = encode(["Cars drive the car", "bike"], ["car", "drive"], length=5)
    assert encoded.tolist() == [[1, 2, 1, 0, 0], [0, 0, 0, 0, 0]]
    assert encoded.dtype == np.int32


def test_the_default_length_is_550():
    assert LENGTH == 550
    assert encode([""], ["car"]).shape == (1, 550)
    assert pad([[1]]).shape == (1, 550)


def test_a_long_text_loses_its_end():
    assert encode(["car drive seat"], ["car", "drive", "seat"], length=2).tolist() == [
        [1, 2]
    ]


def test_unknown_words_take_no_room():
    """They are left out before the text is cut."""
    assert encode(["moon moon moon car"], ["car"], length=2).tolist() == [[1, 0]]


def test_no_texts():
    assert encode([], ["car"], length=4).shape == (0, 4)
    assert pad([], length=4).shape == (0, 4)


def test_pad_leaves_its_input_alone():
    sequences = [[1, 2, 3], []]
    assert pad(sequences, 2).tolist() == [[1, 2], [0, 0]]
    assert sequences == [[1, 2, 3], []]


def test_encode_refuses_a_lone_text():
    with pytest.raises(TypeError, match="list"):
        encode("a good car", ["good", "car"])
    with pytest.raises(TypeError, match="NoneType"):
        encode([None], ["good", "car"])


any_text, any_word = st.text(max_size=200), st.text(min_size=1, max_size=8)


@given(
    st.lists(texts | any_text, max_size=5),
    st.lists(words | any_word, unique=True, max_size=20),
    st.integers(1, 12),
)
def test_encode_keeps_its_contract(many, vocabulary, length):
    encoded = encode(many, vocabulary, length)
    assert encoded.shape == (len(many), length) and encoded.dtype == np.int32
    assert ((encoded >= 0) & (encoded <= len(vocabulary))).all()
    for row, text in zip(encoded, many):
        known = [stem for stem in clean(text) if stem in vocabulary]
        used = row[row > 0]
        assert (row[: len(used)] > 0).all()  # padding at the end only
        assert [vocabulary[i - 1] for i in used] == known[:length]


@given(
    st.lists(st.lists(st.integers(1, 99), max_size=9), max_size=5), st.integers(1, 12)
)
def test_pad_keeps_what_fits(sequences, length):
    padded = pad(sequences, length)
    for row, sequence in zip(padded, sequences):
        kept = sequence[:length]
        assert row.tolist() == kept + [0] * (length - len(kept))


def test_every_training_word_of_the_sample_is_encoded(sample):
    vocabulary = build_vocabulary(sample, min_count=1)
    encoded = encode(sample, vocabulary, length=2000)
    assert [vocabulary[i - 1] for i in encoded[0] if i] == clean(sample[0])
    assert encoded.max() == len(vocabulary)
