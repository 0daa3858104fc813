"""Each notebook in the quick profile on the embedded sample: wall seconds and peak memory."""

import os
import tempfile
from pathlib import Path

from tools import chapters
from tools import execute

from . import harness


def measure(settings):
    paths = sorted(chapters.BOOK.glob("*.ipynb"))[: settings["notebooks"]]
    return {
        "settings": {**settings, "data": "sample"},
        "notebooks": [harness.alone(run, path) for path in paths],
    }


def run(path):
    os.environ.update(CNNBOOK_PROFILE="quick", CNNBOOK_OFFLINE="1")
    os.environ.pop("CNNBOOK_DATA", None)
    with tempfile.TemporaryDirectory() as folder:
        seconds, megabytes = execute.execute(path, Path(folder) / path.name)
    harness.say(f"notebooks, {path.name}: {seconds:.0f} s")
    return {
        "name": path.name,
        "seconds": harness.rounded(seconds),
        "kernel_peak_mb": round(megabytes),
    }
