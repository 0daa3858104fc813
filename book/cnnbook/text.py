"""From a review to the numbers that a network reads: clean, count, encode, pad.

Chapter 02 derives these functions step by step, the better reader of reviews those for pairs
of words; the tests and the demos use them too.
"""

from collections import Counter
from functools import lru_cache, partial
from importlib import resources
from itertools import zip_longest
from unicodedata import normalize

import numpy as np
from nltk.stem import PorterStemmer

LENGTH = 550
LENGTH_WITH_PAIRS = 2_000
MIN_COUNT = 5

STOP_WORDS = frozenset(
    resources.files(__package__)
    .joinpath("stopwords.txt")
    .read_text(encoding="utf-8")
    .split()
)

# A corpus repeats its words many times over: each is stemmed once.
_stem = lru_cache(maxsize=100_000)(PorterStemmer().stem)


def clean(text, stop_words=True):
    """Return the stems of a text, in order.

    Lower case, split on white space, keep purely alphabetic words, drop the 179
    English stop words of NLTK (`stop_words=False` keeps them), stem with Porter's
    algorithm (NLTK's default mode, https://tartarus.org/martin/PorterStemmer/).
    A letter and an accent typed as two characters are read as one (NFC).
    Raises TypeError if `text` is not a str.
    """
    if not isinstance(text, str):
        raise TypeError(f"clean() takes one text as a str, not {type(text).__name__}.")
    composed = normalize("NFC", text.lower())
    words = (word for word in composed.split() if word.isalpha())
    return [_stem(word) for word in words if not stop_words or word not in STOP_WORDS]


def ngrams(text):
    """Return the stems of a text and its pairs of neighbours: not, not good, good, ...

    Stop words are kept. A pair is written as one str with a space in it.
    """
    stems = clean(text, stop_words=False)
    pairs = [" ".join(pair) for pair in zip(stems, stems[1:])]
    return [ngram for both in zip_longest(stems, pairs) for ngram in both if ngram]


def build_vocabulary(texts, min_count=MIN_COUNT, stop_words=True, pairs=False):
    """Return the stems that occur at least `min_count` times in `texts`, most frequent first.

    Ties keep the order of first appearance. Position i of the list holds index i + 1;
    index 0 is padding. Give it training texts only, or the test set leaks into the vocabulary.
    `stop_words` is that of `clean`; `pairs` counts what `ngrams` returns instead.
    Raises TypeError if `texts` is a single str.
    """
    _refuse_a_single_text(texts, "build_vocabulary")
    read = ngrams if pairs else partial(clean, stop_words=stop_words)
    counts = Counter(stem for text in texts for stem in read(text))
    return [stem for stem, count in counts.most_common() if count >= min_count]


def _refuse_a_single_text(texts, function):
    """A str is a sequence of str too, of its letters."""
    if isinstance(texts, str):
        raise TypeError(
            f"{function}() takes a list of texts; wrap a single one in a list: [text]."
        )


def pad(sequences, length=LENGTH):
    """Return an int32 array (N, length): each sequence cut, or filled with 0, at its end."""
    padded = np.zeros((len(sequences), length), dtype="int32")
    for row, sequence in zip(padded, sequences):
        row[: len(sequence)] = sequence[:length]
    return padded


def encode(texts, vocabulary, length=None, stop_words=True):
    """Return the int32 array (N, length) that the sentiment networks read.

    `texts` is a sequence of str, `vocabulary` the list made by `build_vocabulary` with
    the same `stop_words`. If it holds pairs, a text is read by `ngrams`, with its stop
    words. What is not in the vocabulary is left out. `length` is 550, or 2,000 with pairs,
    if you name no other. Raises TypeError if `texts` is a single str.
    """
    _refuse_a_single_text(texts, "encode")
    pairs = any(" " in known for known in vocabulary)
    read = ngrams if pairs else partial(clean, stop_words=stop_words)
    index = {known: i for i, known in enumerate(vocabulary, start=1)}
    return pad(
        [[index[s] for s in read(text) if s in index] for text in texts],
        length or (LENGTH_WITH_PAIRS if pairs else LENGTH),
    )
