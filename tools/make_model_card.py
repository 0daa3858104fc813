"""Write the measured figures into the model card: `python -m tools.make_model_card`.

The figures come from the JSON files that the chapters store beside the models; the
card `data/models/README.md` holds them between pairs of marker comments.
"""

import json
from pathlib import Path

from tools import blocks, chapters, make_models

MODELS = Path(__file__).resolve().parents[1] / "data" / "models"
CARD = MODELS / "README.md"
CHAPTERS = {"source": "face-cnn", **make_models.CHAPTERS}

SENTIMENT = """\
| measured by chapter {chapter} | value |
|---|---|
| Seed (the first, not the best), epochs | {seed}, {epochs} |
| Words and pairs in the vocabulary | {vocabulary:,} |
| Parameters, half of them counted and not learned | {parameters:,} |
| Training reviews, invented phrases / test reviews | {train_reviews:,}, {phrases:,} / {test_reviews:,} |
| Accuracy on the training reviews | {train_accuracy:.2%} |
| **Accuracy on the test reviews** | **{test_accuracy:.2%}** |
| 95% bootstrap interval of it | {test_interval[0]:.2%} to {test_interval[1]:.2%} |
| True negatives / false positives / false negatives / true positives | {confusion_matrix[0][0]} / {confusion_matrix[0][1]} / {confusion_matrix[1][0]} / {confusion_matrix[1][1]} |
| {folds}-fold cross-validation of the recipe on all reviews, {draws} draws | {cv_accuracy:.2%} (95% interval {cv_interval[0]:.2%} to {cv_interval[1]:.2%}) |
| The best rival: {rival}, words and pairs | test {rival_accuracy:.2%}, cross-validation {rival_cv_accuracy:.2%} |
| Baseline: always the same answer | {majority_accuracy:.2%} |
| Unseen pairs with and without *not*: ordered rightly, both halves on their side | {pairs_ordered} and {pairs_on_both_sides} of {pairs} |
| P(positive) of an empty text | {empty_text:.2f} |
"""
FACE = """\
| measured by chapter {chapter} | value |
|---|---|
| Seed | {seed} |
| Epochs | {epochs} |
| Parameters | {parameters:,} |
| Training faces / test faces | {train_faces:,} / {test_faces:,} |
| **Age: mean absolute error on the test faces** | **{test_mae:.2f} years** |
| 95% bootstrap interval of it | {test_mae_interval[0]:.2f} to {test_mae_interval[1]:.2f} years |
| **Gender: accuracy on the test faces** | **{test_accuracy:.1%}** |
| 95% bootstrap interval of it | {test_accuracy_interval[0]:.1%} to {test_accuracy_interval[1]:.1%} |
| The chapter's long recipe, {recipe_epochs} epochs: age | {recipe_mae:.2f} years ({recipe_mae_interval[0]:.2f} to {recipe_mae_interval[1]:.2f}) |
| The long recipe: gender | {recipe_accuracy:.1%} ({recipe_accuracy_interval[0]:.1%} to {recipe_accuracy_interval[1]:.1%}) |
| Gender accuracy by label: female / male | {female_accuracy:.1%} / {male_accuracy:.1%} |
| Baseline: always the median age | {baseline_mae:.2f} years |

| true age | test faces | age error (years) | of the source network, chapter {source[chapter]} | gender | of the source network |
|---|--:|--:|--:|--:|--:|
{group_rows}
| all | {test_faces:,} | {test_mae:.1f} | {source[test_mae]:.1f} | {test_accuracy:.1%} | {source[test_accuracy]:.1%} |
"""


GROUP = "| {0} | {1} | {2:.1f} | {4:.1f} | {3:.1%} | {5:.1%} |"
TRIALS = """\
| recipe | cross-validation | pairs: ordered | both sides |
|---|--:|--:|--:|
"""
TRIAL = "| {recipe} | {cv_accuracy:.1%} | {ordered} | {both_sides} |\n"


def _face(figures):
    source = _figures("source")
    groups = zip(figures["groups"], source["groups"])
    rows = "\n".join(GROUP.format(*ours, *theirs[2:]) for ours, theirs in groups)
    return FACE.format(**figures, source=source, group_rows=rows)


def _trials(record):
    return TRIALS + "".join(TRIAL.format(**trial) for trial in record["reviews"])


RENDERERS = {"face": _face, "sentiment": SENTIMENT.format_map, "trials": _trials}


def _figures(name):
    figures = json.loads((MODELS / f"{name}.json").read_text(encoding="utf-8"))
    if name in CHAPTERS:
        figures["chapter"] = chapters.path(CHAPTERS[name]).name[:2]
    return figures


def rendered(card):
    """Return the text of the model card with every block made anew from its JSON file."""
    for name, render in RENDERERS.items():
        block = render(_figures(name))
        card = blocks.replaced(card, CARD, name, "make_model_card.py", block)
    return card


def main():
    CARD.write_text(rendered(CARD.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
