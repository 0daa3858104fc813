"""Helpers of the book *Faces & Phrases*: data, text, statistics, plots, the run's settings.

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
    """The environment or the machine is not as the book needs it."""


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
    """Context for `import tensorflow`: nothing is written to standard error in it.

    TF_CPP_MIN_LOG_LEVEL alone no longer does so (seen with TensorFlow 2.21): the first
    messages appear before it is read. So the process's standard error is closed for the
    while, and that swallows what Python writes there too, warnings included; a notebook
    shows Python's, which go another way. Exceptions are raised as always. Afterwards
    TensorFlow's native code reports nothing but its own crash, unless the reader has set that
    variable.
    """
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
