"""Train the networks of data/models from scratch, with the chapters' own cells: `make models`.

Only the cells tagged `recipe` run, which define how a network is made, and those tagged
`ship`, which train, test and save it. The figures of the network for reviews need the whole
contest of its chapter, so they stay; the tests compare them with the new file. That chapter
06 chose its recipe by an experiment is taken from its figures, not repeated.
"""

import argparse
import contextlib
import json
from pathlib import Path

from tools import chapters

CHAPTERS = {"face": "better-face-cnn", "sentiment": "better-sentiment-cnn"}


def make(name):
    """Run the cells; they decide where to save the network by the book's switches."""
    with contextlib.chdir(chapters.BOOK):
        figures = json.loads(Path("../data/models/face.json").read_text("utf-8"))
        return chapters.load(CHAPTERS[name], ["recipe", "ship"], best=figures["recipe"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", choices=CHAPTERS, help="default: both")
    model = parser.parse_args().model
    for name in [model] if model else CHAPTERS:
        print(f"{name}: training", flush=True)
        make(name)


if __name__ == "__main__":
    main()
