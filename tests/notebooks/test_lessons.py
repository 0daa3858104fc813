"""What the chapters teach is what their cells do: run from the cells, on the sample.

The notebooks run as tests too, but a chapter that looked at the test set, or trained on
swapped labels, would still run.
"""

import ast

import nbformat
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.special import softmax
from scipy.stats import binomtest
from scipy.stats import norm as norm_distribution
from sklearn.datasets import load_sample_image
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.model_selection import train_test_split

from cnnbook import better_face, data, plots, stats
from cnnbook.text import build_vocabulary, encode, ngrams
from tools import chapters


class Chapter:
    """The names that some cells of a chapter define, as attributes."""

    def __init__(self, slug, cells, **names):
        self.__dict__ = chapters.load(slug, cells.split(), **names)


def fitted(slug, cells, names):
    """Return what the first call of `fit` in some cells is given; nothing is trained."""

    class Stop(Exception):
        pass

    def fit(*arguments, **options):
        raise Stop(arguments, options)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Stop) as caught:
        patch.setattr("keras.Model.fit", fit)
        chapters.load(slug, cells.split(), **names)
    return caught.value.args


@pytest.fixture(scope="module", autouse=True)
def sample():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CNNBOOK_DATA", raising=False)
        patch.setenv("CNNBOOK_OFFLINE", "1")
        patch.chdir(chapters.BOOK)
        yield


def split(values):
    return train_test_split(values, test_size=0.2, random_state=42)


def is_positive(table):
    return (table["Sentiment"] == "Pos").to_numpy()


def weights(network):
    return np.concatenate([weight.ravel() for weight in network.get_weights()])


@pytest.mark.parametrize(
    "slug, cells",
    [("preprocessing", "set-up augment-layers"), ("face-cnn", "set-up augment")],
)
def test_pictures_are_mirrored_turned_and_zoomed_independently(slug, cells):
    pictures, drawn = np.zeros((500, 8, 8, 3), "float32"), []
    names = "flips", "angle", "height_zoom"
    for layer, name in zip(Chapter(slug, cells).augment.layers, names, strict=True):
        values = layer.get_random_transformation(pictures, training=True)[name]
        drawn.append(np.ravel(values))
    # Of 500 independent pairs, chance gives 0.1.
    assert np.abs(np.corrcoef(drawn) - np.eye(3)).max() < 0.2


def test_the_bootstrap_that_face_cnn_derives_is_that_of_the_package():
    values = np.random.default_rng(0).normal(10, 3, 900)
    theory = values.mean() + np.array([-1, 1]) * 1.96 * values.std() / 30
    given = {"bootstrap_interval": stats.bootstrap_interval, "error": values}
    chapter = Chapter("face-cnn", "interval", np=np, SEED=42, **given)
    derived = np.quantile(chapter.means, [0.025, 0.975])
    for interval in (derived, [chapter.low, chapter.high]):
        assert interval == pytest.approx(theory, abs=0.03)


@pytest.mark.parametrize("wins, losses, p", [(3, 12, 0.03515625), (2, 2, 1)])
def test_the_mcnemar_that_better_sentiment_cnn_derives_is_that_of_the_package(
    wins, losses, p
):
    counts = [wins, losses, 3, 1]
    ours, theirs = np.repeat([[1.0, 0, 1, 0], [0, 1, 1, 0]], counts, axis=1)
    answers = {"our network": [ours], "support vector machine": [theirs]}
    given = {"np": np, "binomtest": binomtest, "mcnemar": stats.mcnemar}
    derived = Chapter("better-sentiment-cnn", "mcnemar", answers=answers, **given).p
    assert derived == pytest.approx(p) == stats.mcnemar(ours, theirs)


ENCODER = "set-up load-reviews split-reviews sentence-alpha sentence-stem "
ENCODER += "clean-function vocabulary-real encode-real pad-toy review-tensors"


@pytest.mark.parametrize(
    "slug, cells", [("preprocessing", ENCODER), ("sentiment-cnn", "set-up encode")]
)
def test_reviews_are_encoded_by_the_words_of_the_training_reviews_alone(slug, cells):
    chapter = Chapter(slug, cells)
    train, test = split(data.load_reviews())
    vocabulary = build_vocabulary(train["Review"])
    assert chapter.vocabulary == vocabulary
    for part, name in (train, "train"), (test, "test"):
        derived = getattr(chapter, f"x_{name}")
        assert (derived == encode(part["Review"], vocabulary)).all()
        assert (getattr(chapter, f"y_{name}") == is_positive(part)).all()


