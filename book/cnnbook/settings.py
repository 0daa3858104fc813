"""The run's settings: how much work a notebook does, and which faces may be shown.

Read once, at import, from the book's environment switches (the whole list is
in CONTRIBUTING.md). Notebooks use them as visible ternaries::

    EPOCHS = 60 if FULL else 2
"""

import os

from . import switch

PROFILE = switch("CNNBOOK_PROFILE", ("quick", "full"), "full")
FULL = PROFILE == "full"
PUBLISH = switch("CNNBOOK_PUBLISH", ("0", "1"), "0") == "1"


def use_onednn():
    """Switch TensorFlow's oneDNN kernels on; call it before TensorFlow is imported.

    Left alone, TensorFlow uses them only on processors with instructions for networks, such
    as AVX512_VNNI (https://github.com/tensorflow/tensorflow/releases/tag/v2.9.0). On one
    without, they made the training steps of the face networks a fifth to a quarter shorter.
    TF_ENABLE_ONEDNN_OPTS=0 in the environment leaves them off.
    """
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
