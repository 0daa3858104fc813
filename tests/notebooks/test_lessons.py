"""What the chapters teach must be what their cells do: run from the chapters' own cells, on the invented sample.

The notebooks run as tests too, but a chapter that looked at the test set, or trained on swapped labels, would still run.
"""

import ast

from tools import chapters
import nbformat
import numpy as np
import pytest
from scipy import stats
from sklearn.model_selection import train_test_split

from cnnbook import data
from cnnbook.text import build_vocabulary, clean, encode


@pytest.fixture(scope="module", autouse=True)
def sample():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CNNBOOK_DATA", raising=False)
        patch.setenv("CNNBOOK_OFFLINE", "1")
        yield


def chapter_cells(number):
    return nbformat.read(
        next(chapters.BOOK.glob(f"{number}-*.ipynb")), as_version=4
    ).cells


def arrays(batches):
    return [
        (pictures.numpy(), {name: value.numpy() for name, value in answers.items()})
        for pictures, answers in batches
    ]


def is_positive(table):
    return (table["Sentiment"] == "Pos").to_numpy()


@pytest.mark.parametrize(
    ("chapter", "cells"),
    [("02", ["set-up", "augment-layers"]), ("03", ["set-up", "split", "pipeline"])],
)
def test_pictures_are_mirrored_turned_and_zoomed_independently(chapter, cells):
    layers = chapters.load(chapter, cells)["augment"].layers
    pictures = np.zeros((500, 8, 8, 3), "float32")
    flip, turn, zoom = (
        layer.get_random_transformation(pictures, training=True) for layer in layers
    )
    drawn = np.stack(
        [
            np.ravel(values)
            for values in (flip["flips"], turn["angle"], zoom["height_zoom"])
        ]
    )
    assert (
        np.abs(np.corrcoef(drawn) - np.eye(3)).max() < 0.2
    )  # of 500 independent pairs, chance gives 0.1


def assert_agrees_with_theory(interval):
    values = np.random.default_rng(0).normal(10, 3, 900)
    assert interval(values) == pytest.approx(
        values.mean() + np.array([-1, 1]) * 1.96 * values.std() / 30, abs=0.03
    )


@pytest.mark.parametrize(
    "chapter", ["03", "05"]
)  # the model card's intervals are those of 05
def test_interval_of_a_mean_agrees_with_theory(chapter):
    assert_agrees_with_theory(
        chapters.load(chapter, ["interval"], np=np, SEED=42)["interval"]
    )


# --- 02: numbers for a network ----------------------------------------------------------------------


def test_02_labels_praise_with_one():
    train, test = train_test_split(data.load_reviews(), test_size=0.2, random_state=42)
    names = {"train_reviews": train, "test_reviews": test}
    source = next(
        cell for cell in chapter_cells("02") if cell.id == "review-tensors"
    ).source
    exec(
        "\n".join(line for line in source.splitlines() if line.startswith("y_")), names
    )  # the rest needs the chapter
    assert (names["y_train"] == is_positive(train)).all() and (
        names["y_test"] == is_positive(test)
    ).all()


# --- 03: the source network ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def source_chapter(sample):
    names = chapters.load(
        "face-cnn",
        ["set-up", "split", "baselines", "network", "loss-sizes", "pipeline"],
    )
    return {**names, "network": names["build_source_network"]()}


def test_03_splits_the_sorted_faces_as_the_design_says(source_chapter):
    faces, _ = data.load_faces()
    train, test = train_test_split(
        np.arange(len(faces)), test_size=0.2, random_state=42
    )
    assert list(faces["filename"]) == sorted(faces["filename"])
    assert set(source_chapter["train"]) <= set(train) and set(
        source_chapter["test"]
    ) <= set(test)
    assert (source_chapter["age"] == faces["age"]).all() and (
        source_chapter["gender"] == faces["gender"]
    ).all()


def test_03_guesses_what_the_training_faces_suggest(source_chapter):
    names = source_chapter
    train, test = names["train"], names["test"]
    assert names["median_age"] == np.median(names["age"][train])
    assert names["baseline_mae"] == pytest.approx(
        np.abs(names["age"][test] - names["median_age"]).mean()
    )
    assert names["majority"] == (names["gender"][train].mean() > 0.5)


def test_03_asks_about_the_test_faces_as_they_are_with_pixels_from_0_to_1(
    source_chapter,
):
    names = source_chapter
    assert (
        names["test_images"] == names["images"][names["test"]].astype("float32") / 255
    ).all()


