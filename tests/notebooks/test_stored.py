"""The stored chapters and pages: the linter finds nothing, and outputs hold facts."""

import os
import re
from functools import cache

import numpy as np
import pytest
import yaml
from tools import chapters
from tools import lint_notebooks as linter

REAL = os.environ.get("CNNBOOK_DATA")
CHAPTERS = [path.stem[3:] for path in chapters.files(".ipynb")]


@cache
def code(slug):
    return linter.cells(linter.read(chapters.path(slug)), "code")


def shown(slug, cell_id=None):
    """Return what the stored outputs of a chapter, or of one of its cells, say."""
    wanted = [cell for cell in code(slug) if cell_id in (None, cell.id)]
    assert wanted, f"{slug} has no cell {cell_id}"
    return "\n".join(text for cell in wanted for text in linter.output_texts(cell))


def plain(text):
    return " ".join(re.sub(r"[\[\](),]", "", text).split())


@pytest.mark.parametrize("slug", CHAPTERS)
def test_the_first_code_cell_is_the_same_everywhere_and_names_the_repository(slug):
    first, own = (code(s)[0].source for s in (CHAPTERS[0], slug))
    assert own == first
    told = yaml.safe_load((chapters.BOOK.parent / "_config.yml").read_text("utf-8"))
    for name, key in ("REPOSITORY", "url"), ("REVISION", "branch"):
        assert f'{name} = "{told["repository"][key]}"\n' in own


def test_the_linter_finds_nothing(capsys):
    with pytest.raises(SystemExit):
        linter.main()
    assert capsys.readouterr().out == ""


@pytest.mark.skipif(not REAL, reason="CNNBOOK_DATA is not set: no real faces are here")
def test_no_face_is_shown_in_two_groups_and_the_thief_fails():
    cells = "set-up load-faces one-group re-identify"
    chapter = chapters.load("data-visualisation", cells.split())
    group, groups = chapter["group"], chapter["groups"]
    assert set(group) == set(np.flatnonzero(groups == groups[group[0]]))
    assert chapter["sizes"].min() >= 20 and chapter["hits"].mean() <= 1 / 20


FACTS = {
    "data-visualisation": "5,000; 2,584; 2,416; 33.07; 1,382; 691",
    "preprocessing": "5,000; 4,000; 1,000; 9,033; 3,424; 1,105; 277; "
    "38 818 3 2253 200 1 997 1042 682 1064 2503 978 33 654",
    "face-cnn": "12,894,242",
    "sentiment-cnn": "528,493",
    "better-face-cnn": "12,894,242; 892,774",
    "better-sentiment-cnn": "1,105; 277",
    "borrow": "3,413,024; 4,000; 2,000 unseen faces",
    "looking-inside": "first layer (32, 32, 32); last (8, 8, 32)",
    "whom-does-it-fail": "3,000 faces to ask about; 3,543,686",
    "growing": "23,704 pictures; process 1 of 2 reads 4 shards; 3.6 MB, 35 steps",
}
PAIRS = [(slug, fact) for slug in FACTS for fact in FACTS[slug].split("; ")]


@pytest.mark.parametrize("slug, fact", PAIRS)
def test_stored_outputs_hold_the_fact(slug, fact):
    wanted = re.escape(plain(fact))
    assert re.search(rf"(?<![\d.]){wanted}(?!\d)", plain(shown(slug)))


@pytest.mark.parametrize("slug", sorted({*CHAPTERS} - {"how-a-network-learns"}))
def test_stored_outputs_come_from_the_real_data(slug):
    assert "the data this book was built with" in plain(shown(slug))


AGE, GENDER = "age: mean absolute error on test faces", "gender: accuracy on test faces"
PROMISES = [
    ("face-cnn", AGE, 0, 8.6),
    ("face-cnn", GENDER, 86, 100),
    ("better-face-cnn", AGE, 0, 6.0),
    ("better-face-cnn", GENDER, 91, 100),
    ("better-sentiment-cnn", "accuracy on the fixed test reviews", 83, 100),
    ("better-sentiment-cnn", "accuracy in 10-fold cross-validation", 83, 100),
    ("borrow", r"borrowed \| unseen", 0, 5.5),
]


@pytest.mark.parametrize("slug, row, least, most", PROMISES)
def test_a_network_is_as_good_as_promised(slug, row, least, most):
    table = shown(slug, "summary-table")
    (figure,) = re.findall(rf"{row} \| ([\d.]+)", table)
    assert least <= float(figure) <= most


def test_the_best_c_lies_inside_its_grid():
    told = shown("sentiment-cnn", "tfidf-fit")
    scores, marks = zip(*re.findall(r"C = \S+ +([\d.]+)%( <- best)?", told))
    best = marks.index(" <- best")
    assert 0 < best < len(scores) - 1
    assert float(scores[best]) == max(map(float, scores))


@pytest.mark.parametrize("method", ["occlusion", "integrated gradients"])
def test_maps_know_more_than_chance(method):
    table = shown("looking-inside", "delete-table")
    (row,) = re.findall(rf"\| {method} \|.*", table)
    assert len(re.findall(r"\| \+[\d.]+ to \+", row)) == 2


def test_maps_of_a_shuffled_network_are_other_maps():
    told = shown("looking-inside", "shuffle-read").replace("−", "-")
    left = dict(re.findall(r"(occlusion|Grad-CAM): (-?[\d.]+)", told))
    assert len(left) == 2 and all(abs(float(value)) < 0.2 for value in left.values())
