"""Train the networks of data/models from scratch, with the chapters' own cells: `make models`.

The experiments of a chapter are left out: only its recipe runs, then the cells that test and save the network.
"""

import argparse
import os

import chapter_code

# The cells that define a recipe; the benchmark and the tests run them too.
FACE_CELLS = [
    "set-up", "matrices", "recolour", "augment", "pipeline", "blocks", "heads", "source", "sizes", "age-loss",
    "answer", "watch", "even-out", "muon", "train", "fast-recipe", "best-recipe",
]  # fmt: skip
REVIEW_CELLS = ["set-up", "stems", "reader", "count", "judge", "train", "train-shipped"]
RECIPES = {
    "face": (
        "05",
        [
            *FACE_CELLS, "split", "interval", "best", "longer", "test-once", "by-group", "groups-read", "save-network",
            "save-figures",
        ],  # fmt: skip
    ),
    # Its figures need the whole contest of the chapter, so they stay; the tests compare them with the new file.
    "sentiment": ("06", [*REVIEW_CELLS, "load", "learn-windows", "train-final", "save-network"]),
}


def make(name):
    """Run the cells that train, test and save the network; they decide where to by the book's switches."""
    chapter, cells = RECIPES[name]
    here = os.getcwd()
    os.chdir(chapter_code.BOOK)
    try:
        return chapter_code.load(chapter, cells)
    finally:
        os.chdir(here)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", choices=list(RECIPES), help="default: both")
    model = parser.parse_args().model
    for name in [model] if model else RECIPES:
        print(f"{name}: training", flush=True)
        make(name)


if __name__ == "__main__":
    main()
