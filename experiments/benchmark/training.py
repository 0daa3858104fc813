"""Watch Keras train: seconds and scores epoch by epoch. Imported by the measuring processes only."""

import contextlib
import time
from unittest import mock

from cnnbook import quietly

from . import harness

with quietly():
    import keras


class Stopwatch:
    """Seconds since it was made; what runs inside `stopped()` is not counted."""

    def __init__(self):
        self._start = time.perf_counter()

    @property
    def seconds(self):
        return time.perf_counter() - self._start

    @contextlib.contextmanager
    def stopped(self):
        begin = time.perf_counter()
        yield
        self._start += time.perf_counter() - begin


class Watch(keras.callbacks.Callback):
    """After each epoch: note its seconds and, with the watch stopped, the scores; then end the turn.

    `score(model)` returns a dict of figures. `answer_model` turns the network in training into such a
    model; with None there are no scores before the end.
    """

    def __init__(self, label, score, answer_model=lambda network: network):
        super().__init__()
        self._label, self._score, self._answer_model = label, score, answer_model
        self.epochs, self._stopwatch = [], Stopwatch()

    def on_epoch_begin(self, epoch, logs=None):
        self._begin = self._stopwatch.seconds

    def on_epoch_end(self, epoch, logs=None):
        seconds = self._stopwatch.seconds
        with self._stopwatch.stopped():
            scores = (
                self._score(self._answer_model(self.model))
                if self._answer_model
                else {}
            )
            times = {
                "epoch_seconds": harness.rounded(seconds - self._begin),
                "seconds": harness.rounded(seconds),
            }
            self.epochs.append({**times, **scores})
            told = ", ".join(
                f"{name} {value}" for name, value in self.epochs[-1].items()
            )
            harness.say(f"{self._label}, epoch {len(self.epochs)}: {told}")
            harness.pause()

    def run(self, recipe, seed, model, score=None):
        """Return the record of the training that has just ended with this model; `score` as for the epochs, or its own."""
        seconds = harness.rounded(self._stopwatch.seconds)
        record = {
            "recipe": recipe,
            "seed": seed,
            "parameters": model.count_params(),
            "seconds": seconds,
        }
        return {**record, **(score or self._score)(model), "epochs": self.epochs}


@contextlib.contextmanager
def replaced_fit(replacement):
    """Within the context every call of fit becomes `replacement(fit, model, *args, **settings)`."""
    fit = keras.Model.fit
    with mock.patch.object(
        keras.Model,
        "fit",
        lambda model, *args, **kw: replacement(fit, model, *args, **kw),
    ):
        yield


def watched(watch, **changed):
    """A replacement of fit, for recipes that take no callbacks: `watch` joins those that they have."""

    def fit_watched(fit, model, *args, callbacks=(), **settings):
        return fit(
            model,
            *args,
            callbacks=[*(callbacks or ()), watch],
            **{**settings, **changed},
        )

    return fit_watched


class _Captured(Exception):
    pass


def captured_fit(train):
    """Call `train` up to its first fit; return the compiled model and what it was going to be fed."""

    def capture(_, model, x, *args, **settings):
        raise _Captured(model, x)

    with replaced_fit(capture):
        try:
            train()
        except _Captured as caught:
            return caught.args
    raise RuntimeError("The recipe never called fit.")
