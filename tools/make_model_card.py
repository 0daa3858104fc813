"""Write the measured figures into the model card: `python -m tools.make_model_card`.

The figures come from the JSON files that the chapters store beside the models; the
card `data/models/README.md` holds them between pairs of marker comments.
"""

import json
import re
from pathlib import Path

from tools import chapters, make_models

MODELS = Path(__file__).resolve().parents[1] / "data" / "models"
CARD = MODELS / "README.md"
BLOCK = re.compile(r"(<!-- (\w+): begin, .*? -->\n).*?(<!-- \2: end -->)", re.S)
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
| Epochs, minutes of training on two processor cores | {epochs}, {minutes:.0f} |
| Parameters | {parameters:,} |
| Training faces | {train_faces:,} |
| Baseline: always the median age, on the test faces | {baseline_mae:.2f} years |

| judged by | faces | age error (years), 95% interval | gender, 95% interval | female / male |
|---|--:|--:|--:|--:|
| {judges} |

| true age | unseen faces | age error (years) | gender | test faces | age error (years) | of chapter {source[chapter]}'s network | gender | of chapter {source[chapter]}'s network |
|---|--:|--:|--:|--:|--:|--:|--:|--:|
| {group_rows} |
"""
JUDGE = (
    "{name} | {faces:,} | **{mae:.2f}** ({mae_interval[0]:.2f} to {mae_interval[1]:.2f}) "
    "| **{accuracy:.1%}** ({accuracy_interval[0]:.1%} to {accuracy_interval[1]:.1%}) "
    "| {female:.1%} / {male:.1%}"
)
GROUP = "{0} | {1} | {2:.1f} | {3:.1%} | {5} | {6:.1f} | {10:.1f} | {7:.1%} | {11:.1%}"


def _face(figures):
    source, judges = _figures("source"), ("test", "unseen")
    groups = zip(*(figures[name]["groups"] for name in judges[::-1]), source["groups"])
    return FACE.format(
        **figures,
        source=source,
        judges=" |\n| ".join(
            JUDGE.format(name=f"{name} faces", **figures[name]) for name in judges
        ),
        group_rows=" |\n| ".join(GROUP.format(*sum(rows, [])) for rows in groups),
    )


RENDERERS = {"face": _face, "sentiment": SENTIMENT.format_map}


def _figures(name):
    figures = json.loads((MODELS / f"{name}.json").read_text(encoding="utf-8"))
    figures["chapter"] = chapters.path(CHAPTERS[name]).name[:2]
    return figures


def rendered(card):
    """Return the text of the model card with every block made anew from its JSON file."""

    def block(found):
        begin, name, end = found.groups()
        return begin + RENDERERS[name](_figures(name)) + end

    return BLOCK.sub(block, card)


def main():
    CARD.write_text(rendered(CARD.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
