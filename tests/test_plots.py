"""nbval never compares pictures, so what a figure shows is asserted here, on the artists it holds."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pandas as pd
import pytest

from cnnbook import plots, profile


@pytest.fixture
def faces():
    return np.random.default_rng(0).integers(0, 256, (7, 128, 128, 3), dtype=np.uint8)


def test_pixelate_leaves_one_colour_per_block(faces):
    small = plots.pixelate(faces, blocks=8)
    assert small.shape == faces.shape and small.dtype == np.uint8
    blocks = small.reshape(7, 8, 16, 8, 16, 3)
    assert (blocks == blocks[:, :, :1, :, :1]).all()
    assert np.allclose(blocks[:, :, 0, :, 0], faces.reshape(7, 8, 16, 8, 16, 3).mean(axis=(2, 4)), atol=1)


def test_gallery_shows_each_face_with_its_caption(faces, monkeypatch):
    monkeypatch.setattr(profile, "PUBLISH", False)
    captions = [plots.caption(age, age % 2) for age in range(20, 27)]
    figure = plots.face_gallery(faces, captions)
    assert len(figure.axes) == 10
    for axis, face, text in zip(figure.axes, faces, captions):
        assert (axis.images[0].get_array() == face).all()
        assert axis.get_title(loc="center") == text
    assert captions[:2] == ["20, male", "21, female"]


def test_published_gallery_holds_no_original(faces, monkeypatch):
    monkeypatch.setattr(profile, "PUBLISH", True)
    figure = plots.face_gallery(faces, ["a"] * 7)
    for axis, face in zip(figure.axes, plots.pixelate(faces)):
        assert (axis.images[0].get_array() == face).all()


def test_confusion_matrix_writes_counts_in_their_cells():
    figure = plots.confusion_matrix([[118, 24], [23, 112]], ["negative", "positive"], "t")
    texts = {t.get_position(): t.get_text().split("\n")[0] for t in figure.axes[0].texts}
    assert texts == {(0, 0): "118", (1, 0): "24", (0, 1): "23", (1, 1): "112"}


def test_training_curves_draw_train_validation_and_reference():
    history = {"loss": [3, 2, 1], "val_loss": [4, 3, 2]}
    figure = plots.training_curves(history, {"loss": ("Loss", "loss")}, {"loss": (1.5, "source")})
    lines = {line.get_label(): list(line.get_ydata()) for line in figure.axes[0].lines}
    assert lines == {"train": [3, 2, 1], "validation": [4, 3, 2], "source": [1.5, 1.5]}
    assert list(figure.axes[0].lines[0].get_xdata()) == [1, 2, 3]


def test_network_diagram_names_every_layer_with_shape_and_parameters():
    branch = [("conv_age", (28, 28, 64), 18_496), ("dense_age", (1,), 513)]
    other = [("conv_gender", (28, 28, 64), 18_496), ("dense_gender", (1,), 513)]
    figure = plots.network_diagram([("pixels", (128, 128, 3), 0)], [branch, other], "t")
    boxes = {t.get_text(): t.get_position() for t in figure.axes[0].texts if t.get_text()}
    assert boxes["pixels   128 × 128 × 3"] == (0, 0)
    assert boxes["conv_age   28 × 28 × 64\n18,496 parameters"] == (-1, -1)
    assert boxes["dense_gender   1\n513 parameters"] == (1, -2)
    assert len(boxes) == 5


def test_prediction_scatter_draws_points_diagonal_and_medians():
    true = np.array([20, 21, 22, 23, 24, 61, 62])
    predicted = np.array([30, 31, 32, 33, 34, 50, 50])
    axis = plots.prediction_scatter(true, predicted, "t").axes[0]
    assert (axis.collections[0].get_offsets() == np.column_stack([true, predicted])).all()
    lines = {line.get_label(): line.get_xydata().tolist() for line in axis.lines}
    assert lines["perfect"] == [[0, 0], [65, 65]]
    assert lines["median of the decade"] == [[25, 32]], "decades with fewer than 5 faces are left out"


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
    assert [bar.get_height() for bar in gender.patches] == [0.7, 0.9]
    whiskers = age.containers[0].lines[2][0].get_segments()
    assert [segment[:, 1].tolist() for segment in whiskers] == [[3, 6], [7, 9]]
    assert [label.get_text() for label in age.get_xticklabels()] == ["0–9\nn=50", "10+\nn=70"]
    assert [axis.lines[-1].get_ydata()[0] for axis in (age, gender)] == [6, 0.8]


def test_image_row_draws_each_image_under_its_title():
    images = [np.full((4, 4), value, float) for value in range(4)]
    axes = plots.image_row(images, list("abcd"), columns=3).axes
    assert len(axes) == 6
    for axis, image, title in zip(axes, images, "abcd"):
        assert (axis.images[0].get_array() == image).all() and axis.get_title(loc="center") == title


def test_share_bars_draw_one_bar_per_group_and_part():
    axis = plots.share_bars(["a", "b"], {"training": [60, 40], "test": [70, 30]}, "t", "x", "y").axes[0]
    heights = {bars.get_label(): [bar.get_height() for bar in bars] for bars in axis.containers}
    assert heights == {"training": [60, 40], "test": [70, 30]}
    assert [label.get_text() for label in axis.get_xticklabels()] == ["a", "b"]
    assert [bar.get_center()[0] for bar in axis.containers[0]] == pytest.approx([-0.2, 0.8])


@pytest.mark.parametrize(("distances", "twins"), [([0, 1e-9, 2, 4], [2]), ([2, 4], [])])
def test_nearest_distances_show_twins_apart(distances, twins):
    axis = plots.nearest_distances(distances, "t").axes[0]
    others, *apart = axis.containers
    assert others[0].get_height() == 0 and sum(bar.get_height() for bar in others) == 2
    assert [bar.get_height() for bars in apart for bar in bars] == twins
    assert axis.get_yscale() == "log"


def test_score_panels_draw_both_scores_and_references():
    figure = plots.score_panels(["x", "y"], [4, 16], [0.9, 0.6], {"floor": (15, 0.5), "source": (8, 0.877)}, "t")
    age, gender = figure.axes
    assert [bar.get_height() for bar in age.patches] == [4, 16]
    assert [bar.get_height() for bar in gender.patches] == pytest.approx([90, 60])
    assert [line.get_ydata()[0] for line in age.lines] == [15, 8]
    assert [line.get_ydata()[0] for line in gender.lines] == pytest.approx([50, 87.7])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["floor", "source"]


def test_word_coverage_accumulates_shares_up_to_everything():
    axis = plots.word_coverage([5, 3, 1, 1], 2, "t").axes[0]
    coverage, mark = axis.lines
    assert coverage.get_xydata().tolist() == [[1, 50], [2, 80], [3, 90], [4, 100]]
    assert mark.get_xdata()[0] == 2 and "2" in mark.get_label()


def test_length_histogram_adds_up_to_all_reviews_of_each_part():
    axis = plots.length_histogram({"training": [10, 20, 120], "test": [700]}, 550, "t").axes[0]
    labels = ("training", "test")
    outlines = {patch.get_label(): patch.get_xy() for patch in axis.patches if patch.get_label() in labels}
    assert set(outlines) == {"training", "test"}
    assert outlines["training"][:, 1].max() == pytest.approx(200 / 3)
    assert outlines["test"][:, 1].max() == pytest.approx(100) and outlines["test"][:, 0].max() >= 700
    assert axis.lines[0].get_xdata()[0] == 550


def test_encoded_matrix_leaves_padding_white():
    matrix = np.array([[3, 1, 0], [2, 0, 0]])
    image = plots.encoded_matrix(matrix, 3, "t").axes[0].images[0]
    assert image.get_array().mask.tolist() == (matrix == 0).tolist()
    assert image.get_array().compressed().tolist() == [3, 1, 2]
    assert image.get_clim() == (1, 3)
