"""nbval never compares pictures: what a figure shows is asserted on the artists it holds."""

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

from cnnbook import plots, settings

LEVELS = {"floor": (15, 0.5), "source": (8, 0.877)}
ERROR_LEVELS = {"floor": [[0, 15], [1, 15]], "source": [[0, 8], [1, 8]]}
SHARE_LEVELS = {"floor": [[0, 50], [1, 50]], "source": [[0, 87.7], [1, 87.7]]}


def numbers(values):
    return np.round(np.asarray(values, float), 6).tolist()


def shown(axis):
    """Return what an axis shows, by kind of artist; lines by their label."""
    bounds = [c for c in axis.collections if isinstance(c, LineCollection)]
    dots = [c for c in axis.collections if c not in bounds]
    return {
        "lines": {line.get_label(): numbers(line.get_xydata()) for line in axis.lines},
        "dots": [point for c in dots for point in numbers(c.get_offsets())],
        "bounds": [ends for c in bounds for ends in numbers(c.get_segments())],
        "bars": [numbers(bar.get_height()) for bar in axis.patches],
        "columns": [label.get_text() for label in axis.get_xticklabels()],
        "title": axis.get_title() or axis.get_title(loc="left"),
    }


def check(figure, **parts):
    """Compare parts of what the figure's axes show; a part has one value per axis."""
    for part, panels in parts.items():
        for axis, expected in zip(figure.axes, panels):
            found = shown(axis)[part]
            if isinstance(expected, dict):
                found = {key: found.get(key) for key in expected}
            assert found == expected, part


def test_pictures_stand_in_order_under_their_captions():
    faces = np.random.default_rng(0).integers(0, 256, (7, 128, 128, 3), dtype=np.uint8)
    captions = [plots.caption(age, age % 2) for age in range(20, 27)]
    assert captions[:2] == ["20, male", "21, female"]
    for figure in (
        plots.face_gallery(faces, captions),
        plots.image_row(faces, captions, columns=5),
    ):
        assert len(figure.axes) == 10
        check(figure, title=captions)
        for axis, face in zip(figure.axes, faces):
            assert (axis.images[0].get_array() == face).all()


@pytest.fixture
def crowd():
    """500 pictures, 400 of them different, and their table: three ages, two genders."""
    rng = np.random.default_rng(0)
    different = rng.integers(0, 256, (400, 16, 16, 3), dtype=np.uint8)
    rows = np.concatenate([np.arange(400), rng.integers(0, 400, 100)])
    table = {"age": rng.choice([1, 27, 44], 400)[rows], "gender": (rows % 2)}
    return different[rows], rows, pd.DataFrame(table)


@pytest.mark.parametrize("k", [20, 11])
def test_composites_are_means_of_disjoint_groups_of_different_pictures(crowd, k):
    images, rows, faces = crowd
    shown, groups = plots.composites(images, faces["age"], faces["gender"], k)
    for group in range(groups.max() + 1):
        members = np.unique(rows[groups == group])
        assert k <= len(members) < 2 * k  # twins are in one group, and count once
        assert faces["gender"][groups == group].nunique() == 1
        mean = images[members].mean(axis=0)  # the first 400 are the different ones
        assert np.abs(shown[groups == group] - mean).max() <= 0.5 + 1e-6
    assert shown.dtype == np.uint8 and shown.shape == images.shape


def test_composites_keep_to_an_age_where_there_are_enough():
    images = np.random.default_rng(0).integers(0, 256, (80, 8, 8, 3), dtype=np.uint8)
    ages = np.repeat([1, 30, 71], [40, 25, 15])  # the last are too few for a band
    _, groups = plots.composites(images, ages, np.zeros(80))
    assert not set(groups[ages == 1]) & set(groups[ages != 1])
    with pytest.raises(ValueError, match="15 different faces of one gender, fewer"):
        plots.composites(images, ages, ages == 71)


@pytest.mark.parametrize("publish", [False, True])
def test_published_pictures_are_no_originals(crowd, monkeypatch, publish):
    images, _, faces = crowd
    monkeypatch.setattr(settings, "PUBLISH", publish)
    shown = plots.published(images, faces)
    assert (shown == images).all(axis=(1, 2, 3)).any() != publish
    assert len(shown) == len(images)


def test_training_curves():
    history = {"loss": [3, 2], "val_loss": [4, 3], "accuracy": [0.5, 0.9]}
    history["val_accuracy"] = [0.4, 0.8]
    panels, level = {"loss": ("", ""), "accuracy": ("", "")}, {"loss": (1.5, "source")}
    figure = plots.training_curves(history, panels, level, held_out="test")
    loss = {"train": [[1, 3], [2, 2]], "test": [[1, 4], [2, 3]]}
    loss |= {"source": [[0, 1.5], [1, 1.5]]}
    check(figure, lines=[loss, {"test": [[1, 0.4], [2, 0.8]]}])
    percent = [axis.yaxis.get_major_formatter()(0.5) for axis in figure.axes]
    assert percent[1] == "50" != percent[0]


