"""The run's settings: how much work a notebook does, which faces may be shown, how Keras computes.

The first two are read once, at import, from the book's environment switches (the whole
list is in CONTRIBUTING.md). Notebooks use them as visible ternaries::

    EPOCHS = 60 if FULL else 2
"""

import os
import re
from pathlib import Path

from . import ConfigurationError, quietly, switch

PROCESSOR = Path("/proc/cpuinfo")

PROFILE = switch("CNNBOOK_PROFILE", ("quick", "full"), "full")
FULL = PROFILE == "full"
PUBLISH = switch("CNNBOOK_PUBLISH", ("0", "1"), "0") == "1"


def prepare_keras(backend="tensorflow"):
    """Import Keras as the chapters need it, whatever ~/.keras/keras.json says; call it before `import keras`.

    Raises ConfigurationError if Keras runs on another backend already, or TensorFlow cannot
    run on this processor: its import would end the kernel without a word.

    It also switches TensorFlow's oneDNN kernels on. Left alone, TensorFlow uses them only on
    processors with instructions for networks, such as AVX512_VNNI
    (https://github.com/tensorflow/tensorflow/releases/tag/v2.9.0). On one without, they made
    the training steps of the face networks a fifth to a quarter shorter.
    TF_ENABLE_ONEDNN_OPTS=0 in the environment leaves them off.
    """
    # Only Linux on x86-64 lists "flags"; there, TensorFlow is built for AVX.
    told = PROCESSOR.read_text("utf-8") if PROCESSOR.exists() else ""
    flags = re.search(r"^flags\s*:(.*)", told, re.M)
    if flags and "avx" not in flags[1].split():
        raise ConfigurationError(
            "The processor lacks the instructions AVX, without which TensorFlow cannot run; "
            "open the chapter in Colab, or on a newer machine."
        )
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ["KERAS_BACKEND"] = backend
    with quietly():
        from keras import config
    if config.backend() != backend:
        raise ConfigurationError(
            f"Keras runs on {config.backend()} already, not on {backend}; restart the kernel."
        )
    config.set_floatx("float32")
    config.set_epsilon(1e-7)
    config.set_image_data_format("channels_last")