def test_03_trains_on_each_training_face_once_in_an_epoch_and_on_no_other(
    source_chapter,
):
    names = source_chapter
    batches = arrays(names["training_batches"])
    shown = [
        (a, g)
        for _, answers in batches
        for a, g in zip(answers["dense_age"][:, 0], answers["dense_gender"][:, 0])
    ]
    known = list(zip(names["age"][names["train"]], names["gender"][names["train"]]))
    assert sorted(shown) == sorted(known) and shown != known  # shuffled
    assert {len(pictures) for pictures, _ in batches} == {20}
    assert all(0 <= pictures.min() and pictures.max() <= 1 for pictures, _ in batches)


def test_03_keeps_pictures_and_answers_together_and_changes_the_pictures(
    source_chapter,
):
    names = source_chapter
    [(pictures, answers), *_] = arrays(names["training_batches"].take(1))
    tiny = lambda some: (
        some.reshape(-1, 8, 16, 8, 16, 3).mean(axis=(2, 4)).reshape(len(some), -1)
    )  # noqa: E731
    originals = names["images"][names["train"]].astype("float32") / 255
    mirrored = originals[:, :, ::-1]
    distances = [
        ((tiny(pictures)[:, None] - tiny(some)[None]) ** 2).sum(axis=2)
        for some in (originals, mirrored)
    ]
    nearest = np.minimum(*distances).argmin(axis=1)
    agree = names["age"][names["train"]][nearest] == answers["dense_age"][:, 0]
    assert agree.mean() > 0.8  # with answers out of step, hardly any would
    assert all(
        (changed != originals[row]).any() for changed, row in zip(pictures, nearest)
    )


class Fitted(Exception):
    """Holds what a chapter asked Keras to do."""


def asked_of_fit(names, monkeypatch):
    """Run 03's cell `fit` up to the training, and return the network and the arguments of `fit`."""

    def fit(network, *arguments, **options):
        raise Fitted(network, arguments, options)

    monkeypatch.setattr(names["keras"].Model, "fit", fit)
    with pytest.raises(Fitted) as caught:
        chapters.load("face-cnn", ["fit"], **names)
    return caught.value.args


def test_03_trains_as_the_source_tutorial_did(source_chapter, monkeypatch):
    network, (batches,), options = asked_of_fit(source_chapter, monkeypatch)
    config = network.get_compile_config()
    assert config["loss"] == {"dense_age": "mse", "dense_gender": "binary_crossentropy"}
    assert config["loss_weights"] == {"dense_age": 1, "dense_gender": 500}
    assert config["metrics"] == {"dense_age": "mae", "dense_gender": "accuracy"}
    assert float(network.optimizer.learning_rate) == pytest.approx(0.0005)
    assert batches is source_chapter["training_batches"]
    pictures, answers = options["validation_data"]
    test = source_chapter["test"]
    assert pictures is source_chapter["test_images"]
    assert (answers["dense_age"][:, 0] == source_chapter["age"][test]).all()
    assert (answers["dense_gender"][:, 0] == source_chapter["gender"][test]).all()


def test_03_network_drops_out_and_answers_with_years_and_a_probability(source_chapter):
    layers = {layer.name: layer for layer in source_chapter["network"].layers}
    assert [layers[f"dropout{name}"].rate for name in ("", "_age", "_gender")] == [
        0.25,
        0.5,
        0.5,
    ]
    assert layers["dense_age"].activation.__name__ == "linear"
    assert layers["dense_gender"].activation.__name__ == "sigmoid"


# --- 04: the network for words ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def words_chapter(sample):
    return chapters.load("sentiment-cnn", ["set-up", "encode", "majority", "polarity"])


def test_04_makes_its_vocabulary_of_the_training_reviews_alone(words_chapter):
    train, test = train_test_split(data.load_reviews(), test_size=0.2, random_state=42)
    vocabulary = build_vocabulary(train["Review"])
    assert words_chapter["vocabulary"] == vocabulary
    assert (words_chapter["x_train"] == encode(train["Review"], vocabulary)).all()
    assert (words_chapter["x_test"] == encode(test["Review"], vocabulary)).all()
    assert (words_chapter["y_train"] == is_positive(train)).all() and (
        words_chapter["y_test"] == is_positive(test)
    ).all()


