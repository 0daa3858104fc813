"""The training recipes of chapters 05 and 06, run from the chapters' own cells on the invented sample."""

from tools import chapters
import numpy as np
import pytest


@pytest.fixture(scope="module")
def chapter():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CNNBOOK_DATA", raising=False)
        patch.setenv("CNNBOOK_OFFLINE", "1")
        yield chapters.load("better-face-cnn", ["split", "recipe"])


def constant(**values):
    """A source of "random" numbers: what the range [low, high) names, or its middle."""

    def uniform(low, high, *shape):
        value = values.get(f"{low},{high}", (low + high) / 2)
        return np.full((2, *shape), value, "float32")

    return uniform


def test_an_untouched_picture_is_drawn_as_the_network_will_see_it_when_asked(chapter):
    """Training and answering must shrink alike, or the network is asked about pictures that it never saw."""
    uniform = constant(**{"-1,1": 1, "0.85,1.1": 1})
    pictures = chapter["images"][:2].astype("float32")
    drawn = chapter["redraw"](pictures, chapter["random_matrices"](uniform, 64), 64)
    assert np.allclose(drawn, chapter["layers"].Resizing(64, 64)(pictures), atol=0.01)


def test_a_mirrored_picture_is_the_mirror_image(chapter):
    uniform = constant(**{"-1,1": -1, "0.85,1.1": 1})
    pictures = chapter["images"][:2].astype("float32")
    drawn = chapter["redraw"](pictures, chapter["random_matrices"](uniform, 128), 128)
    assert np.allclose(drawn, pictures[:, :, ::-1], atol=0.01)


def test_mixing_keeps_pictures_and_answers_in_step(chapter):
    share = np.array([0.75, 1], "float32")
    pictures, ages = (
        np.arange(8, dtype="float32").reshape(2, 2, 2, 1),
        np.array([[20], [60]], "float32"),
    )
    assert np.allclose(chapter["mixed"](ages, share), [[30], [60]])
    assert np.allclose(
        chapter["mixed"](pictures, share)[0], 0.75 * pictures[0] + 0.25 * pictures[1]
    )


def test_age_targets_are_distributions_around_the_age(chapter):
    ages = np.array([1, 30, 90, 116], "float32")
    targets = chapter["age_targets"](ages, chapter["BEST"])
    assert targets.shape == (4, 101) and targets.dtype == np.float32
    assert np.allclose(targets.sum(axis=1), 1, atol=1e-5)
    assert (targets.argmax(axis=1) == [1, 30, 90, 100]).all()
    assert np.allclose(targets[:3] @ chapter["YEARS"], ages[:3], atol=0.3)
    assert (chapter["age_targets"](ages, chapter["SOURCE"]) == ages[:, None]).all()


def test_the_middle_splits_a_distribution_into_halves(chapter):
    sure, even, two = np.zeros((3, 101), "float32")
    sure[30], even[:], two[[20, 40]] = 1, 1 / 101, [0.75, 0.25]
    assert np.allclose(
        chapter["middle"](np.stack([sure, even, two]))[:, 0],
        [30, 50, 20 + 2 / 3 - 0.5],
        atol=1e-3,
    )


@pytest.mark.parametrize("shape", [(27, 32), (288, 64), (64, 64)])
def test_evening_out_agrees_with_keras(chapter, shape):
    matrix = np.random.default_rng(0).normal(size=shape).astype("float32")
    theirs = chapter["keras"].optimizers.Muon().zeropower_via_newtonschulz5(matrix, 5)
    assert np.allclose(chapter["even_out"](matrix), theirs, atol=1e-4)


def test_muon_evens_out_the_steps_of_convolutions_and_leaves_the_rest_to_adamw(chapter):
    keras, rng = chapter["keras"], np.random.default_rng(0)
    start = [
        rng.normal(size=shape).astype("float32")
        for shape in [(3, 3, 8, 16), (16, 4), (4,)]
    ]
    slopes = [rng.normal(size=value.shape).astype("float32") for value in start]
    steps = {}
    for kind in (chapter["Muon"], keras.optimizers.AdamW):
        variables = [keras.Variable(value) for value in start]
        kind(0.01, weight_decay=0).apply(slopes, variables)
        steps[kind] = [
            variable.numpy() - value for variable, value in zip(variables, start)
        ]
    (kernel, *rest), (adam_kernel, *adam_rest) = (
        steps[chapter["Muon"]],
        steps[keras.optimizers.AdamW],
    )
    assert all(np.allclose(*pair) for pair in zip(rest, adam_rest)) and not np.allclose(
        kernel, adam_kernel
    )
    lengths = np.linalg.svd(kernel.reshape(72, 16), compute_uv=False) / (
        0.01 * 0.2 * np.sqrt(72)
    )
    assert (lengths > 0.5).all() and (lengths < 1.3).all()
    assert (kernel * slopes[0]).sum() < 0


def test_two_trainings_with_one_seed_give_one_network(chapter):
    def weights(seed):
        network, _ = chapter["train_network"](
            chapter["BEST"], chapter["train"][:64], 2, seed
        )
        return np.concatenate([weight.ravel() for weight in network.get_weights()])

    first = weights(1)
    assert (first == weights(1)).all() and not np.allclose(first, weights(2))


def test_two_trainings_of_the_shipped_reader_with_one_seed_give_one_network():
    reader = chapters.load("better-sentiment-cnn", ["recipe"])
    texts = np.array(
        [
            "good car runs well",
            "bad car broke down",
            "good seats",
            "bad seats and bad brakes",
        ]
        * 40
    )
    labels = np.array([1, 0, 1, 0] * 40, "float32")

    def weights(seed):
        network, _ = reader["train_shipped"](texts, labels, seed, epochs=1)
        return np.concatenate([weight.ravel() for weight in network.get_weights()])

    first = weights(1)
    assert (first == weights(1)).all() and (first != weights(2)).any()
