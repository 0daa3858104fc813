"""nbval never compares pictures: what a figure shows is asserted on the artists it holds."""

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

from cnnbook import plots, settings


@pytest.fixture
def faces():
    return np.random.default_rng(0).integers(0, 256, (7, 128, 128, 3), dtype=np.uint8)


def numbers(values):
    return np.round(np.asarray(values, float), 6).tolist()


def shown(axis):
    """Return what an axis shows, by kind of artist; lines and texts by their label."""
    bounds = [c for c in axis.collections if isinstance(c, LineCollection)]
    dots = [c for c in axis.collections if c not in bounds]
    return {
        "x": {line.get_label(): numbers(line.get_xdata()) for line in axis.lines},
        "y": {line.get_label(): numbers(line.get_ydata()) for line in axis.lines},
        "dots": [point for c in dots for point in numbers(c.get_offsets())],
        "bounds": [ends for c in bounds for ends in numbers(c.get_segments())],
        "bars": [numbers(bar.get_height()) for bar in axis.patches],
        "widths": [numbers(bar.get_width()) for bar in axis.patches],
        "texts": {t.get_text(): numbers(t.get_position()) for t in axis.texts},
        "columns": [label.get_text() for label in axis.get_xticklabels()],
        "rows": [label.get_text() for label in axis.get_yticklabels()],
    }


def check(figure, **parts):
    """Compare parts of what the figure's axes show; each part has one value per axis."""
    for part, panels in parts.items():
        for axis, expected in zip(figure.axes, panels):
            found = shown(axis)[part]
            if isinstance(expected, dict):
                found = {key: found.get(key) for key in expected}
            assert found == expected, part


@pytest.mark.parametrize("shell", [None, object()])
def test_figures_get_twice_the_pixels_in_a_notebook_alone(shell, monkeypatch):
    formats = []
    monkeypatch.setattr(plots, "get_ipython", lambda: shell)
    monkeypatch.setattr(plots, "set_matplotlib_formats", formats.append)
    with matplotlib.rc_context():
        plots.use_style()
    assert formats == (["retina"] if shell else [])


def test_pixelate_leaves_one_colour_per_block(faces):
    small = plots.pixelate(faces, blocks=8)
    assert small.shape == faces.shape and small.dtype == np.uint8
    means = faces.reshape(7, 8, 16, 8, 16, 3).mean(axis=(2, 4))
    assert np.allclose(small, means.repeat(16, 1).repeat(16, 2), atol=1)


@pytest.mark.parametrize("publish", [False, True])
def test_a_gallery_shows_faces_and_a_published_one_no_original(
    faces, monkeypatch, publish
):
    monkeypatch.setattr(settings, "PUBLISH", publish)
    captions = [plots.caption(age, age % 2) for age in range(20, 27)]
    assert captions[:2] == ["20, male", "21, female"]
    figure = plots.face_gallery(faces, captions, title="Seven faces")
    assert len(figure.axes) == 10 and figure.get_suptitle() == "Seven faces"
    expected = plots.pixelate(faces) if publish else faces
    for axis, face, text in zip(figure.axes, expected, captions):
        image = np.asarray(axis.images[0].get_array())
        assert (image == face).all() and axis.get_title(loc="center") == text
        # Beyond recognition: eight by eight areas, whatever the module's constant says.
        areas = [np.unique(image, axis=along).shape[along] for along in (0, 1)]
        assert areas == ([8, 8] if publish else [128, 128])


def test_image_row():
    images = np.arange(64.0).reshape(4, 4, 4)
    axes = plots.image_row(images, list("abcd"), columns=3).axes
    assert len(axes) == 6
    for axis, image, title in zip(axes, images, "abcd"):
        assert (axis.images[0].get_array() == image).all()
        assert axis.get_title(loc="center") == title


def test_confusion_matrix():
    figure = plots.confusion_matrix([[3, 1], [2, 8]], ["negative", "positive"], "t")
    cells = {"3\n(75%)": [0, 0], "1\n(25%)": [1, 0], "2\n(20%)": [0, 1]}
    check(figure, texts=[cells], rows=[["negative", "positive"]])


def test_training_curves():
    history = {"loss": [3, 2], "val_loss": [4, 3], "accuracy": [0.5, 0.9]}
    history["val_accuracy"] = [0.4, 0.8]
    panels, level = {"loss": ("", ""), "accuracy": ("", "")}, {"loss": (1.5, "source")}
    figure = plots.training_curves(history, panels, level)
    loss = {"train": [3, 2], "validation": [4, 3], "source": [1.5, 1.5]}
    accuracy = {"train": [0.5, 0.9], "validation": [0.4, 0.8]}
    check(figure, y=[loss, accuracy], x=[{"train": [1, 2]}])
    percent = [axis.yaxis.get_major_formatter()(0.5) for axis in figure.axes]
    assert percent[1] == "50" != percent[0]
    check(plots.training_curves(history, panels, held_out="test"), y=[{"test": [4, 3]}])


