"""The recipe of chapter 07, for the chapters after it.

Written by tools/save_cells.py from the cells of 07-better-sentiment-cnn.ipynb that bear the tag
`saved`: change them there, where they are derived.
"""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from . import quietly
from .settings import FULL
from .text import build_vocabulary, encode, ngrams

with quietly():
    import keras
    from keras import layers


class Reader(ClassifierMixin, BaseEstimator):
    """A network for reviews that scikit-learn can cross-validate."""

    def __init__(self, train, seed=42):
        self.train, self.seed = train, seed

    def fit(self, texts, labels):
        self.classes_ = np.unique(labels)
        self.network_, self.vocabulary_ = self.train(texts, labels, self.seed)
        return self

    def predict(self, texts):
        encoded = encode(texts, self.vocabulary_)
        return self.classes_[
            (self.network_.predict(encoded, verbose=0)[:, 0] > 0.5).astype(int)
        ]


def rarity(encoded, size):
    """The idf of each number up to `size`; 0 is padding and weighs nothing."""
    once = np.concatenate([np.unique(row) for row in encoded])
    found = np.bincount(once, minlength=size + 1)
    weights = np.log((1 + len(encoded)) / (1 + found)) + 1
    weights[0] = 0
    return weights[:, np.newaxis]


def build_counter(weights):
    rows = len(weights)
    review = keras.Input((None,), dtype="int32", name="review")
    importance = layers.Embedding(
        rows, 1, weights=[weights], trainable=False, name="importance"
    )(review)
    importance = layers.UnitNormalization(axis=1)(importance)
    # The penalty is zero, but with it Keras adds up the slopes of a word that recurs in
    # a batch before Adam squares them.
    penalty = keras.regularizers.L2(0.0)
    polarity = layers.Embedding(
        rows, 1, "zeros", embeddings_regularizer=penalty, name="polarity"
    )(review)
    total = layers.Flatten()(layers.Dot(axes=1)([importance, polarity]))
    return keras.Model(review, layers.Activation("sigmoid", name="positive")(total))


PRAISE = """good great excellent nice fine fantastic wonderful amazing awesome perfect
superb best better beautiful comfortable comfy roomy spacious big quiet smooth solid
sturdy reliable dependable safe secure easy simple fun enjoyable quick fast powerful
strong responsive honest helpful friendly polite fair cheap affordable economical
efficient worth happy pleased satisfied impressed glad love like enjoy recommend trust
work start run fit handle hold last help clear bright warm cool clean fresh attractive
stylish sharp useful handy practical well smart luxurious accurate tight generous
durable adequate supportive proud impress please satisfy perform respond improve deserve
agree fixed solved"""


BLAME = """bad poor terrible horrible awful worst worse ugly uncomfortable cramped small
tiny loud noisy rough bumpy flimsy weak unreliable unsafe dangerous hard difficult
boring slow sluggish underpowered dishonest rude unhelpful unfair expensive overpriced
costly worthless unhappy disappointed dissatisfied sorry hate dislike regret avoid fail
break broke broken crack leak rattle squeak rust stall die died dead overheat slip stick
jam burn smell shake vibrate grind fade peel warp hesitate problem trouble issue fault
defect defective faulty dirty dim dull stiff jerky annoying useless waste lemon junk
complain disappoint worry stranded worn confusing shabby"""


VERBS = "is are was were do does did has would".split()


KEEP = ["{}", *[verb + " {}" for verb in VERBS]]


TURN = ["never {}", "no {}", *[verb + " not {}" for verb in VERBS]]


def make_phrases():
    """Return invented phrases, and whether each is kind."""
    phrases, kind = [], []
    for words, meant in ((PRAISE, 1), (BLAME, 0)):
        for word in words.split():
            phrases += [frame.format(word) for frame in KEEP + TURN]
            kind += [meant] * len(KEEP) + [1 - meant] * len(TURN)
    return phrases, np.array(kind, "float32")


PHRASES, KIND = make_phrases()


EPOCHS = 10 if FULL else 2


def train_counter(texts, labels, seed, phrases=PHRASES, kind=KIND):
    keras.utils.set_random_seed(seed)
    spoken = [ngram for phrase in phrases for ngram in ngrams(phrase)]
    counted = build_vocabulary(texts, pairs=True)
    vocabulary = list(dict.fromkeys(counted + spoken))  # each of them once
    x, short = encode(texts, vocabulary), encode(phrases, vocabulary, length=5)
    network = build_counter(rarity(x, len(vocabulary)))
    network.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    for epoch in range(EPOCHS):
        network.fit(x, labels, batch_size=32, verbose=0)
        if phrases:
            network.fit(short, kind, batch_size=128, verbose=0)
    return network, vocabulary


def train_plain(texts, labels, seed):
    return train_counter(texts, labels, seed, phrases=[], kind=[])
