"""Measure the source designs against the book's, write results.json and make the performance page from it."""

import argparse
import json
import os
from pathlib import Path

import jsonschema

from . import faces, harness, inference, inputs, notebooks, page, reviews

PARTS = {
    "input": inputs,
    "inference": inference,
    "notebooks": notebooks,
    "reviews": reviews,
    "faces": faces,
}
ON_REAL_DATA = {"input", "reviews", "faces"}
HERE = Path(__file__).resolve().parent
RESULTS, SCHEMA = HERE / "results.json", HERE / "results.schema.json"


def _at_least_one(text):
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def arguments():
    parser = argparse.ArgumentParser(prog="benchmark", description=__doc__)
    parser.add_argument(
        "--only",
        default=",".join(PARTS),
        help="these parts, comma-separated (default: %(default)s)",
    )
    for name, default, what in [
        ("--source-epochs", 60, "epochs of the source face network"),
        ("--source-seeds", 1, "trainings of the source face network"),
        ("--seeds", 3, "trainings of each of our face recipes"),
        ("--review-seeds", 5, "trainings of each review network"),
        ("--repeats", 5, "repetitions of decoding, encoding, imports and pipelines"),
    ]:
        parser.add_argument(
            name,
            type=_at_least_one,
            default=default,
            help=f"{what} (default: %(default)s)",
        )
    parser.add_argument(
        "--recipes",
        default=",".join(faces.RECIPES),
        help="our face recipes (default: %(default)s)",
    )
    parser.add_argument(
        "--to",
        type=Path,
        help="write into this folder instead of tests/benchmark and book",
    )
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="tiny, on the sample: does it run? (needs --to)",
    )
    parser.add_argument(
        "--page",
        action="store_true",
        help="measure nothing, make the page from results.json anew",
    )
    chosen = parser.parse_args()
    if unknown := set(chosen.only.split(",")) - set(PARTS):
        parser.error(f"unknown part: {', '.join(sorted(unknown))}")
    if unknown := set(chosen.recipes.split(",")) - set(faces.RECIPES):
        parser.error(f"unknown recipe: {', '.join(sorted(unknown))}")
    if chosen.smoke and not chosen.to:
        parser.error("--smoke needs --to: its results are not for the book")
    return chosen


def settings(chosen):
    """What was asked for, as it goes into the results."""
    wanted = {
        "data": "real",
        "source_epochs": chosen.source_epochs,
        "source_seeds": chosen.source_seeds,
        "seeds": chosen.seeds,
        "recipes": chosen.recipes.split(","),
        "review_seeds": chosen.review_seeds,
        "repeats": chosen.repeats,
        "turns": 10,
        "steps": 30,
        "notebooks": 99,
    }
    if chosen.smoke:
        small = (
            "source_epochs",
            "source_seeds",
            "seeds",
            "review_seeds",
            "repeats",
            "turns",
            "steps",
            "notebooks",
        )
        wanted.update(dict.fromkeys(small, 1), data="sample")
    return wanted


def set_environment(smoke):
    """The measuring processes inherit it."""
    os.environ.update(
        CNNBOOK_OFFLINE="1",
        CNNBOOK_PROFILE="quick" if smoke else "full",
        MPLBACKEND="agg",
    )
    if smoke:
        os.environ.pop("CNNBOOK_DATA", None)


def main():
    chosen = arguments()
    parts = [] if chosen.page else chosen.only.split(",")
    if not chosen.smoke and ON_REAL_DATA & set(parts):
        pass
    results_file = chosen.to / RESULTS.name if chosen.to else RESULTS
    page_file = chosen.to / page.PAGE.name if chosen.to else page.PAGE
    results_file.parent.mkdir(parents=True, exist_ok=True)
    results = (
        json.loads(results_file.read_text("utf-8")) if results_file.exists() else {}
    )
    set_environment(chosen.smoke)
    for name in parts:
        harness.say(f"== {name} ==")
        wanted, measured = settings(chosen), harness.machine()
        results[name] = {
            "measured": measured,
            "settings": wanted,
            **PARTS[name].measure(wanted),
        }
        # After each part and before it is looked at, so that a later failure loses nothing.
        results_file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        jsonschema.validate(results, json.loads(SCHEMA.read_text("utf-8")))
    page_file.write_text(page.rendered(results), encoding="utf-8")


if __name__ == "__main__":
    main()
