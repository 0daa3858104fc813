"""The text encoder against NLTK, scikit-learn, and its own contract."""

import string
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.stem import PorterStemmer
from sklearn.feature_extraction.text import CountVectorizer

from cnnbook import data
from cnnbook.text import (
    LENGTH,
    LENGTH_WITH_PAIRS,
    STOP_WORDS,
    build_vocabulary,
    clean,
    encode,
    ngrams,
    pad,
)

words = st.text(string.ascii_lowercase, min_size=1) | st.text(min_size=1, max_size=8)
texts = st.lists(words, max_size=30).map(" ".join)


@pytest.fixture(scope="module")
def sample():
    return data._read_reviews(data.SAMPLE / "car_reviews.csv")[0].Review.tolist()[::4]


def test_the_stop_words_are_nltks_179():
    assert len(STOP_WORDS) == 179
    assert {"i", "not", "don't", "wouldn", "yourselves", "now"} <= STOP_WORDS
    assert not {"car", "good", "would"} & STOP_WORDS


def test_a_worked_example():
    text = " The Seats in my 1999 F150 were NOT  comfortable, and the engines  weren t running "
    # "comfortable," and "F150" are not alphabetic.
    assert clean(text) == ["seat", "engin", "run"]
    kept = "the seat in my were not and the engin weren t run"
    assert clean(text, stop_words=False) == kept.split()
    assert clean("Größe naïve 車") == ["größe", "naïv", "車"]
    assert clean("Citroe\u0308n") == clean("Citroën") == ["citroën"]
    assert clean("\r\n\t") == clean("1999 42 !! the and of") == []


@pytest.mark.parametrize("stop_words", [True, False])
def test_clean_agrees_with_nltk(sample, stop_words):
    stem, dropped = PorterStemmer().stem, STOP_WORDS if stop_words else ()
    for text in sample[::4]:
        kept = [w for w in text.lower().split() if w.isalpha() and w not in dropped]
        assert clean(text, stop_words) == list(map(stem, kept))


@settings(derandomize=True, deadline=None)
@given(texts, texts)
def test_clean_gives_lower_case_words_text_by_text(a, b):
    stems = clean(a + " " + b)
    assert stems == clean(a) + clean(b)
    assert all(stem == "".join(stem.lower().split()) != "" for stem in stems)


@pytest.mark.parametrize("options", [{}, {"stop_words": False}, {"pairs": True}])
def test_the_vocabulary_agrees_with_scikit_learn(sample, options):
    read = ngrams if "pairs" in options else partial(clean, **options)
    vectorizer = CountVectorizer(analyzer=read)
    counts = np.asarray(vectorizer.fit_transform(sample).sum(0)).ravel()
    expected = {stem: counts[i] for stem, i in vectorizer.vocabulary_.items()}
    assert ("the" in expected) == bool(options)
    vocabulary = build_vocabulary(sample, **options)
    assert set(vocabulary) == {stem for stem, count in expected.items() if count >= 5}
    ordered = [expected[stem] for stem in vocabulary]
    assert ordered == sorted(ordered, reverse=True)


def test_ties_keep_the_order_of_first_appearance():
    fruit = ["zebra apple", "mango apple zebra mango"]
    assert build_vocabulary(fruit, min_count=1) == ["zebra", "appl", "mango"]
    letters = ["b c", "c a a b c"]
    assert build_vocabulary(letters, min_count=2) == ["c", "b"]  # "a" is a stop word
    assert build_vocabulary(letters, 2, stop_words=False) == ["c", "b", "a"]


def test_encode_by_hand():
    # A long text loses its end; unknown words go before the text is cut.
    texts = ["Cars drive the car", "bike", "car drive seat drive", "moon moon moon car"]
    rows = [[1, 2, 1], [0, 0, 0], [1, 2, 3], [1, 0, 0]]
    encoded = encode(texts, ["car", "drive", "seat"], length=3)
    assert encoded.tolist() == rows and encoded.dtype == np.int32


def test_encode_keeps_stop_words_where_the_vocabulary_does():
    vocabulary = build_vocabulary(["not a good car"], 1, stop_words=False)
    assert encode(["Not good"], vocabulary, 3, stop_words=False).tolist() == [[1, 3, 0]]
    assert encode(["Not good"], vocabulary, 3).tolist() == [[3, 0, 0]]


def test_pairs_follow_their_first_word_and_keep_stop_words():
    read = ["not", "not a", "a", "a good", "good", "good car", "car"]
    assert ngrams("Not a GOOD 5 cars") == read
    assert ngrams("good") == ["good"] and ngrams("42") == []


def test_encode_reads_pairs_where_the_vocabulary_holds_them():
    vocabulary = ["the", "car", "not", "not good"]
    rows = encode(["The car is not good", "car not"], vocabulary)
    assert rows.shape == (2, LENGTH_WITH_PAIRS)
    assert rows[:, :5].tolist() == [[1, 2, 3, 4, 0], [2, 3, 0, 0, 0]]
    assert encode(["not good"], vocabulary, length=1).tolist() == [[3]]


def test_the_default_length_is_550_and_no_text_gives_no_row():
    assert LENGTH == 550
    assert encode([""], ["car"]).shape == pad([[1]]).shape == (1, 550)
    assert encode([], ["car"], length=4).shape == pad([], length=4).shape == (0, 4)


WRONG = ["a good car", [None], [7], [b"car"], [["car"]], [float("nan")]]


@pytest.mark.parametrize("wrong", WRONG)
def test_texts_are_taken_as_a_list_of_strings_only(wrong):
    told = "list" if isinstance(wrong, str) else type(wrong[0]).__name__
    for function in build_vocabulary, partial(encode, vocabulary=["good", "car"]):
        with pytest.raises(TypeError, match=told):
            function(wrong)