# --- preprocessing


def test_the_memoriser_knows_the_training_faces_alone():
    chapter = Chapter("preprocessing", "set-up load split small-pictures memoriser")
    assert (chapter.labels == chapter.faces[["age", "gender"]]).all(axis=None)
    learn, test = split(np.arange(len(chapter.faces)))
    train, validation = split(learn)
    assert (chapter.test == test).all() and (chapter.validation == validation).all()
    nearest, _ = chapter.memory.kneighbors(chapter.looks[train])
    assert np.allclose(nearest, 0, atol=1e-6)
    assert chapter.memory.n_samples_fit_ == len(train)


# --- how-a-network-learns


def test_slopes_by_hand_are_those_of_small_changes():
    cells = "set-up points steps-by-hand forward backward-by-hand"
    chapter = Chapter("how-a-network-learns", cells)

    def slope(function, *at, of=0):
        ends = [[v + (i == of) * d for i, v in enumerate(at)] for d in (-1e-3, 1e-3)]
        return np.diff([function(*end) for end in ends])[0] / 2e-3

    def error(w1, b1, w2, b2):
        hidden = max(w1 * chapter.x1 + b1, 0)
        return (w2 * hidden + b2 - chapter.truth) ** 2

    assert chapter.gradient(0.7) == pytest.approx(slope(chapter.loss, 0.7), rel=1e-3)
    assert chapter.loss(chapter.w) < chapter.loss(0) / 2  # three steps downhill
    at = [getattr(chapter, name) for name in ("w1", "b1", "w2", "b2")]
    for i, name in enumerate(("d_w1", "d_b1", "d_w2", "d_b2")):
        assert getattr(chapter, name) == pytest.approx(slope(error, *at, of=i))


def test_the_small_network_learns_and_is_judged_on_three_parts():
    chapter = Chapter("how-a-network-learns", "set-up invented build")
    told = fitted("how-a-network-learns", "train", vars(chapter))
    (_, pictures, _), options = told
    assert (pictures == chapter.small[chapter.learn]).all()
    held_out, _ = options["validation_data"]
    assert (held_out == chapter.small[chapter.validate]).all()
    rows = [*chapter.learn, *chapter.validate, *chapter.test]
    assert sorted(rows) == sorted(chapter.once)


# --- face-cnn


@pytest.fixture(scope="module")
def source():
    cells = "set-up split baselines branch network loss-sizes augment pipeline"
    return Chapter("face-cnn", cells)


@pytest.fixture(scope="module")
def batches(source):
    return [
        (x.numpy(), y["dense_age"].numpy()[:, 0], y["dense_gender"].numpy()[:, 0])
        for x, y in source.training_batches
    ]


def test_splits_the_sorted_faces_and_keeps_their_labels(source):
    faces, _ = data.load_faces()
    assert list(faces["filename"]) == sorted(faces["filename"])
    for rows, whole in zip((source.train, source.test), split(faces.index)):
        assert set(rows) <= set(whole)
    for name in ("age", "gender"):
        assert (getattr(source, name) == faces[name]).all()


def test_guesses_what_the_training_faces_suggest(source):
    known, asked = source.age[source.train], source.age[source.test]
    assert source.median_age == np.median(known)
    error = np.abs(asked - np.median(known)).mean()
    assert source.baseline_mae == pytest.approx(error)
    assert source.majority == (source.gender[source.train].mean() > 0.5)


def test_trains_on_each_training_face_once_an_epoch_and_on_no_other(source, batches):
    shown = [face for _, *labels in batches for face in zip(*labels)]
    known = list(zip(source.age[source.train], source.gender[source.train]))
    assert sorted(shown) == sorted(known) and shown != known  # shuffled
    assert {len(pictures) for pictures, *_ in batches} == {20}
    assert all(0 <= x.min() and x.max() <= 1 for x, *_ in batches)


def test_keeps_pictures_and_answers_together_and_changes_the_pictures(source, batches):
    def tiny(some):
        return some.reshape(-1, 8, 16, 8, 16, 3).mean((2, 4)).reshape(-1, 1, 192)

    def distances(some):
        return ((tiny(pictures) - tiny(some)[:, 0]) ** 2).sum(axis=2)

    pictures, ages, _ = batches[0]
    originals = source.images[source.train].astype("float32") / 255
    mirrored = originals[:, :, ::-1]
    nearest = np.minimum(distances(originals), distances(mirrored)).argmin(axis=1)
    agree = source.age[source.train][nearest] == ages
    assert agree.mean() > 0.8  # with answers out of step, hardly any would
    assert (pictures != originals[nearest]).any(axis=(1, 2, 3)).all()


