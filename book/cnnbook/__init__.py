"""Helpers of the book *Faces & Phrases*: finding data, the run profile, plots, and the text encoder.

Models, losses and training loops are not here: they stand in the chapters.
Nothing in this package imports TensorFlow.
"""

import contextlib
import os
import sys


class _PlainError(ValueError):
    """An error whose message is the whole story: a notebook shows it without a traceback."""

    def _render_traceback_(self):
        return [f"{type(self).__name__}: {self}"]


class ConfigurationError(_PlainError):
    """An environment switch of the book holds a value that it does not understand."""


class DataError(_PlainError):
    """The data is missing or unusable; the message names the file and the remedy."""


def switch(name, allowed, default):
    """Return the value of an environment switch; raises ConfigurationError if it is none of `allowed`."""
    value = os.environ.get(name, "") or default
    if value not in allowed:
        raise ConfigurationError(
            f"The environment variable {name} is {value!r}; "
            f"set it to one of {', '.join(allowed)}, or leave it unset for {default!r}."
        )
    return value


@contextlib.contextmanager
def quietly():
    """Context for `import tensorflow`: switches its oneDNN kernels on, and hides what its native code writes to stderr
    while it starts.

    oneDNN: TensorFlow uses it unasked only on processors with instructions for networks, such as AVX512_VNNI
    (https://github.com/tensorflow/tensorflow/releases/tag/v2.9.0). On one without, it made the training steps of
    chapters 03 and 05 a fifth to a quarter shorter. TF_ENABLE_ONEDNN_OPTS=0 in the environment leaves it off.

    stderr: TF_CPP_MIN_LOG_LEVEL alone no longer does so (seen with TensorFlow 2.21): the first
    messages appear before it is read. Python's own errors and warnings come through.
    """
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)
