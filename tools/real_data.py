"""Refuse to go on without the real data: for the commands that train, measure or compare on it."""

import os
import sys
from pathlib import Path

FILES = ("train_test.zip", "car_reviews.csv")


def demand():
    """Raise SystemExit, with the remedy, unless CNNBOOK_DATA names a folder that holds both files."""
    folder = os.environ.get("CNNBOOK_DATA")
    if not folder or not all((Path(folder) / name).is_file() for name in FILES):
        sys.exit(f"Set CNNBOOK_DATA to the folder that holds {' and '.join(FILES)} (see data/README.md).")


if __name__ == "__main__":
    demand()