def test_trains_as_the_source_tutorial_did(source):
    given = {**vars(source), "network": source.build_source_network()}
    (network, batches), options = fitted("face-cnn", "compile fit", given)
    config = network.get_compile_config()
    expected = "mse", "binary_crossentropy"
    assert tuple(config["loss"].values()) == expected
    assert config["loss_weights"] == {"dense_age": 1, "dense_gender": 500}
    assert config["metrics"] == {"dense_age": "mae", "dense_gender": "accuracy"}
    assert float(network.optimizer.learning_rate) == pytest.approx(0.0005)
    assert batches is source.training_batches
    pictures, answers = options["validation_data"]
    asked = source.images[source.test].astype("float32") / 255
    assert (pictures == asked).all()  # as they are, pixels from 0 to 1
    for name in ("age", "gender"):
        truth = getattr(source, name)[source.test]
        assert (answers[f"dense_{name}"][:, 0] == truth).all()


def test_network_drops_out_and_answers_with_years_and_a_probability(source):
    get = source.build_source_network().get_layer
    names = "dropout", "dropout_age", "dropout_gender"
    assert [get(name).rate for name in names] == [0.25, 0.5, 0.5]
    assert get("dense_age").activation.__name__ == "linear"
    assert get("dense_gender").activation.__name__ == "sigmoid"


# --- sentiment-cnn


@pytest.fixture(scope="module")
def words():
    return Chapter("sentiment-cnn", "set-up encode")


def test_trains_on_the_training_reviews_alone(words):
    told = fitted("sentiment-cnn", "build-network train-network", vars(words))
    (network, texts, labels), options = told
    assert network.loss == "binary_crossentropy"
    assert texts is words.x_train and labels is words.y_train
    assert (options["epochs"], options["batch_size"]) == (4, 32)


def test_a_seed_gives_one_network_for_reviews(words):
    def build(rows):
        sheet = words.layers.Embedding(rows, 2), words.layers.Flatten()
        return words.keras.Sequential([*sheet, words.layers.Dense(1, "sigmoid")])

    given = {**vars(words), "build_network": build}
    train = chapters.load("sentiment-cnn", ["train-network"], **given)["train_network"]
    first, again, other = (
        weights(train(words.x_train, words.y_train, seed, 700, build))
        for seed in (42, 42, 43)
    )
    assert (first == again).all() and not np.allclose(first, other)


def test_draws_the_confusion_matrix_of_the_cut_at_one_half(words):
    class Network:
        def predict(self, texts, verbose):
            return np.linspace(0, 1, len(texts))[:, None]

    given = {**vars(words), "network": Network()}
    names = chapters.load("sentiment-cnn", ["fig-confusion-words"], **given)
    praise = words.y_test == 1
    says_so = np.linspace(0, 1, len(praise)) > 0.5
    for (true, said), count in np.ndenumerate(names["ours"]):
        assert count == ((praise == true) & (says_so == said)).sum()


def test_folds_are_asked_about_reviews_of_which_nothing_is_known(words):
    counted, encoded = [], []

    class Network:
        def predict(self, texts, verbose):
            return np.ones((len(texts), 1))

    def count(texts):
        counted.append(list(texts))
        return ["car"]

    def note(texts, vocabulary):
        encoded.append(list(texts))
        return encode(texts, vocabulary)

    given = {"train_network": lambda *_: Network(), "build_network": None}
    given |= {"build_vocabulary": count, "encode": note, "OUTER": 4}
    given |= {"counting": DummyClassifier(), "stems": words.reviews["Review"]}
    cell = chapters.load("sentiment-cnn", ["cross-validate"], **vars(words) | given)
    assert counted == encoded[::2] and len(counted) == 4
    for learned, asked in zip(counted, encoded[1::2], strict=True):
        assert sorted(learned + asked) == sorted(words.reviews["Review"])
    assert (cell["network_right"] == is_positive(words.reviews)).all()


# --- better-face-cnn


@pytest.fixture(scope="module")
def better():
    return Chapter("better-face-cnn", "split recipe")