@pytest.mark.parametrize("forks", [True, False])
def test_network_diagram(forks):
    trunk = [("pixels", (128, 128, 3), 0), ("conv", (28, 28, 64), 18_496)]
    boxes = {"pixels   128 × 128 × 3": [0, 0]}
    boxes["conv   28 × 28 × 64\n18,496 parameters"] = [0, -1]
    branches = [[("age", (1,), 0)], [("gender", (1,), 513)]] if forks else []
    ends = {"age   1": [-1, -2], "gender   1\n513 parameters": [1, -2]} if forks else {}
    figure = plots.network_diagram(trunk, branches, "t")
    check(figure, texts=[boxes | ends])
    assert sum(text.get_text() != "" for text in figure.axes[0].texts) == 2 + 2 * forks


def test_prediction_scatter():
    true = np.array([20, 21, 22, 23, 24, 61, 62])
    predicted = np.array([30, 31, 32, 33, 34, 50, 50])
    figure = plots.prediction_scatter(true, predicted, "t")
    # At the median true age, not at the decade's middle; none for fewer than 5 faces.
    medians = {"perfect": [0, 65], "median of the decade": [22]}, [32]
    check(figure, dots=[numbers(np.column_stack([true, predicted]))], x=[medians[0]])
    check(figure, y=[{"perfect": [0, 65], "median of the decade": medians[1]}])


def test_error_by_group():
    columns = "mae mae_low mae_high accuracy accuracy_low accuracy_high".split()
    groups = pd.DataFrame([[4, 3, 6, 0.7, 0.6, 0.75], [8, 7, 9, 0.9, 0.8, 1]])
    groups = groups.set_axis(columns, axis=1).assign(
        group=["0–9", "10+"], faces=[50, 70]
    )
    figure = plots.error_by_group(groups, 6.0, 0.8)
    levels = [{"all test faces": [6, 6]}, {"all test faces": [80, 80]}]
    check(
        figure, bars=[[4, 8], [70, 90]], y=levels, columns=[["0–9\nn=50", "10+\nn=70"]]
    )
    check(figure, bounds=[[[[0, 3], [0, 6]], [[1, 7], [1, 9]]]])


def test_share_bars():
    shares = {"training": [60, 40], "test": [70, 30]}
    figure = plots.share_bars(["a", "b"], shares, "t", "x", "y")
    check(figure, bars=[[60, 40, 70, 30]], columns=[["a", "b"]])
    bars = figure.axes[0].containers
    assert [b.get_label() for b in bars] == list(shares)
    assert [b[0].get_center()[0] for b in bars] == pytest.approx([-0.2, 0.2])


@pytest.mark.parametrize(("distances", "twins"), [([0, 1e-9, 2, 4], [2]), ([2, 4], [])])
def test_nearest_distances_show_twins_apart(distances, twins):
    axis = plots.nearest_distances(distances, "t").axes[0]
    others, *apart = axis.containers
    assert others[0].get_height() == 0 and sum(bar.get_height() for bar in others) == 2
    assert [bar.get_height() for bars in apart for bar in bars] == twins
    assert axis.get_yscale() == "log"


def test_score_panels():
    levels = {"floor": (15, 0.5), "source": (8, 0.877)}
    figure = plots.score_panels(["x", "y"], [4, 16], [0.9, 0.6], levels, "t")
    errors = {"floor": [15, 15], "source": [8, 8]}
    shares = {"floor": [50, 50], "source": [87.7, 87.7]}
    check(figure, bars=[[4, 16], [90, 60]], y=[errors, shares])
    assert [t.get_text() for t in figure.legends[0].get_texts()] == list(levels)


def test_word_coverage():
    figure = plots.word_coverage([5, 3, 1, 1], 2, "t")
    check(figure, y=[{"all stems of the text": [50, 80, 90, 100]}])
    check(figure, x=[{"the vocabulary ends here (2)": [2, 2]}])


def test_length_histogram_adds_up_to_all_reviews_of_each_part():
    lengths = {"training": [10, 20, 120], "test": [700]}
    axis = plots.length_histogram(lengths, 550, "t").axes[0]
    outlines = {patch.get_label(): patch.get_xy() for patch in axis.patches}
    assert outlines["training"][:, 1].max() == pytest.approx(200 / 3)
    assert outlines["test"][:, 1].max() == pytest.approx(100)
    assert outlines["test"][:, 0].max() >= 700 and axis.lines[0].get_xdata()[0] == 550


def test_encoded_matrix_leaves_padding_white():
    image = plots.encoded_matrix([[3, 1, 0], [2, 0, 0]], 3, "t").axes[0].images[0]
    assert image.get_array().tolist() == [[3, 1, None], [2, None, None]]
    assert image.get_clim() == (1, 3)


def test_convolution_of_words():
    vectors, kernel = np.array([[0, 2], [3, 4], [5, 6]]), np.array([[7, 1], [-1, 0.5]])
    words = ["car", "never", "fail"]
    dimensions = ["praise", "doubt"]
    figure = plots.convolution_of_words(words, vectors, dimensions, kernel, [2, -1])
    cells = [
        {f"{value:g}": list(place) for place, value in np.ndenumerate(values)}
        for values in (vectors, kernel)
    ]
    check(figure, texts=cells, rows=[dimensions])
    check(figure, columns=[words, ["word 1", "word 2"], ["car never", "never fail"]])
    assert shown(figure.axes[2])["bars"] == [2, -1]
    assert (figure.axes[0].images[0].get_array() == vectors.T).all()