def test_prediction_scatter():
    true = np.array([20, 21, 22, 23, 24, 61, 62])
    figure = plots.prediction_scatter(true, true + 10, "t")
    # At the median true age, not at the decade's middle; none for fewer than 5 faces.
    lines = {"perfect": [[0, 0], [75, 75]], "median of the decade": [[22, 32]]}
    check(figure, dots=[np.column_stack([true, true + 10]).tolist()], lines=[lines])


def test_error_by_group():
    columns = "mae mae_low mae_high accuracy accuracy_low accuracy_high".split()
    groups = pd.DataFrame([[4, 3, 6, 0.7, 0.6, 0.75], [8, 7, 9, 0.9, 0.8, 1]])
    groups = groups.set_axis(columns, axis=1).assign(group=["0–9", "10+"], faces=[5, 7])
    figure = plots.error_by_group(groups, 6.0, 0.8)
    check(figure, bars=[[4, 8], [70, 90]], columns=[["0–9\nn=5", "10+\nn=7"]])
    check(figure, bounds=[[[[0, 3], [0, 6]], [[1, 7], [1, 9]]]])
    levels = [{"all faces": [[0, y], [1, y]]} for y in (6, 80)]
    check(figure, lines=levels)


def test_score_panels():
    figure = plots.score_panels(["x", "y"], [4, 16], [0.9, 0.6], LEVELS, "t")
    check(figure, bars=[[4, 16], [90, 60]], lines=[ERROR_LEVELS, SHARE_LEVELS])
    assert [t.get_text() for t in figure.legends[0].get_texts()] == list(LEVELS)


def test_rungs_show_seeds_means_levels_and_intervals():
    years = [([9, 11], None, None), ([7, 8], 10, (-3.5, -1.5))]
    shares = [([80, 82], None, None), ([80, 84], 81, (-1, 3))]
    figure = plots.rungs(["plain", "better"], {"years": years, "%": shares})
    for axis, rows in zip(figure.axes, (years, shares)):
        drawn = [numbers(line.get_xdata()) for line in axis.lines]
        expected = []
        for seeds, level, interval in rows:
            expected += [seeds, [np.mean(seeds)]]
            if interval:
                expected += [[level + end for end in interval], [level] * 2]
        assert drawn == expected
    assert [text.get_text() for text in figure.axes[0].texts] == ["plain", "better"]


def test_length_histogram_adds_up_to_all_reviews_of_each_part():
    lengths = {"training": [10, 20, 120], "test": [700]}
    axis = plots.length_histogram(lengths, 550, "t").axes[0]
    outlines = {patch.get_label(): patch.get_xy().max(0) for patch in axis.patches}
    assert outlines["training"][1] == pytest.approx(200 / 3)
    assert outlines["test"][1] == pytest.approx(100) and outlines["test"][0] >= 700
    assert axis.lines[0].get_xdata()[0] == 550


def test_encoded_matrix_leaves_padding_white():
    image = plots.encoded_matrix([[3, 1, 0], [2, 0, 0]], 3, "t").axes[0].images[0]
    assert image.get_array().tolist() == [[3, 1, None], [2, None, None]]
    assert image.get_clim() == (1, 3)


def test_seed_spread():
    accuracies = [0.8, 0.7, 0.8, 0.79]
    figure = plots.seed_spread(accuracies, ("reported", 0.83), "t")
    # Equal accuracies stand above one another.
    check(figure, dots=[[[70, 0], [79, 0], [80, 0], [80, 1]]])
    check(figure, lines=[{"mean": [[77.25, -1]], "reported": [[83, 0], [83, 1]]}])


def test_age_histogram_stacks_the_labelled_genders():
    axis = plots.age_histogram([3, 22, 23, 24, 61], [1, 0, 0, 1, 0], "t").axes[0]
    bars = {"orange": {0: 1, 20: 1}, "blue": {20: 2, 60: 1}}
    for gender, expected in bars.items():
        colour = matplotlib.colors.to_rgba(plots.COLOURS[gender])
        own = [
            b for b in axis.patches if b.get_facecolor() == colour and b.get_height()
        ]
        assert {round(b.get_x()): b.get_height() for b in own} == expected


def test_age_heaping_counts_single_years_and_marks_multiples_of_five():
    others, fives = plots.age_heaping([4, 5, 5, 7], "t").axes[0].containers
    assert [(b.get_x() + 0.4, b.get_height()) for b in fives] == [(5, 2)]
    assert [bar.get_height() for bar in others] == [0, 0, 0, 1, 0, 1]


def test_decision_regions():
    points, labels = np.array([[1.0, 2], [-2, 1], [0, 0]]), np.array([0, 1, 1])
    models = {"right half": lambda places: (places[:, 0] > 0).astype(float)}
    figure = plots.decision_regions(points, labels, models)
    regions, *dots = figure.axes[0].collections
    assert [numbers(c.get_offsets()) for c in dots] == [[[1, 2]], [[-2, 1], [0, 0]]]
    first, second = (path.get_extents() for path in regions.get_paths())
    assert first.x1 < 0.1 and second.x0 > -0.1