def test_chooses_on_faces_that_are_neither_trained_on_nor_tested(better):
    learn, test = split(np.arange(len(data.load_faces()[0])))
    train, validation = split(learn)
    parts = {"learn": learn, "train": train, "validation": validation, "test": test}
    for name, rows in parts.items():
        chosen = set(getattr(better, name))
        assert chosen <= set(rows) and len(chosen) > 50, name


def test_looks_at_the_test_faces_once():
    """Before the end of the chapter, no cell reads the rows of the test faces."""
    readers = []
    path = chapters.path("better-face-cnn")
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            nodes = ast.walk(ast.parse(cell.source))
            names = {node.id for node in nodes if isinstance(node, ast.Name)}
            readers += [cell.id] if {"test", "load_unseen_faces"} & names else []
    assert readers == ["split", "test-once", "test-table", "save-network"]


def test_age_labels_are_distributions_around_the_age(better):
    ages = np.array([1, 30, 90, 116], "float32")
    hills = better.hills(ages)
    assert hills.shape == (4, 101) and hills.dtype == np.float32
    assert np.allclose(hills.sum(axis=1), 1, atol=1e-5)
    assert (hills.argmax(axis=1) == [1, 30, 90, 100]).all()
    assert np.allclose(hills[:3] @ better.YEARS, ages[:3], atol=0.3)
    assert hills[0].max() > 5 * hills[1].max()


def test_the_median_splits_a_distribution_into_halves(better):
    sure, even, two = many = np.zeros((3, 101), "float32")
    sure[30], even[:], two[[20, 40]] = 1, 1 / 101, [0.75, 0.25]
    medians = np.array(better.median(many))[:, 0]
    assert np.allclose(medians, [30, 50, 20 + 2 / 3 - 0.5], atol=1e-3)


def test_muon_orthogonalises_the_steps_of_convolutions_alone(better, monkeypatch):
    monkeypatch.setattr(better, "schedule", lambda steps, peak: 0.01)
    keras, rng, steps = better.keras, np.random.default_rng(0), []
    shapes = (3, 3, 8, 16), (16, 4), (4,)
    start, slopes = (
        [rng.normal(size=s).astype("float32") for s in shapes] for _ in range(2)
    )
    for kind in better.muon, better.adamw:
        optimiser, variables = kind(1_000), [keras.Variable(value) for value in start]
        optimiser.weight_decay = optimiser.adam_weight_decay = None
        optimiser.apply(slopes, variables)
        steps.append([v.numpy() - value for v, value in zip(variables, start)])
    (kernel, *rest), (adam_kernel, *adam_rest) = steps
    assert all(np.allclose(*pair, atol=1e-6) for pair in zip(rest, adam_rest))
    assert not np.allclose(kernel, adam_kernel)
    lengths = np.linalg.svd(kernel.reshape(72, 16), compute_uv=False)
    lengths /= 0.01 * 0.2 * np.sqrt(72)
    assert (lengths > 0.5).all() and (lengths < 1.3).all()
    assert (kernel * slopes[0]).sum() < 0


def test_epochs_differ_and_a_seed_brings_them_again(better):
    def epoch(batches):
        return np.concatenate([pictures for pictures, _ in batches])

    # One face: only its variation differs.
    rows, made = np.repeat(better.train[:1], 2 * better.BATCH), []
    for seed in 42, 42, 43:
        better.keras.utils.set_random_seed(seed)
        made.append(better.make_batches(rows, seed))
    first, second, repeated, other = map(epoch, (made[0], *made))
    assert (first == repeated).all()
    seen = {picture.tobytes() for picture in first}
    for unlike in (second, other):
        assert not seen & {picture.tobytes() for picture in unlike}


def test_rates_rise_and_fall(better):
    rate = better.schedule(1_000, 0.005)
    rates = [float(rate(step)) for step in (0, 50, 500, 1000)]
    assert rates[:2] == pytest.approx([5e-4, 5e-3])
    assert 1e-3 < rates[2] < 4e-3 and rates[3] < 1e-5


def test_answers_are_the_mean_of_a_picture_and_its_mirror_image(better):
    network = better.build_network()
    pictures = better.images[:4].astype("float32")
    found = better.answer_model(network)(pictures, training=False)
    views = pictures, pictures[:, :, ::-1]
    first, second = (network(view, training=False) for view in views)
    mean = {name: (first[name] + second[name]) / 2 for name in first}
    assert np.allclose(found["gender"], mean["gender"], atol=1e-4)
    assert np.allclose(found["age"], better.median(mean["age"]), atol=1e-2)
    assert not np.allclose(first["gender"], second["gender"], atol=1e-4)


