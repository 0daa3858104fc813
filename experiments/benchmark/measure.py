"""Time the source designs and the book's, in turns: a slow spell of the machine hits both."""

import json
import sys
import time
from functools import partial
from unittest import mock

from tools import chapters

from cnnbook import quietly
from cnnbook.settings import FULL, prepare_keras
from cnnbook.text import encode

from .page import OURS, SOURCE

prepare_keras()
with quietly():
    import keras
    import tensorflow as tf

MODELS = chapters.BOOK.parent / "data" / "models"
ROUNDS = 20 if FULL else 1  # of predictions
EPOCHS = 8 if FULL else 2  # of our short training on faces; the first also compiles
SOURCE_EPOCHS = 4 if FULL else 1  # that are timed beside a training of ours
TRAININGS = 5 if FULL else 1  # on reviews
REVIEW_EPOCHS = 4  # of the source network's training
SEED = 42
fit = keras.Model.fit


def measured():
    """Return the results of both tasks. Raises SystemExit on other data than the book's."""
    return {"faces": faces(), "reviews": reviews()}


def faces():
    wanted = "set-up split branch network loss-sizes augment pipeline".split()
    names = chapters.load("face-cnn", wanted)
    check(names["faces"])
    images, train, test = names["images"], names["train"], names["test"]
    # Our chapter declines TensorFlow's tuner, so it must not slow its rival either.
    untuned = tf.data.Options()
    untuned.autotune.enabled = False
    names["training_batches"] = names["training_batches"].with_options(untuned)
    source = names["network"] = names["build_source_network"]()
    loaded = partial(chapters.load, "face-cnn", ["compile", "fit"], **names)
    _, one_epoch = held_back(loaded)

    given = {name: names[name] for name in ("images", "age", "gender")}
    ours = chapters.load("better-face-cnn", ["recipe"], **given)
    training = partial(ours["train_network"], train, EPOCHS, SEED)
    network, seconds = side_by_side(training, one_epoch)
    answers = ours["answer_model"](network).predict(images[test], verbose=0)
    error = abs(answers["age"][:, 0] - names["age"][test]).mean()
    right = ((answers["gender"][:, 0] > 0.5) == (names["gender"][test] == 1)).mean()

    pictures = images[:256].astype("float32")
    models = {SOURCE: source, OURS: keras.models.load_model(MODELS / "face.keras")}
    return {
        **compared(models, {SOURCE: pictures / 255, OURS: pictures}),
        "seconds": seconds,
        "short": {"epochs": EPOCHS, "age": float(error), "gender": float(right)},
    }


def reviews():
    # The last of these cells also trains.
    wanted = ["set-up", "encode", "build-network", "train-network"]
    names, one_epoch = held_back(partial(chapters.load, "sentiment-cnn", wanted))
    check(names["reviews"])
    ours = chapters.load("better-sentiment-cnn", ["recipe"])
    texts = names["train"]["Review"].to_numpy()
    training = partial(ours["train_counter"], texts, names["y_train"], SEED)
    seconds = in_turns({SOURCE: one_epoch, OURS: training}, TRAININGS)
    seconds[SOURCE] = [REVIEW_EPOCHS * spent for spent in seconds[SOURCE]]

    vocabulary = json.loads((MODELS / "vocabulary.json").read_text("utf-8"))
    file = keras.models.load_model(MODELS / "sentiment.keras")
    inputs = {SOURCE: names["x_train"], OURS: encode(texts[:256], vocabulary)}
    models = {SOURCE: names["network"], OURS: file}
    return {**compared(models, inputs), "seconds": seconds}


def check(table):
    if FULL and not table.attrs["is_book_data"]:
        raise SystemExit("Set CNNBOOK_DATA to the book's own data: this is other data.")


def held_back(run):
    """Call `run` without training; return what it returns, and what trains for one epoch."""
    calls = []

    def keep(model, *data, **settings):
        settings |= {"epochs": 1, "validation_data": None, "callbacks": []}
        calls.append(partial(fit, model, *data, **settings | {"verbose": 0}))
        return mock.MagicMock()

    with mock.patch.object(keras.Model, "fit", keep):
        return run(), calls[-1]


def side_by_side(training, one_epoch):
    """Run our training, and after an epoch of it one of the source network, off its clock.

    Return what the training returns, and the seconds of the epochs; the first one of each
    also compiles, and is left out.
    """
    seconds = {SOURCE: [], OURS: []}

    class Turns(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            spent = {OURS: time.perf_counter() - self.start}
            if len(seconds[SOURCE]) < SOURCE_EPOCHS:
                spent[SOURCE] = timed(one_epoch)
            if epoch:
                for way, value in spent.items():
                    seconds[way].append(value)
            told = (f"{way} {value:.2f} s" for way, value in spent.items())
            print(f"epoch {epoch + 1}: {', '.join(told)}", file=sys.stderr)

    def watched(model, *data, callbacks=(), **settings):
        return fit(model, *data, callbacks=[*callbacks, Turns()], **settings)

    with mock.patch.object(keras.Model, "fit", watched):
        return training(), seconds


def compared(models, inputs):
    """Return the parameters, and the milliseconds that one item takes, alone and in a batch."""
    milliseconds = {}
    for batch, calls in (("1", 20), ("256", 1)):
        given = {way: inputs[way][: int(batch)] for way in models}
        tasks = {
            way: partial(model.predict_on_batch, given[way])
            for way, model in models.items()
        }
        milliseconds[batch] = {
            way: [1000 * spent / len(given[way]) for spent in seconds]
            for way, seconds in in_turns(tasks, ROUNDS, calls).items()
        }
    sizes = {way: model.count_params() for way, model in models.items()}
    return {"parameters": sizes, "milliseconds": milliseconds}


def in_turns(tasks, rounds, calls=1):
    """Return the seconds of each task, called in turns, but for the first round: it compiles."""
    seconds = {way: [] for way in tasks}
    for turn in range(rounds + 1):
        for way, task in tasks.items():
            spent = timed(task, calls)
            if turn:
                seconds[way].append(spent)
    return seconds


def timed(task, calls=1):
    """Return the seconds that a call takes, the mean of some."""
    start = time.perf_counter()
    for _ in range(calls):
        task()
    return (time.perf_counter() - start) / calls