def test_04_guesses_what_the_training_reviews_suggest(words_chapter):
    assert words_chapter["majority"] == (words_chapter["y_train"].mean() > 0.5)
    right = words_chapter["y_test"] == words_chapter["majority"]
    assert (words_chapter["majority_right"] == right).all()


def test_04_trains_on_the_training_reviews_alone(words_chapter):
    class Network:
        def compile(self, **options):
            assert options["loss"] == "binary_crossentropy"

        def fit(self, texts, labels, **options):
            assert (
                texts is words_chapter["x_train"] and labels is words_chapter["y_train"]
            )
            assert options["validation_data"] == (
                words_chapter["x_test"],
                words_chapter["y_test"],
            )
            self.history = {}
            return self

    names = chapters.load(
        "sentiment-cnn",
        ["train-network"],
        **{**words_chapter, "build_network": lambda rows: Network()},
    )
    assert isinstance(names["network"], Network)


def test_04_draws_the_confusion_matrix_of_the_cut_at_one_half(
    words_chapter, monkeypatch
):
    class Network:
        def predict(self, texts, verbose):
            return np.linspace(0, 1, len(texts))[:, None]

    def drawn(matrix, *_):
        answers = np.linspace(0, 1, len(words_chapter["y_test"])) > 0.5
        truth = words_chapter["y_test"] == 1
        assert matrix.tolist() == [
            [(answers[truth == row] == column).sum() for column in (0, 1)]
            for row in (0, 1)
        ]
        raise Fitted

    monkeypatch.setattr(words_chapter["plots"], "confusion_matrix", drawn)
    with pytest.raises(Fitted):
        chapters.load(
            "sentiment-cnn",
            ["fig-confusion-words"],
            **{**words_chapter, "network": Network()},
        )


def test_04_counts_praise_as_positive(words_chapter):
    by_stem = dict(zip(words_chapter["vocabulary"], words_chapter["polarity"]))
    train, _ = train_test_split(data.load_reviews(), test_size=0.2, random_state=42)
    counts = [[], []]
    for text, positive in zip(train["Review"], is_positive(train)):
        counts[int(positive)] += [stem for stem in clean(text) if stem in by_stem][:550]
    leaning = max(by_stem, key=by_stem.get)
    assert counts[1].count(leaning) > counts[0].count(leaning)
    assert by_stem[leaning] == pytest.approx(
        np.log(
            (counts[1].count(leaning) + 0.5)
            / sum(c + 0.5 for c in map(counts[1].count, by_stem))
        )
        - np.log(
            (counts[0].count(leaning) + 0.5)
            / sum(c + 0.5 for c in map(counts[0].count, by_stem))
        )
    )


# --- 05: the better network for faces ----------------------------------------------------------------


@pytest.fixture(scope="module")
def faces_chapter(sample):
    return chapters.load("better-face-cnn", ["split", "recipe"])


def test_05_chooses_on_faces_that_are_neither_trained_on_nor_tested(faces_chapter):
    faces, _ = data.load_faces()
    learn, test = train_test_split(
        np.arange(len(faces)), test_size=0.2, random_state=42
    )
    train, validation = train_test_split(learn, test_size=0.2, random_state=42)
    for name, rows in {
        "learn": learn,
        "train": train,
        "validation": validation,
        "test": test,
    }.items():
        assert (
            set(faces_chapter[name]) <= set(rows) and len(faces_chapter[name]) > 50
        ), name
    assert not set(faces_chapter["validation"]) & set(faces_chapter["train"])


def test_05_scores_years_and_genders_against_the_labels(faces_chapter):
    class Knows:
        def predict(self, batches, **_):
            pictures = np.concatenate([batch.numpy() for batch in batches])
            rows = [
                int(np.flatnonzero((images == picture).all(axis=(1, 2, 3)))[0])
                for picture in pictures
            ]
            return {
                "age": age[rows, None] + 3,
                "gender": gender[rows, None] * 0.8 + 0.1,
            }

    images, age, gender = (faces_chapter[name] for name in ("images", "age", "gender"))
    error, correct = faces_chapter["score"](Knows(), faces_chapter["validation"][:20])
    assert np.allclose(error, 3) and correct.all()