def test_a_seed_gives_one_network(better):
    rows = better.train[:64]
    train = better.train_network
    first, again = (weights(train(rows, 1, 1)) for _ in "ab")
    assert (first == again).all()


# --- better-sentiment-cnn


@pytest.fixture(scope="module")
def counter():
    return Chapter("better-sentiment-cnn", "recipe load reader ngrams-toy")


TOY = "good car runs well;bad car broke down;good seats;bad seats and brakes".split(";")


@pytest.fixture
def toy():
    return np.array(TOY * 20), np.array([1, 0, 1, 0] * 20, "float32")


def test_counts_words_and_pairs_of_the_given_texts_and_phrases_alone(counter, toy):
    _, vocabulary = counter.train_plain(*toy, seed=42)
    assert set(vocabulary) == {ngram for text in TOY for ngram in ngrams(text)}
    _, more = counter.train_counter(*toy, seed=42)
    spoken = {ngram for phrase in counter.PHRASES for ngram in ngrams(phrase)}
    assert more[: len(vocabulary)] == vocabulary
    assert set(more) == set(vocabulary) | spoken


def test_rarity_counts_texts_and_padding_weighs_nothing(counter):
    weights = counter.rarity(np.array([[1, 1, 2, 0], [1, 0, 0, 0]]), 3)[:, 0]
    counts = CountVectorizer(analyzer=str.split).fit_transform(["a a b", "a"])
    idf = TfidfTransformer().fit(counts).idf_
    assert weights[:3] == pytest.approx([0, *idf])
    assert weights[3] == pytest.approx(1 + np.log(3))  # in no text


def test_the_network_is_a_logistic_regression_on_weights_of_length_one(counter):
    weights = np.array([[0], [1], [2], [3]], "float32")
    network = counter.build_counter(weights)
    polarity = np.array([[9], [1], [-1], [2]], "float32")
    network.get_layer("polarity").set_weights([polarity])
    rows = np.array([[1, 2, 2, 0], [0, 0, 0, 0]])
    total = (1 - 2 - 2) / np.sqrt(1 + 4 + 4)
    expected = [1 / (1 + np.exp(-total)), 0.5]
    assert network.predict(rows, verbose=0)[:, 0] == pytest.approx(expected, abs=1e-5)


def test_not_turns_what_a_phrase_says(counter):
    meant = dict(zip(counter.PHRASES, counter.KIND))
    assert meant["is comfortable"] == meant["is not noisy"] == meant["never fail"] == 1
    assert meant["are noisy"] == meant["was not good"] == meant["no help"] == 0
    assert np.isin(counter.KIND, [0, 1]).all()
    assert not set(counter.PRAISE.split()) & set(counter.BLAME.split())


def test_a_seed_gives_one_shipped_network(counter, toy):
    def trained(seed):
        return weights(counter.train_counter(*toy, seed)[0])

    first = trained(1)
    assert (first == trained(1)).all() and (first != trained(2)).any()


# --- borrow


@pytest.fixture(scope="module")
def borrowed():
    words = "words-set-up encoder halves fill pieces"
    return Chapter("borrow", f"set-up split recipe features {words}")