def test_seed_spread():
    accuracies = [0.8, 0.7, 0.8, 0.79]
    figure = plots.seed_spread(accuracies, (0.75, 0.79), {"reported": 0.83}, "t")
    # Equal accuracies stand above one another.
    check(figure, dots=[[[70, 0], [79, 0], [80, 0], [80, 1]]])
    check(figure, x=[{"median": [79.5], "reported": [83, 83]}])
    check(figure, bounds=[[[[75, -1], [79, -1]]]])
    mean = figure.axes[0].containers[0].lines[0]
    assert list(mean.get_xdata()) == pytest.approx([77.25])


def test_accuracy_intervals():
    names, bounds = ["first", "second"], [(0.4, 0.55), (0.75, 0.85)]
    figure = plots.accuracy_intervals(
        names, [0.5, 0.8], bounds, ("reported", 0.83), "t"
    )
    check(figure, bounds=[[[[40, 1], [55, 1]], [[75, 0], [85, 0]]]])
    check(figure, x=[{"reported": [83, 83]}], rows=[names])
    points, places = figure.axes[0].containers[0].lines[0], figure.axes[0].get_yticks()
    assert numbers(points.get_xydata()) == [[50, 1], [80, 0]] and list(places) == [1, 0]


def test_stem_map_colours_by_polarity_and_names_stems_without_overlap():
    points = np.array([[0.0, 0.0], [1.0, 1.0], [0.001, 0.001], [0.5, 0.2]])
    stems = ["worst", "great", "hidden", "unnamed"]
    polarity = np.array([-2.0, 1.0, 0.5, 0.0])
    axis = plots.stem_map(points, stems, polarity, stems[:3], "t").axes[0]
    dots = axis.collections[0]
    assert (dots.get_offsets() == points).all() and (dots.get_array() == polarity).all()
    assert dots.get_clim() == (-2, 2)
    named = {text.get_text(): tuple(text.xy) for text in axis.texts}
    assert named == {"worst": (0, 0), "great": (1, 1)}


def test_position_curves():
    curves = {"praise": [0.9, 0.6, 0.4], "complaint": [0.1, 0.2, 0.3]}
    figure = plots.position_curves([0, 100, 200], curves, ("empty", 0.39), "t")
    levels = {"empty": [0.39, 0.39], "decision at 0.5": [0.5, 0.5]}
    check(figure, y=[curves | levels], x=[{"praise": [0, 100, 200]}])


def test_age_histogram_stacks_the_labelled_genders():
    axis = plots.age_histogram([3, 22, 23, 24, 61], [1, 0, 0, 1, 0], "t").axes[0]
    male, female = plots.COLOURS["blue"], plots.COLOURS["orange"]
    drawn = set()
    for bar in axis.patches:
        colour = matplotlib.colors.to_hex(bar.get_facecolor()).upper()
        drawn.add((round(bar.get_x()), colour, bar.get_height()))
    assert {found for found in drawn if found[2]} == {
        (20, male, 2),
        (60, male, 1),
        (0, female, 1),
        (20, female, 1),
    }


def test_age_heaping_counts_single_years_and_marks_multiples_of_five():
    others, fives = plots.age_heaping([4, 5, 5, 7], "t").axes[0].containers
    assert [(b.get_x() + 0.4, b.get_height()) for b in fives] == [(5, 2)]
    assert [bar.get_height() for bar in others] == [0, 0, 0, 1, 0, 1]


def test_diverging_bars():
    left, right = pd.Series({"bad": -3.0, "poor": -2.0}), pd.Series({"good": 4.0})
    figure = plots.diverging_bars(left, right, "t", "z")
    check(figure, widths=[[-3, -2, 4]], rows=[["bad", "poor", "good"]])
    assert figure.axes[0].yaxis_inverted()


def test_ladder_numbers_its_points_and_joins_them_in_order():
    figure = plots.ladder([0, 3], [200, 50], [9.5, 7.25], [0.8, 0.9], title="Two steps")
    for axis, values in zip(figure.axes, ([9.5, 7.25], [80, 90])):
        points, found = numbers(np.column_stack([[200, 50], values])), shown(axis)
        assert found["dots"] == numbers(axis.lines[0].get_xydata()) == points
        assert list(found["texts"]) == ["0", "3"] and axis.get_xscale() == "log"


def test_learning_against_time():
    rows = [(10, 12, 0.6), (20, 8, 0.9)]
    log = [dict(zip(("seconds", "error", "accuracy"), row)) for row in rows]
    figure = plots.learning_against_time(
        {"ours": log}, {"source": (8, 0.877)}, title="t"
    )
    errors = {"ours": [12, 8], "source": [8, 8]}
    check(figure, y=[errors, {"ours": [60, 90], "source": [87.7, 87.7]}])
    check(figure, x=[{"ours": [10, 20]}, {"ours": [10, 20]}])
