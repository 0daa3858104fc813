"""nbval never compares pictures, so what a figure shows is asserted here, on the artists it holds."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

from cnnbook import plots, settings


@pytest.fixture
def faces():
    return np.random.default_rng(0).integers(0, 256, (7, 128, 128, 3), dtype=np.uint8)


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
    blocks = small.reshape(7, 8, 16, 8, 16, 3)
    assert (blocks == blocks[:, :, :1, :, :1]).all()
    assert np.allclose(
        blocks[:, :, 0, :, 0],
        faces.reshape(7, 8, 16, 8, 16, 3).mean(axis=(2, 4)),
        atol=1,
    )


def test_gallery_shows_each_face_with_its_caption(faces, monkeypatch):
    monkeypatch.setattr(settings, "PUBLISH", False)
    captions = [plots.caption(age, age % 2) for age in range(20, 27)]
    figure = plots.face_gallery(faces, captions, title="Seven faces")
    assert len(figure.axes) == 10 and figure.get_suptitle() == "Seven faces"
    for axis, face, text in zip(figure.axes, faces, captions):
        assert (axis.images[0].get_array() == face).all()
        assert axis.get_title(loc="center") == text
    assert captions[:2] == ["20, male", "21, female"]


def test_published_gallery_holds_no_original(faces, monkeypatch):
    monkeypatch.setattr(settings, "PUBLISH", True)
    figure = plots.face_gallery(faces, ["a"] * 7)
    for axis, face in zip(figure.axes, plots.pixelate(faces)):
        shown = np.asarray(axis.images[0].get_array())
        assert (shown == face).all()
        # Beyond recognition: eight by eight areas at the most, whatever the module's constant says.
        assert all(np.unique(shown, axis=along).shape[along] <= 8 for along in (0, 1))


def test_confusion_matrix_writes_counts_in_their_cells():
    figure = plots.confusion_matrix(
        [[118, 24], [23, 112]], ["negative", "positive"], "t"
    )
    texts = {
        t.get_position(): t.get_text().split("\n")[0] for t in figure.axes[0].texts
    }
    assert texts == {(0, 0): "118", (1, 0): "24", (0, 1): "23", (1, 1): "112"}


def test_training_curves_draw_train_validation_and_reference():
    history = {"loss": [3, 2, 1], "val_loss": [4, 3, 2]}
    figure = plots.training_curves(
        history, {"loss": ("Loss", "loss")}, {"loss": (1.5, "source")}
    )
    lines = {line.get_label(): list(line.get_ydata()) for line in figure.axes[0].lines}
    assert lines == {"train": [3, 2, 1], "validation": [4, 3, 2], "source": [1.5, 1.5]}
    assert list(figure.axes[0].lines[0].get_xdata()) == [1, 2, 3]


def test_training_curves_show_accuracies_in_percent():
    history = {
        name: [0.5, 0.9] for name in ("loss", "val_loss", "accuracy", "val_accuracy")
    }
    loss, accuracy = plots.training_curves(
        history, {"loss": ("", ""), "accuracy": ("", "")}
    ).axes
    assert accuracy.yaxis.get_major_formatter()(0.5) == "50"
    assert not isinstance(
        loss.yaxis.get_major_formatter(), type(accuracy.yaxis.get_major_formatter())
    )


def test_network_diagram_names_every_layer_with_shape_and_parameters():
    branch = [("conv_age", (28, 28, 64), 18_496), ("dense_age", (1,), 513)]
    other = [("conv_gender", (28, 28, 64), 18_496), ("dense_gender", (1,), 513)]
    figure = plots.network_diagram([("pixels", (128, 128, 3), 0)], [branch, other], "t")
    boxes = {
        t.get_text(): t.get_position() for t in figure.axes[0].texts if t.get_text()
    }
    assert boxes["pixels   128 × 128 × 3"] == (0, 0)
    assert boxes["conv_age   28 × 28 × 64\n18,496 parameters"] == (-1, -1)
    assert boxes["dense_gender   1\n513 parameters"] == (1, -2)
    assert len(boxes) == 5


def test_prediction_scatter_draws_points_diagonal_and_medians():
    true = np.array([20, 21, 22, 23, 24, 61, 62])
    predicted = np.array([30, 31, 32, 33, 34, 50, 50])
    axis = plots.prediction_scatter(true, predicted, "t").axes[0]
    assert (
        axis.collections[0].get_offsets() == np.column_stack([true, predicted])
    ).all()
    lines = {line.get_label(): line.get_xydata().tolist() for line in axis.lines}
    assert lines["perfect"] == [[0, 0], [65, 65]]
    # At the median true age, not at the decade's middle; decades with fewer than 5 faces are left out.
    assert lines["median of the decade"] == [[22, 32]]


def test_error_by_group_draws_means_intervals_and_counts():
    groups = pd.DataFrame(
        {
            "group": ["0–9", "10+"], "faces": [50, 70],
            "mae": [4.0, 8.0], "mae_low": [3.0, 7.0], "mae_high": [6.0, 9.0],
            "accuracy": [0.7, 0.9], "accuracy_low": [0.6, 0.8], "accuracy_high": [0.75, 1.0],
        }
    )  # fmt: skip
    age, gender = plots.error_by_group(groups, 6.0, 0.8).axes
    assert [bar.get_height() for bar in age.patches] == [4, 8]
    assert [bar.get_height() for bar in gender.patches] == [70, 90]
    whiskers = age.containers[0].lines[2][0].get_segments()
    assert [segment[:, 1].tolist() for segment in whiskers] == [[3, 6], [7, 9]]
    assert [label.get_text() for label in age.get_xticklabels()] == [
        "0–9\nn=50",
        "10+\nn=70",
    ]
    assert [axis.lines[-1].get_ydata()[0] for axis in (age, gender)] == [6, 80]


def test_image_row_draws_each_image_under_its_title():
    images = [np.full((4, 4), value, float) for value in range(4)]
    axes = plots.image_row(images, list("abcd"), columns=3).axes
    assert len(axes) == 6
    for axis, image, title in zip(axes, images, "abcd"):
        assert (axis.images[0].get_array() == image).all() and axis.get_title(
            loc="center"
        ) == title


def test_share_bars_draw_one_bar_per_group_and_part():
    axis = plots.share_bars(
        ["a", "b"], {"training": [60, 40], "test": [70, 30]}, "t", "x", "y"
    ).axes[0]
    heights = {
        bars.get_label(): [bar.get_height() for bar in bars] for bars in axis.containers
    }
    assert heights == {"training": [60, 40], "test": [70, 30]}
    assert [label.get_text() for label in axis.get_xticklabels()] == ["a", "b"]
    assert [bar.get_center()[0] for bar in axis.containers[0]] == pytest.approx(
        [-0.2, 0.8]
    )


@pytest.mark.parametrize(("distances", "twins"), [([0, 1e-9, 2, 4], [2]), ([2, 4], [])])
def test_nearest_distances_show_twins_apart(distances, twins):
    axis = plots.nearest_distances(distances, "t").axes[0]
    others, *apart = axis.containers
    assert others[0].get_height() == 0 and sum(bar.get_height() for bar in others) == 2
    assert [bar.get_height() for bars in apart for bar in bars] == twins
    assert axis.get_yscale() == "log"


def test_score_panels_draw_both_scores_and_references():
    figure = plots.score_panels(
        ["x", "y"], [4, 16], [0.9, 0.6], {"floor": (15, 0.5), "source": (8, 0.877)}, "t"
    )
    age, gender = figure.axes
    assert [bar.get_height() for bar in age.patches] == [4, 16]
    assert [bar.get_height() for bar in gender.patches] == pytest.approx([90, 60])
    assert [line.get_ydata()[0] for line in age.lines] == [15, 8]
    assert [line.get_ydata()[0] for line in gender.lines] == pytest.approx([50, 87.7])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "floor",
        "source",
    ]


def test_word_coverage_accumulates_shares_up_to_everything():
    axis = plots.word_coverage([5, 3, 1, 1], 2, "t").axes[0]
    coverage, mark = axis.lines
    assert coverage.get_xydata().tolist() == [[1, 50], [2, 80], [3, 90], [4, 100]]
    assert mark.get_xdata()[0] == 2 and "2" in mark.get_label()


def test_length_histogram_adds_up_to_all_reviews_of_each_part():
    axis = plots.length_histogram(
        {"training": [10, 20, 120], "test": [700]}, 550, "t"
    ).axes[0]
    labels = ("training", "test")
    outlines = {
        patch.get_label(): patch.get_xy()
        for patch in axis.patches
        if patch.get_label() in labels
    }
    assert set(outlines) == {"training", "test"}
    assert outlines["training"][:, 1].max() == pytest.approx(200 / 3)
    assert (
        outlines["test"][:, 1].max() == pytest.approx(100)
        and outlines["test"][:, 0].max() >= 700
    )
    assert axis.lines[0].get_xdata()[0] == 550


def test_encoded_matrix_leaves_padding_white():
    matrix = np.array([[3, 1, 0], [2, 0, 0]])
    image = plots.encoded_matrix(matrix, 3, "t").axes[0].images[0]
    assert image.get_array().mask.tolist() == (matrix == 0).tolist()
    assert image.get_array().compressed().tolist() == [3, 1, 2]
    assert image.get_clim() == (1, 3)


def test_convolution_of_words_writes_each_number_and_draws_each_answer():
    vectors = np.array([[0, 0], [0, 1], [-1, 0], [1, 0]])
    kernel = np.array([[0, 1], [-1, 0]])
    words = ["car", "never", "fail", "great"]
    figure = plots.convolution_of_words(
        words, vectors, ["praise", "doubt"], kernel, [0, 2, -1]
    )
    table, weights, bars, _ = figure.axes
    for axis, values in ((table, vectors), (weights, kernel)):
        assert (axis.images[0].get_array() == values.T).all()
        texts = {text.get_position(): text.get_text() for text in axis.texts}
        assert texts == {index: f"{value:g}" for index, value in np.ndenumerate(values)}
    assert [text.get_text() for text in table.get_xticklabels()] == words
    assert [bar.get_height() for bar in bars.patches] == [0, 2, -1]
    assert [text.get_text() for text in bars.get_xticklabels()] == [
        "car never",
        "never fail",
        "fail great",
    ]


def test_seed_spread_draws_every_seed_mean_median_and_reference():
    accuracies = [0.8, 0.7, 0.8, 0.79]
    axis = plots.seed_spread(accuracies, (0.75, 0.79), {"reported": 0.83}, "t").axes[0]
    dots = axis.collections[0].get_offsets().data
    assert sorted(dots[:, 0]) == pytest.approx([70, 79, 80, 80])
    assert len({tuple(dot) for dot in dots}) == 4, "equal accuracies hide one another"
    lines = {line.get_label(): list(line.get_xdata()) for line in axis.lines}
    assert lines["median"] == pytest.approx([79.5])
    assert lines["reported"] == pytest.approx([83, 83])
    mean = axis.containers[0]
    assert list(mean.lines[0].get_xdata()) == pytest.approx([77.25])
    assert mean.lines[2][0].get_segments()[0][:, 0] == pytest.approx([75, 79])


def test_accuracy_intervals_draws_each_interval_in_its_row():
    figure = plots.accuracy_intervals(
        ["first", "second"],
        [0.5, 0.8],
        [(0.4, 0.55), (0.75, 0.85)],
        ("reported", 0.83),
        "t",
    )
    axis = figure.axes[0]
    points, _, (bars,) = axis.containers[0].lines
    assert list(points.get_xdata()) == pytest.approx([50, 80])
    assert [segment[:, 0].tolist() for segment in bars.get_segments()] == [
        pytest.approx([40, 55]),
        pytest.approx([75, 85]),
    ]
    names = dict(
        zip(axis.get_yticks(), (text.get_text() for text in axis.get_yticklabels()))
    )
    assert [names[row] for row in points.get_ydata()] == ["first", "second"]
    assert names[max(names)] == "first"


def test_stem_map_colours_by_polarity_and_names_stems_without_overlap():
    points = np.array([[0.0, 0.0], [1.0, 1.0], [0.001, 0.001], [0.5, 0.2]])
    stems, polarity = (
        ["worst", "great", "hidden", "unnamed"],
        np.array([-2.0, 1.0, 0.5, 0.0]),
    )
    axis = plots.stem_map(
        points, stems, polarity, ["worst", "great", "hidden"], "t"
    ).axes[0]
    dots = axis.collections[0]
    assert (dots.get_offsets() == points).all() and (dots.get_array() == polarity).all()
    assert dots.get_clim() == (-2, 2)
    named = {text.get_text(): tuple(text.xy) for text in axis.texts}
    assert named == {"worst": (0, 0), "great": (1, 1)}


def test_position_curves_draw_each_text_and_both_levels():
    curves = {"praise": [0.9, 0.6, 0.4], "complaint": [0.1, 0.2, 0.3]}
    axis = plots.position_curves([0, 100, 200], curves, ("empty", 0.39), "t").axes[0]
    lines = {line.get_label(): list(line.get_ydata()) for line in axis.lines}
    assert lines == curves | {"empty": [0.39, 0.39], "decision at 0.5": [0.5, 0.5]}
    assert list(axis.lines[0].get_xdata()) == [0, 100, 200]


def test_network_diagram_without_branches_names_every_layer():
    trunk = [("review", (550,), 0), ("embedding", (550, 120), 411_000)]
    figure = plots.network_diagram(trunk, [], "t")
    texts = [text.get_text() for text in figure.axes[0].texts if text.get_text()]
    assert texts == ["review   550", "embedding   550 × 120\n411,000 parameters"]


def test_training_curves_name_the_held_out_curve():
    figure = plots.training_curves(
        {"loss": [2, 1], "val_loss": [3, 2]},
        {"loss": ("Loss", "loss")},
        held_out="test",
    )
    assert [line.get_label() for line in figure.axes[0].lines] == ["train", "test"]


def test_age_histogram_stacks_the_labelled_genders():
    figure = plots.age_histogram([3, 22, 23, 24, 61], [1, 0, 0, 1, 0], "t")
    bars = [bar for bar in figure.axes[0].patches if bar.get_height()]
    drawn = {
        (
            round(b.get_x()),
            matplotlib.colors.to_hex(b.get_facecolor()).upper(),
        ): b.get_height()
        for b in bars
    }
    male, female = plots.COLOURS["blue"], plots.COLOURS["orange"]
    assert drawn == {(20, male): 2, (60, male): 1, (0, female): 1, (20, female): 1}


def test_age_heaping_counts_single_years_and_marks_multiples_of_five():
    axis = plots.age_heaping(pd.Series([4, 5, 5, 7]), "t").axes[0]
    others, fives = axis.containers
    assert [(b.get_x() + 0.4, b.get_height()) for b in fives] == [(5, 2)]
    assert sum(b.get_height() for b in others) == 2 and len(others) == 6


def test_diverging_bars_draw_the_scores_in_order():
    left, right = pd.Series({"bad": -3.0, "poor": -2.0}), pd.Series({"good": 4.0})
    axis = plots.diverging_bars(left, right, "t", "z").axes[0]
    assert [bar.get_width() for bar in axis.patches] == [-3, -2, 4]
    assert [label.get_text() for label in axis.get_yticklabels()] == [
        "bad",
        "poor",
        "good",
    ]
    assert axis.yaxis_inverted()


def test_ladder_numbers_its_points_and_joins_them_in_order():
    figure = plots.ladder([0, 3], [200, 50], [9.5, 7.25], [0.8, 0.9], title="Two steps")
    for axis, values in zip(figure.axes, ([9.5, 7.25], [80, 90])):
        assert np.allclose(
            axis.collections[0].get_offsets(), np.column_stack([[200, 50], values])
        )
        assert np.allclose(
            axis.lines[0].get_xydata(), np.column_stack([[200, 50], values])
        )
        assert [text.get_text() for text in axis.texts] == ["0", "3"]
        assert axis.get_xscale() == "log" and "seconds" in axis.get_xlabel()


def test_learning_against_time_draws_logs_and_levels():
    log = [
        {"seconds": 10, "error": 12.0, "accuracy": 0.6},
        {"seconds": 20, "error": 8.0, "accuracy": 0.9},
    ]
    figure = plots.learning_against_time(
        {"ours": log}, {"source": (8.11, 0.877)}, title="t"
    )
    for axis, values, level in zip(figure.axes, ([12, 8], [60, 90]), (8.11, 87.7)):
        lines = {line.get_label(): line for line in axis.lines}
        assert np.allclose(
            lines["ours"].get_xydata(), np.column_stack([[10, 20], values])
        )
        assert np.allclose(lines["source"].get_ydata(), level)