def test_the_borrowed_features_are_those_of_the_package(borrowed):
    crops = []
    for name in "flower.jpg", "china.jpg":
        photo = Image.fromarray(load_sample_image(name))
        scale = 256 / min(photo.size)
        size = [round(side * scale) for side in photo.size]
        photo = photo.resize(size, Image.BICUBIC)
        left, top = ((side - 224) // 2 for side in size)
        crops.append(np.asarray(photo.crop((left, top, left + 224, top + 224))))
    features = borrowed.borrow(224).predict(np.array(crops, "float32"), verbose=0)
    # The strongest, as the weights give them before they are rounded to 16 bits.
    strongest = [[303, 354, 1263], [164, 702, 1190]]
    values = [[3.853, 3.467, 2.875], [3.211, 2.732, 2.583]]
    assert (np.argsort(-features)[:, :3] == strongest).all()
    found = np.take_along_axis(features, np.array(strongest), 1)
    assert found == pytest.approx(np.array(values), rel=0.02)


def test_fine_tuning_begins_with_a_trained_head_and_keeps_the_averages(
    borrowed, monkeypatch
):
    rows, kept, train = borrowed.learn[:32], {}, borrowed.fit

    def fit(network, given, *others, **rates):
        assert (given == rows).all()
        kept["before"] = network.get_weights()
        train(network, given, *others, **rates)

    monkeypatch.setattr(borrowed, "fit", fit)
    network = borrowed.fine_tune(rows, 1, seed=3)
    head = borrowed.train_head(rows, 3)
    for name in ("age", "gender"):
        kernel = network.get_layer(name).kernel.path
        (place,) = [i for i, w in enumerate(network.weights) if w.path == kernel]
        begun = head.get_layer(name).get_weights()[0]
        assert kept["before"][place] == pytest.approx(begun, abs=1e-5)
    changed = {}
    for weight, old, new in zip(network.weights, kept["before"], network.get_weights()):
        changed.setdefault(weight.name, []).append((old != new).any())
    assert all(changed["kernel"])
    assert not any(changed["moving_mean"]) and not any(changed["gamma"])


def test_a_review_is_cut_into_even_pieces_with_a_start_and_an_end(borrowed):
    for count in (0, 1, borrowed.LENGTH - 2, borrowed.LENGTH - 1, 100):
        numbers = list(range(1000, 1000 + count))
        pieces = borrowed.cut(numbers)
        assert (pieces[:, 0] == 101).all() and (pieces == 102).any(axis=1).all()
        assert pieces[pieces >= 1000].tolist() == numbers
        assert np.ptp((pieces != 0).sum(axis=1)) <= 1


def bert(words, stored, heads, depth):
    """The encoder of Devlin et al. (2019) in NumPy: the mean vector of one text."""

    def dense(x, name):
        return x @ stored[name + ".weight"].T + stored[name + ".bias"]

    def norm(x, name):
        x = (x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True)
        return x * stored[name + "LayerNorm.weight"] + stored[name + "LayerNorm.bias"]

    word, place, kind = (stored[f"embeddings.{t}_embeddings.weight"] for t in TABLES)
    x = norm(word[words] + place[: len(words)] + kind[0], "embeddings.")
    for i in range(depth):
        block = f"encoder.layer.{i}."
        parts = [dense(x, f"{block}attention.self.{part}") for part in PARTS]
        split_up = (np.split(part, heads, axis=1) for part in parts)
        heard = [
            softmax(q @ k.T / np.sqrt(q.shape[1]), axis=1) @ v
            for q, k, v in zip(*split_up)
        ]
        name = block + "attention.output."
        x = norm(x + dense(np.hstack(heard), name + "dense"), name)
        wide = dense(x, block + "intermediate.dense")
        narrow = dense(wide * norm_distribution.cdf(wide), block + "output.dense")
        x = norm(x + narrow, block + "output.")
    return x.mean(axis=0)


TABLES, PARTS = ("word", "position", "token_type"), ("query", "key", "value")


def test_the_weights_of_a_reader_of_words_find_their_layers(borrowed, monkeypatch):
    width = borrowed.WIDTH
    shapes = {
        f"embeddings.{table}_embeddings.weight": (borrowed.VOCABULARY, width)
        for table in TABLES
    }
    shapes["embeddings.position_embeddings.weight"] = (512, width)
    sizes = {"embeddings.LayerNorm": (width,)}
    for i in range(borrowed.DEPTH):
        block = f"encoder.layer.{i}."
        for part in PARTS:
            sizes[f"{block}attention.self.{part}"] = (width, width)
        sizes[block + "attention.output.dense"] = (width, width)
        sizes[block + "attention.output.LayerNorm"] = (width,)
        sizes[block + "intermediate.dense"] = (4 * width, width)
        sizes[block + "output.dense"] = (width, 4 * width)
        sizes[block + "output.LayerNorm"] = (width,)
    for name, shape in sizes.items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    rng = np.random.default_rng(0)
    stored = {name: rng.normal(0, 0.3, shape) for name, shape in shapes.items()}

    given = {"MINILM": True, "FOLDER": chapters.BOOK, "load_file": lambda _: stored}
    for name, value in given.items():
        monkeypatch.setattr(borrowed, name, value, raising=False)
    # 32 bits, so that the numbers can be compared.
    monkeypatch.setattr(borrowed.keras.config, "set_dtype_policy", lambda _: None)
    halves = borrowed.build_lower, borrowed.build_upper
    lower, upper = map(borrowed.borrow_words, halves)
    piece = borrowed.cut(list(range(200, 212)))
    known = piece != 0
    found = upper.predict([lower.predict(piece, verbose=0), known], verbose=0)[0]
    wanted = bert(piece[known], stored, borrowed.HEADS, borrowed.DEPTH)
    assert found == pytest.approx(wanted, abs=1e-3)


# --- looking-inside


@pytest.fixture(scope="module")
def inside():
    cells = "set-up open maps ask exciting occlusion grad-cam integrated delete"
    return Chapter("looking-inside", cells)


def test_groups_that_excite_a_filter_share_no_picture_and_count_twins_once(inside):
    images, tf = inside.images.copy(), inside.tf
    images[1] = images[0] = 255  # twins, and the most exciting of all
    given = {**vars(inside), "images": images, "FULL": True}
    given["opened"] = lambda pictures, training: (None, tf.repeat(pictures, 3, axis=3))
    groups = chapters.load("looking-inside", ["exciting"], **given)["exciting"]
    rows = np.concatenate(list(groups.values()))
    assert {len(group) for group in groups.values()} == {20}
    assert len(set(rows)) == len(rows) and len({0, 1} & set(rows)) == 1


def test_integrated_gradients_add_up_to_the_difference(inside):
    picture = inside.pictures[:1]
    start = np.zeros_like(picture) + picture.mean(axis=(1, 2), keepdims=True)
    apart = inside.ask(picture) - inside.ask(start)
    total = inside.integrated_gradients(picture, steps=300).sum(axis=(1, 2))
    assert total == pytest.approx(apart, rel=0.02, abs=0.05)


def test_grad_cam_weighs_maps_by_their_slopes(inside, monkeypatch):
    tf, worth = inside.tf, np.array([[3, 0], [0, -2]], "float32")
    maps = np.random.default_rng(0).random((2, 8, 8, 2), "float32")

    def opened(pictures, training):
        made = tf.constant(maps) * tf.reduce_mean(pictures)
        return None, made, tf.reduce_mean(made, axis=(1, 2)) @ worth

    given = {**vars(inside), "opened": opened}
    grad_cam = chapters.load("looking-inside", ["grad-cam"], **given)["grad_cam"]
    heat = grad_cam(tf.Variable(np.ones((2, 4, 4, 3), "float32")))
    expected = tf.image.resize(maps * [3 / 64, -2 / 64], (128, 128))
    assert heat == pytest.approx(np.array(expected), abs=1e-5)


def test_the_squares_that_a_map_ranks_first_are_deleted_first(inside):
    asked = []
    given = {**vars(inside), "ask": asked.append}
    given["pictures"] = np.ones((2, 128, 128, 3), "float32")
    chapter = chapters.load("looking-inside", ["delete"], **given)
    chapter["fill"][:] = 0
    order = np.random.default_rng(0).random((2, 64))
    chapter["delete"](order)
    for step, shown in enumerate(asked):
        gone = shown[:, ::16, ::16, 0].reshape(2, 64) == 0
        assert (gone.sum(axis=1) == 8 * step).all()
        for row, ranks in zip(gone, order):
            assert not row.any() or row.all() or ranks[row].min() > ranks[~row].max()


# --- whom-does-it-fail


@pytest.fixture(scope="module")
def report():
    return Chapter("whom-does-it-fail", "set-up people groups calibration-error")


def load_report(report, cells, **given):
    return chapters.load("whom-does-it-fail", cells.split(), **vars(report) | given)


def test_asks_about_faces_that_nobody_learned_from_and_names_their_groups(report):
    names = report.faces["filename"]
    assert not set(report.people["filename"]) & set(names.iloc[report.learn])
    assert (report.pictures == report.images[report.test[: len(report.people)]]).all()
    for row in report.people.itertuples(index=False):
        age, gender, race = map(int, row.filename.split("_")[:3])
        group = "60+" if age >= 60 else f"{age // 10 * 10}–{age // 10 * 10 + 9}"
        field = "White Black Asian Indian Others".split()[race]
        assert list(row[-3:]) == [group, ("male", "female")[gender], field]


def test_quantiles_of_a_belief_hold_what_they_promise(report):
    rng = np.random.default_rng(0)
    beliefs = rng.dirichlet(np.ones(101), 500).astype("float32")
    ages = np.array([rng.choice(101, p=b / b.sum()) for b in beliefs.astype(float)])
    network = {"age": beliefs, "gender": np.full((500, 1), 0.5, "float32")}
    given = {"people": pd.DataFrame({"age": ages, "gender": 0})}
    given |= {"ask": lambda _: network, "inner": 0, "borrowed": 0}
    best = load_report(report, "judge coverage", **given)["best"]
    median = np.array(better_face.median(beliefs))[:, 0]
    assert np.allclose(best["error"], abs(median - ages), atol=1e-3)
    assert best["holds"].mean() == pytest.approx(0.8, abs=0.04)


def test_a_perfect_probability_has_no_calibration_error_and_a_false_one_has(report):
    label = np.tile([1, 1, 1, 0], 100)
    assert report.calibration_error(np.full(400, 0.75), label) == pytest.approx(0)
    assert report.calibration_error(np.full(400, 0.95), label) == pytest.approx(0.2)
    assert report.calibration_error(label.astype(float), 1 - label) == pytest.approx(1)


def test_a_temperature_is_fitted_on_faces_that_do_not_judge(report):
    rng = np.random.default_rng(0)
    strength = rng.normal(0, 2, 4_000)
    part = np.repeat(["test", "unseen"], 2_000)
    gender = (rng.random(4_000) < 1 / (1 + np.exp(-strength))).astype(int)
    too_sure = pd.DataFrame({"p": 1 / (1 + np.exp(-2 * strength))})
    found = []
    for judges in (gender[2_000:], 1 - gender[2_000:]):
        labels = np.concatenate([gender[:2_000], judges])
        people = pd.DataFrame({"part": part, "gender": labels})
        cell = load_report(
            report, "temperature", people=people, judged={"it": too_sure}
        )
        label, before, after, temperature = cell["checks"]["gender, it"]
        assert (label == judges).all() and ((before > 0.5) == (after > 0.5)).all()
        found.append(temperature)
    assert found[0] == found[1] == pytest.approx(2, abs=0.15)


@pytest.fixture(scope="module")
def doubting(report):
    """The cell that doubts labels, with features that know nothing."""
    rng = np.random.default_rng(0)

    class Body:
        def set_weights(self, weights):
            pass

        def predict(self, pictures, verbose):
            return rng.normal(size=(len(pictures), 400)).astype("float32")

    return load_report(report, "doubt", build_body=lambda size: Body())


def test_labels_are_doubted_by_a_reader_that_has_not_learned_them(doubting):
    label = np.random.default_rng(1).integers(0, 2, len(doubting["features"]))
    right = (doubting["cross_validated"](label) > 0.5) == label
    assert right.mean() < 0.7  # whoever has learned them is right for nearly all


def test_a_label_is_doubted_if_the_other_is_as_likely_as_it_usually_is(doubting):
    label = np.array([1, 1, 1, 0, 0, 0])
    p = np.array([0.9, 0.9, 0.2, 0.3, 0.3, 0.7])
    # P(male) of males is 0.57 on average, P(female) of females 0.67.
    assert doubting["doubted"](p, label).tolist() == [0, 0, 1, 0, 0, 1]
    p[5] = 0.6  # more likely female, but less so than females usually are
    assert doubting["doubted"](p, label).tolist() == [0, 0, 1, 0, 0, 0]


def test_doubted_faces_are_shown_as_means_of_twenty_different_ones_or_not(report):
    given = {"doubt_rows": np.arange(0), "gender": report.faces["gender"].to_numpy()}
    images = np.array(report.images)
    images[25:50] = images[:25]
    mean_face = load_report(report, "fig-doubt", **given, images=images)["mean_face"]
    assert mean_face(np.r_[:19, 25:44]) is None and mean_face(np.arange(0)) is None
    once = mean_face(np.arange(plots.GROUP))
    assert np.allclose(once, images[: plots.GROUP].mean(axis=0) / 255)


def test_every_age_group_weighs_the_same(report):
    class Body:
        def predict(self, pictures, verbose):
            pass

    given = {"gender": report.faces["gender"].to_numpy(), "frozen": Body()}
    cell = load_report(report, "remedy", **given)
    sums = np.bincount(cell["group"], cell["weight"], minlength=7)
    assert np.allclose(sums, len(report.learn) / 7)
    assert (cell["age"] == report.faces["age"].iloc[report.learn]).all()
