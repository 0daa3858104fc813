"""Trainings by the chapters' own cells, watched epoch by epoch."""

import time
from unittest import mock

from tools import chapters

from cnnbook import quietly

from .turns import pause, rounded, say

with quietly():
    import keras


class Watch(keras.callbacks.Callback):
    """After each epoch note its seconds and, off the clock, the scores; then end the turn.

    `score(network)` returns a dict of scores; without it none are known before the end.
    """

    def __init__(self, score):
        super().__init__()
        self.score, self.epochs = score, []
        self.start = time.perf_counter()

    def seconds(self):
        return time.perf_counter() - self.start

    def on_epoch_begin(self, epoch, logs=None):
        self.begin = self.seconds()

    def on_epoch_end(self, epoch, logs=None):
        end = self.seconds()
        seen = {"epoch_seconds": rounded(end - self.begin), "seconds": rounded(end)}
        seen |= self.score(self.model) if self.score else {}
        say(f"epoch {len(self.epochs) + 1}: {seen}")
        self.epochs.append(seen)
        pause()
        self.start += self.seconds() - end


def run(kind, design, seed):
    """Train once; return the record."""
    train, score, early = {"faces": faces, "reviews": reviews}[kind](design, seed)
    watch, fit = Watch(early), keras.Model.fit

    def watched(model, *args, callbacks=(), **settings):
        # Without a validation, what a chapter prints after each epoch has nothing to say.
        told = keras.callbacks.LambdaCallback
        kept = [other for other in callbacks if not isinstance(other, told)]
        settings |= {"validation_data": None, "callbacks": [*kept, watch]}
        return fit(model, *args, **settings)

    with mock.patch.object(keras.Model, "fit", watched):
        model = train()
    size = {"seconds": rounded(watch.seconds()), "parameters": model.count_params()}
    return {"seed": seed, **size, **score(model), "epochs": watch.epochs}


def faces(design, seed):
    """Return (train, score, early) of the design source, fast or best.

    `train()` returns a model, `score(model)` its scores, and `early(network)` those of a
    network in training.
    """
    split = chapters.load("face-cnn", ["set-up", "split"])
    if design == "source":
        keras.utils.set_random_seed(seed)
        cells = ["branch", "network", "loss-sizes", "augment", "pipeline"]
        names = chapters.load("face-cnn", cells, **{**split, "SEED": seed})
        # Our chapter declines TensorFlow's tuner, so it must not slow its rival either.
        untuned = names["tf"].data.Options()
        untuned.autotune.enabled = False
        names["training_batches"] = names["training_batches"].with_options(untuned)
        names["network"] = names["build_source_network"]()
        pictures, prefix = names["test_images"], "dense_"
    else:
        given = {name: split[name] for name in ("images", "age", "gender")}
        names = chapters.load("better-face-cnn", ["recipe"], **given)
        pictures, prefix = split["images"][split["test"]].astype("float32"), ""

    def train():
        if design == "source":
            return chapters.load("face-cnn", ["compile", "fit"], **names)["network"]
        return names[f"train_{design}"](seed, split["train"])[0]

    def score(model):
        answers = model.predict(pictures, batch_size=100, verbose=0)
        age, gender = (answers[prefix + name][:, 0] for name in ("age", "gender"))
        age_off = abs(age - split["age"][split["test"]])
        right = (gender > 0.5) == (split["gender"][split["test"]] == 1)
        scores = {"age_mae": age_off.mean(), "gender_accuracy": right.mean()}
        return {name: round(float(value), 4) for name, value in scores.items()}

    def early(network):
        if design != "source":
            network = names["answer_model"](network, names[design.upper()])
        return score(network)

    return train, score, early


def reviews(design, seed):
    """The same of the design source, or of ours, which can be scored at its end alone."""
    cells = ["set-up", "encode", "build-network", "train-network"]
    # The last cell also trains: not here.
    with mock.patch.object(keras.Model, "fit"):
        names = chapters.load("sentiment-cnn", cells)
    if design == "ours":
        names |= chapters.load("better-sentiment-cnn", ["recipe"])

    def train():
        if design == "source":
            given = names["x_train"], names["y_train"], seed, names["rows"]
            return names["train_network"](*given)
        given = names["train"]["Review"].to_numpy(), names["y_train"], seed
        model, names["vocabulary"] = names["train_counter"](*given)
        return model

    def score(model):
        encoded = names["encode"](names["test"]["Review"], names["vocabulary"])
        right = (model.predict(encoded, verbose=0)[:, 0] > 0.5) == names["y_test"]
        return {"accuracy": round(float(right.mean()), 4)}

    return train, score, score if design == "source" else None