def test_05_looks_at_the_test_faces_once(faces_chapter):
    """Before the end of the chapter, no cell reads the rows of the test faces."""
    readers = []
    for cell in chapter_cells("05"):
        if cell.cell_type == "code":
            read = {
                node.id
                for node in ast.walk(ast.parse(cell.source))
                if isinstance(node, ast.Name)
            }
            readers += [cell.id] if "test" in read else []
    end = [
        "test-once", "test-table", "test-read", "scatter", "by-group", "group-figure", "groups-read", "groups-table",
        "save-network", "save-figures",
    ]  # fmt: skip
    assert (
        readers[0] == "split"
        and readers[1] == "test-once"
        and set(readers[2:]) <= set(end)
    )


def test_05_mixes_a_faces_answers_as_its_picture(faces_chapter):
    tf = faces_chapter["tf"]
    settings = {**faces_chapter["BEST"], "mix": 1, "colours": False}
    # A face's brightness is its age: whatever is mixed, the two must still agree.
    age = np.linspace(10, 90, 32, dtype="float32")
    pictures = np.broadcast_to(age[:, None, None, None], (32, 128, 128, 3)).astype(
        "uint8"
    )
    brightness = pictures[:, 0, 0, 0].astype("float32")
    mixed, answers = faces_chapter["augment"](
        pictures,
        brightness[:, None],
        brightness[:, None] / 100,
        tf.constant([1, 2]),
        settings,
    )
    middle = mixed.numpy()[:, 24:40, 24:40].mean(axis=(1, 2, 3))
    assert np.allclose(middle, answers["age"][:, 0], atol=0.5) and not np.allclose(
        middle, brightness, atol=5
    )
    assert np.allclose(middle / 100, answers["gender"][:, 0], atol=0.005)


def test_05_small_pictures_come_first_and_full_ones_last(faces_chapter, monkeypatch):
    """Half of the epochs; and the network that comes out takes the full size alone."""
    names, make_batches, seen = faces_chapter, faces_chapter["make_batches"], []

    def watched(*settings):
        def look(pictures, answers):
            size = names["tf"].py_function(
                lambda size: seen.append(int(size)) or size,
                [names["tf"].shape(pictures)[1]],
                "int32",
            )
            with names["tf"].control_dependencies([size]):
                return names["tf"].identity(pictures), answers

        return make_batches(*settings).map(look)

    monkeypatch.setitem(names, "make_batches", watched)
    network, _ = names["train_network"](names["BEST"], names["train"][:64], 4, 1)
    assert seen == [48] * 4 + [64] * 4 and network.input_shape == (None, 64, 64, 3)


def test_05_epochs_differ_and_a_seed_brings_them_again(faces_chapter):
    rows = np.repeat(
        faces_chapter["train"][:1], 2 * faces_chapter["BEST"]["batch"]
    )  # one face: only its redrawing differs
    batches, again, others = (
        faces_chapter["make_batches"](rows, faces_chapter["BEST"], seed)
        for seed in (42, 42, 43)
    )
    first, second, repeated, other = (
        np.concatenate([pictures for pictures, _ in arrays(some)])
        for some in (batches, batches, again, others)
    )
    assert (first == repeated).all()
    for unlike in (second, other):
        assert not {picture.tobytes() for picture in first} & {
            picture.tobytes() for picture in unlike
        }


def test_05_rates_rise_and_fall_and_the_weights_are_averaged(faces_chapter):
    optimiser = faces_chapter["make_optimiser"](
        faces_chapter["BEST"], steps_per_epoch=100, epochs=10
    )
    rates = [float(optimiser._learning_rate(step)) for step in (0, 50, 500, 1000)]
    assert rates[0] == pytest.approx(5e-4) and rates[1] == pytest.approx(5e-3)
    assert 1e-3 < rates[2] < 4e-3 and rates[3] < 1e-5
    assert (
        optimiser.use_ema
        and optimiser.ema_momentum == 0.98
        and optimiser.weight_decay == 0.05
    )


def test_05_answers_are_the_mean_of_two_windows_and_their_mirror_images(faces_chapter):
    network = faces_chapter["build"](faces_chapter["BEST"])
    pictures = faces_chapter["images"][:4].astype(
        "float32"
    )  # of bytes, Resizing would round
    answers = faces_chapter["answer_model"](network, faces_chapter["BEST"]).predict(
        pictures, verbose=0
    )
    shrink = faces_chapter["layers"].Resizing(64, 64)
    windows = pictures[:, :120, 4:124], pictures[:, 8:, 4:124]
    views = [
        network.predict(shrink(some).numpy(), verbose=0)
        for window in windows
        for some in (window, window[:, :, ::-1])
    ]
    assert np.allclose(
        answers["gender"],
        np.mean([view["gender"] for view in views], axis=0),
        atol=1e-4,
    )
    assert not np.allclose(views[0]["gender"], views[2]["gender"], atol=1e-4)


# --- 06: the better network for words -----------------------------------------------------------------


@pytest.fixture(scope="module")
def contest(sample):
    return chapters.load(
        "06",
        ["set-up", "load", "measure", "stems", "networks", "learn-network", "reader", "count", "judge", "train",
         "train-shipped", "learn-windows", "interval"],
    )  # fmt: skip


def test_06_cross_validation_never_asks_about_a_text_that_was_learned(contest):
    texts, y, asked = contest["train_texts"], contest["y_train"], []

    def spy(known, labels, seed):
        position = {text: i for i, text in enumerate(texts)}
        assert [y[position[text]] for text in known] == list(labels)

        def answer(new):
            assert not set(known) & set(new)
            asked.extend(new)
            return np.array([position[text] for text in new], float)

        return answer

    scores = contest["cross_validate"](spy, texts, y, 4)
    assert sorted(asked) == sorted(texts) and (scores == np.arange(len(texts))).all()


def test_06_tests_on_the_test_reviews_with_what_the_training_reviews_taught(contest):
    seen = []

    def spy(known, labels, seed):
        assert (known == contest["train_texts"]).all() and (
            labels == contest["y_train"]
        ).all()
        seen.append(seed)
        return lambda new: (
            np.where(contest["y_test"] == 1, 1, -1)
            if (new == contest["test_texts"]).all()
            else None
        )

    right = contest["on_test"](spy, [42, 43])
    assert (
        right.shape == (2, len(contest["test_texts"]))
        and right.all()
        and seen == [42, 43]
    )


def test_06_learners_know_only_the_words_of_their_texts(contest):
    texts = np.array(["good car", "good ride", "bad car", "bad ride"] * 8)
    labels = np.array([1, 1, 0, 0] * 8, "float32")
    network, vocabulary = contest["train_windows"](
        texts, labels, 42, length=8, slots=64
    )
    assert sorted(vocabulary) == ["bad", "car", "good", "ride"]
    good, bad, unknown = network.predict(
        contest["to_numbers"](
            ["good car", "bad ride", "zeppelin"], vocabulary, contest["all_stems"], 8
        ),
        verbose=0,
    ).ravel()
    assert good > 0.7 and bad < 0.3 and unknown == pytest.approx(0.5, abs=0.05)


def test_06_counts_texts_and_not_words(contest):
    numbers = np.array([[1, 1, 2, 0], [1, 2, 0, 0], [2, 0, 0, 0]])
    windows, praise, complaint = contest["count_texts"](numbers, np.array([1, 1, 0]))
    base = contest["BASE"]
    found = {int(w): (int(p), int(c)) for w, p, c in zip(windows, praise, complaint)}
    assert found == {1: (2, 0), 2: (2, 1), base + 1: (1, 0), base + 2: (2, 0)}


def test_06_padding_is_no_window(contest):
    reader = contest["build_reader"](rows=10, length=6, slots=16)
    owner, importance = (reader.get_layer(name) for name in ("owner", "importance"))
    owned = np.zeros((16, 2), "float32")
    for left, right in (
        (1, 2),
        (2, 0),
        (0, 0),
    ):  # the slots that each of these pairs would take
        owned[(left * 9973 + right) % 16] = left, right
    owner.set_weights([owned])
    importance.set_weights([np.ones((26, 1), "float32")])
    windows, _ = reader.predict(np.array([[1, 2, 0, 0, 0, 0]], "int32"), verbose=0)
    assert windows[0].tolist() == [1, 2, 0, 0, 0, 0, 10 + (9973 + 2) % 16, 0, 0, 0, 0]


@pytest.mark.parametrize("wins, losses", [(14, 20), (3, 12), (0, 0)])
def test_06_mcnemar_agrees_with_scipy(contest, wins, losses):
    first = np.array([1.0] * wins + [0.0] * losses + [1.0, 0.0])
    second = np.array([0.0] * wins + [1.0] * losses + [1.0, 0.0])
    expected = stats.binomtest(wins, wins + losses, 0.5).pvalue if wins + losses else 1
    assert contest["mcnemar"](first, second) == pytest.approx(expected)


def test_06_interval_of_a_mean_agrees_with_theory(contest):
    assert_agrees_with_theory(contest["interval"])
