"""Figures of the book. Every function that draws takes plain arrays or tables and returns the Figure it drew."""

import hashlib
import os
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from IPython import get_ipython
from matplotlib import ticker
from matplotlib_inline.backend_inline import set_matplotlib_formats
from PIL import Image

from . import settings

# Okabe and Ito's palette, readable with every common form of colour blindness
# (https://jfly.uni-koeln.de/color/).
COLOURS = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "grey": "#7F7F7F",
}
GROUP = 20  # different pictures at least that a published face is the mean of
# Where bands of age begin (years): narrow where faces change fast.
AGE_BANDS = (3, 8, 15, 21, 26, 29, 35, 40, 50, 60, 70)
CENTRED = {"ha": "center", "va": "center"}
DASHED = {"color": COLOURS["grey"], "linestyle": "--"}  # a level to compare with
# Two panels stand one above the other: side by side, a phone would show their lettering 5 pixels high.
PANELS = (6, 7)
# What the two panels of a face network show: heading, label, and the factor from a share to percent.
SCORES = (
    ("Age: lower is better", "mean absolute error (years)", 1),
    ("Gender: higher is better", "accuracy (%)", 100),
)


def use_style():
    """Set the book's matplotlib style: sizes, palette, a white ground in both themes, double density in notebooks."""
    shell = get_ipython()
    if hasattr(shell, "kernel") and ":" not in os.environ.get("MPLBACKEND", ""):
        # Not the kernel's own choice, module://...: figures would be drawn and not shown.
        shell.run_line_magic("matplotlib", "inline")
    plt.rcParams.update(
        {
            "figure.figsize": (7, 4),
            "figure.dpi": 110,
            "savefig.bbox": "tight",
            "figure.facecolor": "white",
            "axes.prop_cycle": plt.cycler(color=list(COLOURS.values())),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.25,
            "axes.axisbelow": True,
            "axes.titlelocation": "left",
            "font.size": 10,
            "legend.frameon": False,
        }
    )
    if shell:
        # Twice the pixels at the same size on the page: sharp on today's screens.
        set_matplotlib_formats("retina")


def thumbnails(images, size=24):
    """Return uint8 images (N, H, W, 3) as float32 rows of size x size colours.

    The middle counts most, the background hardly: distances between rows say how alike
    two faces look.
    """
    box = Image.Resampling.BOX
    small = [Image.fromarray(image).resize((size, size), box) for image in images]
    fade = np.exp(-(np.linspace(-1.2, 1.2, size) ** 2) / 4)
    weights = np.outer(fade, fade)[:, :, None].astype("float32")
    return (np.stack(small) * weights).reshape(len(images), -1)


def composites(images, ages, genders, k=GROUP):
    """Return the composite of each image, uint8 (N, H, W, 3), and its group, int (N,).

    k-Same (Newton, Sweeney and Malin 2005): disjoint groups of at least `k` different
    images of one gender label and similar age (years), each shown as the group's mean, so
    that nobody can name the person behind one with a chance above 1 in k. Identical images
    count once, with the labels of the first. Chapter data-visualisation derives it. Raises
    ValueError if a gender has fewer than `k` different images.
    """
    prints = [hashlib.sha256(image.tobytes()).digest() for image in images]
    _, first, twin = np.unique(prints, return_index=True, return_inverse=True)
    looks, ages, genders = (
        np.asarray(some)[first] for some in (thumbnails(images), ages, genders)
    )
    groups, count = np.empty(len(first), int), 0
    for gender in np.unique(genders):
        for low, high in _age_bands(ages[genders == gender], k):
            left = np.flatnonzero((genders == gender) & (low <= ages) & (ages < high))
            while len(left):
                group = _most_alike(left, looks, k)
                groups[group], count = count, count + 1
                left = np.setdiff1d(left, group)
    means = [images[first[groups == group]].mean(axis=0) for group in range(count)]
    return np.rint(means).astype("uint8")[groups[twin]], groups[twin]


def _age_bands(ages, k):
    """Return [(low, high), ...]: AGE_BANDS, joined where one holds fewer than `k` ages."""
    if len(ages) < k:
        raise ValueError(f"{len(ages)} different faces of one gender, fewer than {k}.")
    edges = [-np.inf]
    for edge in AGE_BANDS:
        inside = (edges[-1] <= ages) & (ages < edge)
        if inside.sum() >= k and (ages >= edge).sum() >= k:
            edges.append(edge)
    return list(zip(edges, [*edges[1:], np.inf]))


def _most_alike(left, looks, k):
    """Return, of the rows `left`, the one that is least like the rest and its k - 1 nearest."""
    if len(left) < 2 * k:
        return left
    rows = looks[left]
    odd = rows[((rows - rows.mean(axis=0)) ** 2).sum(axis=1).argmax()]
    return left[np.argsort(((rows - odd) ** 2).sum(axis=1), kind="stable")[:k]]


def published(images, faces):
    """Return `images` as they may be stored: composites with CNNBOOK_PUBLISH=1.

    `faces` is their table, with the columns `age` and `gender`. Without that switch the
    images themselves: those of UTKFace are not the book's to redistribute.
    """
    if not settings.PUBLISH:
        return images
    return composites(images, faces["age"], faces["gender"])[0]


def caption(age, gender):
    """Return a face's caption, such as '28, female', from its labels (gender 1 = female)."""
    return f"{age:.0f}, {'female' if gender == 1 else 'male'}"


def face_gallery(images, captions, columns=5, title=None):
    """Draw uint8 images (N, H, W, 3) in rows of `columns`, a caption above each.

    They are drawn as they are: `published` makes them fit to be stored.
    """
    # A higher density would store pixels that pictures of 128 do not have.
    return _pictures(images, captions, columns, 1.75, title, dpi=80)


def _pictures(images, titles, columns, height, heading=None, **options):
    """Draw pictures in rows of `columns`, each with its title; `height` is a row's, in inches."""
    rows = -(-len(images) // columns)
    options |= {"figsize": (1.5 * columns, height * rows), "squeeze": False}
    figure, axes = plt.subplots(rows, columns, **options)
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, title in zip(axes.flat, images, titles):
        axis.imshow(image)
        axis.set_title(title, fontsize=9, loc="center")
    if heading:
        figure.suptitle(heading)
    figure.tight_layout()
    return figure


def training_curves(history, panels, reference=None, held_out="validation"):
    """Draw curves of training: a panel per entry of `panels`, two in a row, train and validation in each.

    `history` maps a metric's name, and `val_` + name, to its values per epoch (as keras `History.history`);
    `panels` maps such a name to the title and the label of the y axis; `reference` maps a name to a level
    drawn as a dashed line and its label; `held_out` is what the curves of the `val_` values are called.
    Accuracies are drawn in percent.
    """
    rows = -(-len(panels) // 2)
    figure, axes = plt.subplots(rows, 2, figsize=(7, 3 * rows), squeeze=False)
    for axis in axes.flat[len(panels) :]:
        axis.axis("off")
    for axis, (name, (title, label)) in zip(axes.flat, panels.items()):
        epochs = np.arange(1, len(history[name]) + 1)
        marker = "o" if len(epochs) == 1 else None
        parts = {"train": history[name], held_out: history["val_" + name]}
        for (part, values), colour in zip(parts.items(), ("blue", "vermilion")):
            axis.plot(epochs, values, color=COLOURS[colour], marker=marker, label=part)
        if reference and name in reference:
            level, text = reference[name]
            axis.axhline(level, **DASHED, label=text)
        axis.set(title=title, xlabel="epoch", ylabel=label)
        axis.xaxis.set_major_locator(plt.MaxNLocator(integer=True, min_n_ticks=1))
        if "accuracy" in name:
            percent = ticker.PercentFormatter(1, decimals=0, symbol="")
            axis.yaxis.set_major_formatter(percent)
        axis.legend()
    figure.tight_layout()
    return figure


def network_diagram(trunk, branches, title):
    """Draw a network as boxes: a trunk from top to bottom that forks into two branches, or into none.

    `trunk` and each of the `branches` are lists of (layer name, output shape, number of parameters).
    """
    height = len(trunk) + max((len(branch) for branch in branches), default=0)
    figure, axis = plt.subplots(figsize=(7 if branches else 4.5, 0.62 * height))

    def box(x, y, name, shape, parameters):
        text = f"{name}   {' × '.join(map(str, shape))}"
        if parameters:
            text += f"\n{parameters:,} parameters"
        colour = COLOURS["sky"] if parameters else "#E6E6E6"
        style = {"boxstyle": "round,pad=0.3", "facecolor": colour, "linewidth": 0.6}
        axis.text(x, y, text, **CENTRED, fontsize=8, bbox=style, zorder=2)

    def arrow(start, end):
        style = {"arrowstyle": "-|>", "color": COLOURS["grey"]}
        axis.annotate("", end, start, arrowprops=style, zorder=1)

    for i, layer in enumerate(trunk):
        if i:
            arrow((0, 1 - i), (0, -i + 0.32))
        box(0, -i, *layer)
    fork = 1 - len(trunk)
    for x, branch in zip((-1, 1), branches):
        arrow((0, fork), (x, fork - 0.68))
        for i, layer in enumerate(branch, start=1):
            if i > 1:
                arrow((x, fork - i + 1), (x, fork - i + 0.32))
            box(x, fork - i, *layer)
    side = 1.9 if branches else 1
    axis.set(title=title, xlim=(-side, side), ylim=(-height + 0.4, 0.6))
    axis.axis("off")
    return figure


def prediction_scatter(true_age, predicted_age, title):
    """Draw predicted against true ages (years), the diagonal, and each decade's median prediction at its median true age."""
    figure, axis = plt.subplots(figsize=(5.5, 5))
    axis.scatter(
        true_age, predicted_age, s=10, alpha=0.4, color=COLOURS["blue"], label="a face"
    )
    top = max(np.max(true_age), np.max(predicted_age)) + 3
    axis.plot([0, top], [0, top], **DASHED, label="perfect")
    decades = [(true_age >= d) & (true_age < d + 10) for d in range(0, 120, 10)]
    decades = [inside for inside in decades if np.sum(inside) >= 5]
    # Not at the decade's middle: most children of the set are babies, and 5 would make a right answer look too low.
    true, predicted = (
        [np.median(ages[inside]) for inside in decades]
        for ages in (true_age, predicted_age)
    )
    label = "median of the decade"
    axis.plot(true, predicted, color=COLOURS["vermilion"], marker="o", label=label)
    axis.set(xlabel="true age (years)", ylabel="predicted age (years)")
    axis.set(title=title, aspect="equal")
    axis.legend()
    figure.tight_layout()
    return figure


def error_by_group(groups, mean_error, mean_accuracy):
    """Draw bars with intervals per group: age error above, gender accuracy below.

    `groups` is a DataFrame with the columns group, faces, mae, mae_low, mae_high, accuracy,
    accuracy_low, accuracy_high; the two means over everybody become dashed lines.
    """
    figure, axes = plt.subplots(2, 1, figsize=PANELS)
    named = zip(groups["group"], groups["faces"])
    labels = [f"{group}\nn={faces}" for group, faces in named]
    panels = (
        ("mae", mean_error, 1, "Age", "mean absolute error (years)", COLOURS["sky"]),
        ("accuracy", mean_accuracy, 100, "Gender", "accuracy (%)", COLOURS["orange"]),
    )
    for axis, (column, overall, factor, title, label, colour) in zip(axes, panels):
        value, low, high = (
            factor * groups[column + end] for end in ("", "_low", "_high")
        )
        around = np.clip([value - low, high - value], 0, None)
        axis.bar(labels, value, yerr=around, color=colour, capsize=3)
        axis.axhline(factor * overall, **DASHED, label="all faces")
        axis.set(title=title, xlabel="true age (years)", ylabel=label)
        axis.legend(loc="lower right", bbox_to_anchor=(1, 1))
    figure.tight_layout()
    return figure


def image_row(images, titles, columns):
    """Draw float images, (H, W, 3) in 0..1 or (H, W) of any range, in rows of `columns` with titles.

    They are drawn as they are: `published` makes faces of the set fit to be stored.
    """
    return _pictures(images, titles, columns, 1.7)


def convolution_of_words(words, vectors, dimensions, kernel, outputs):
    """Draw a 1-D convolution: embedded words (words, dimensions), one filter (width, dimensions), its outputs.

    `outputs` holds one number per window of `width` words, before the activation function.
    """
    ratios = {"width_ratios": [len(words), len(kernel)], "height_ratios": [2, 3]}
    figure, axes = plt.subplots(2, 2, figsize=(7, 4.2), **ratios)
    limit = max(np.abs(vectors).max(), np.abs(kernel).max())
    windows = [" ".join(words[i : i + len(kernel)]) for i in range(len(outputs))]
    slots = [f"word {i + 1}" for i in range(len(kernel))]
    panels = (
        (axes[0, 0], vectors, words, "The words' vectors, standing upright"),
        (axes[0, 1], kernel, slots, "The filter"),
    )
    colours = {"cmap": "PuOr_r", "vmin": -1.8 * limit, "vmax": 1.8 * limit}
    for axis, rows, names, title in panels:
        values = np.transpose(rows)
        axis.imshow(values, **colours, aspect="auto")
        for (row, column), value in np.ndenumerate(values):
            axis.text(column, row, f"{value:g}", **CENTRED)
        axis.set(xticks=range(len(names)), yticks=range(len(dimensions)), title=title)
        axis.set_xticklabels(names)
        axis.set_yticklabels(dimensions if axis is axes[0, 0] else [])
        axis.grid(False)
    axis = axes[1, 0]
    colours = [COLOURS["orange"] if value > 0 else COLOURS["grey"] for value in outputs]
    axis.bar(windows, outputs, color=colours, width=0.6)
    axis.axhline(0, color="black", linewidth=0.8)
    axis.set(title="What the filter answers, window by window")
    axis.set(xlabel="window", ylabel="output")
    axes[1, 1].axis("off")
    figure.tight_layout()
    return figure


def seed_spread(accuracies, reference, title):
    """Draw a dot per seed's accuracy, their mean, and a level to compare with.

    `reference` is (label, accuracy). All accuracies are shares between 0 and 1.
    """
    values = 100 * np.sort(np.asarray(accuracies, dtype=float))
    figure, axis = plt.subplots(figsize=(7, 2.8), layout="constrained")
    # Equal accuracies stand above one another, not on top of one another.
    heights = [np.sum(values[:i] == value) for i, value in enumerate(values)]
    axis.scatter(values, heights, s=55, color=COLOURS["blue"], label="one seed each")
    mean = {"marker": "D", "color": COLOURS["vermilion"], "linestyle": "none"}
    axis.plot(values.mean(), -1, label="mean", **mean)
    label, level = reference
    axis.axvline(100 * level, color="black", linestyle="--", linewidth=1.2, label=label)
    axis.set(title=title, xlabel="accuracy on the test reviews (%)")
    axis.set(yticks=[], ylim=(-1.8, max(heights) + 0.8))
    figure.legend(loc="outside lower center", ncols=3, fontsize=9)
    return figure


def share_bars(groups, shares, title, xlabel, ylabel):
    """Draw grouped bars: for each of `groups` one bar per entry of `shares` (a label to its values in percent)."""
    figure, axis = plt.subplots(figsize=(7, 3.6))
    width = 0.8 / len(shares)
    parts = zip(shares.items(), cycle(("blue", "orange", "green")))
    for i, ((label, values), colour) in enumerate(parts):
        places = np.arange(len(groups)) + (i - (len(shares) - 1) / 2) * width
        axis.bar(places, values, width, color=COLOURS[colour], label=label)
    axis.set(title=title, xlabel=xlabel, ylabel=ylabel, xticks=range(len(groups)))
    axis.set_xticklabels(groups)
    axis.grid(axis="x", visible=False)
    axis.legend()
    return figure


def score_panels(names, errors, accuracies, references, title):
    """Draw two panels of bars, one bar per name: mean absolute error in years, and accuracy in percent.

    `references` maps a label to (error, accuracy as a share), drawn as horizontal lines.
    """
    figure, axes = plt.subplots(2, 1, figsize=PANELS)
    panels = enumerate(zip(axes, (errors, accuracies), SCORES))
    for column, (axis, values, (heading, label, factor)) in panels:
        axis.bar(names, factor * np.asarray(values), width=0.55, color=COLOURS["sky"])
        for (text, levels), style in zip(references.items(), cycle(("--", ":"))):
            look = {"color": "black", "linestyle": style, "linewidth": 1.3}
            axis.axhline(factor * levels[column], **look, label=text)
        axis.set(title=heading, ylabel=label)
        axis.grid(axis="x", visible=False)
    figure.suptitle(title)
    place = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.02)}
    levels = axes[0].get_legend_handles_labels()
    figure.legend(*levels, **place, ncols=len(references))
    figure.tight_layout()
    return figure


def length_histogram(
    lengths, limit, title, xlabel="length of the encoded review (numbers)"
):
    """Draw the lengths of texts, `lengths` mapping a label to values, as shares of each part; a line at `limit`."""
    top = max(max(np.max(values) for values in lengths.values()), limit)
    edges = np.arange(0, top + 50, 50)
    figure, axis = plt.subplots(figsize=(7, 3.6))
    for (label, values), colour in zip(lengths.items(), cycle(("blue", "orange"))):
        weights = np.full(len(values), 100 / len(values))
        shape = {"bins": edges, "weights": weights, "color": COLOURS[colour]}
        axis.hist(values, **shape, histtype="stepfilled", alpha=0.3)
        axis.hist(values, **shape, histtype="step", linewidth=1.5, label=label)
    axis.axvline(limit, color="black", linestyle="--", label=f"limit: {limit}")
    axis.set(title=title, xlabel=xlabel, ylabel="share of the reviews (%)")
    axis.legend()
    return figure


def encoded_matrix(matrix, size, title):
    """Draw encoded texts, one per row: the padding zeros stay white, each index takes a colour by its rank of `size`."""
    figure, axis = plt.subplots(figsize=(7.5, 3.4))
    shown = np.ma.masked_equal(matrix, 0)
    colours = {"norm": "log", "clim": (1, max(size, 2))}
    image = axis.imshow(shown, **colours, aspect="auto", interpolation="nearest")
    axis.set(title=title, xlabel="position in the review", ylabel="review")
    axis.grid(False)
    figure.colorbar(image, label="index (1 = most frequent stem)")
    figure.tight_layout()
    return figure


def age_histogram(ages, genders, title):
    """Draw ages (years) in steps of five, stacked by gender (1 = female, 0 = male)."""
    figure, axis = plt.subplots()
    palette = {"male": COLOURS["blue"], "female": COLOURS["orange"]}
    sns.histplot(
        x=np.asarray(ages),
        hue=np.where(np.asarray(genders) == 1, "female", "male"),
        hue_order=list(palette),
        palette=palette,
        multiple="stack",
        binwidth=5,
        binrange=(0, 120),
        alpha=1,
        ax=axis,
    )
    axis.get_legend().set_title("labelled")
    axis.set(xlabel="age (years)", ylabel="faces", title=title)
    figure.tight_layout()
    return figure


def age_heaping(ages, title):
    """Draw the number of faces for every single age (years); multiples of five have their own colour."""
    figure, axis = plt.subplots(figsize=(8, 3.6))
    years = np.arange(1, np.max(ages) + 1)
    counts = np.array([np.sum(np.asarray(ages) == year) for year in years])
    for rounded, colour, label in (
        (False, "sky", "other ages"),
        (True, "vermilion", "multiples of five"),
    ):
        chosen = (years % 5 == 0) == rounded
        axis.bar(years[chosen], counts[chosen], color=COLOURS[colour], label=label)
    axis.set(xlabel="age (years)", ylabel="faces", title=title)
    axis.legend()
    figure.tight_layout()
    return figure


def diverging_bars(left, right, title, xlabel):
    """Draw two Series of named scores as horizontal bars, `left` (vermilion) above `right` (blue), first on top."""
    figure, axis = plt.subplots(figsize=(6, 0.21 * (len(left) + len(right)) + 1))
    names = [*left.index, *right.index]
    colours = [COLOURS["vermilion"]] * len(left) + [COLOURS["blue"]] * len(right)
    axis.barh(names, [*left, *right], color=colours)
    axis.invert_yaxis()
    axis.axvline(0, color="black", linewidth=0.8)
    axis.set(xlabel=xlabel, ylabel="stem", title=title)
    axis.tick_params(axis="y", labelsize=8)
    figure.tight_layout()
    return figure


def residual_block_diagram():
    """Draw the two ways through a residual block, from left to right."""
    convolution = ["conv.\n3 x 3", "batch\nnorm."]
    return block_diagram([*convolution, "ReLU", *convolution, "+", "ReLU"])


def block_diagram(parts):
    """Draw the parts of a block in a row, and a shortcut over all before the part "+"."""
    figure, axis = plt.subplots(figsize=(6, 1.9))
    arrow = {"arrowstyle": "-|>", "color": "black", "shrinkA": 0, "shrinkB": 0}
    for place, name in enumerate(parts, start=1):
        colour = "#FBE3C0" if name == "+" else "#D6ECF8"
        box = {"boxstyle": "round", "facecolor": colour, "edgecolor": "none"}
        axis.text(place, 0, name, **CENTRED, bbox=box)
    for place in range(len(parts) + 1):
        axis.annotate("", (place + 0.62, 0), (place + 0.38, 0), arrowprops=arrow)
    end = parts.index("+") + 1
    axis.plot((0.45, 0.45, end), (0, 1, 1), color="black", linewidth=1)
    axis.annotate("", (end, 0.3), (end, 1), arrowprops=arrow)
    axis.text(end / 2 + 0.2, 1.1, "shortcut", ha="center")
    axis.set(xlim=(0.3, len(parts) + 0.7), ylim=(-0.6, 1.4))
    axis.axis("off")
    return figure


def rungs(names, panels):
    """Draw the steps of an experiment, a row each: a dot per seed, their mean, and what it is compared with.

    `panels` maps a label to a list with, for each name, the values of the seeds and, but
    for the first, the level compared with and the interval of the difference to it.
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(5.4, 0.62 * len(names) + 1.2), layout="constrained"
    )
    for axis, (label, rows) in zip(axes, panels.items()):
        for place, (values, level, interval) in enumerate(rows):
            here, blue = [place] * len(values), COLOURS["blue"]
            axis.plot(values, here, "o", color=COLOURS["sky"], markersize=5)
            axis.plot(np.mean(values), place, "D", color=blue, markersize=6, zorder=3)
            if interval is not None:
                ends = level + np.asarray(interval)
                axis.plot(ends, [place] * 2, color=blue, linewidth=2)
                stroke = place - 0.3, place + 0.3
                axis.plot([level] * 2, stroke, color="black", linewidth=1.5)
        axis.set(xlabel=label, yticks=[], ylim=(len(names) - 0.5, -0.75))
        axis.spines["left"].set_visible(False)
    for place, name in enumerate(names):
        axes[0].annotate(
            name, (0, place - 0.36), xycoords=("axes fraction", "data"), va="bottom"
        )
    return figure


def lines_and_loss(x, y, weights, grid, losses):
    """Draw points with the line y = w x of each of `weights`, and below these weights on the curve of the loss.

    `losses` are those of the weights in `grid`.
    """
    figure, (above, below) = plt.subplots(2, 1, figsize=PANELS)
    above.scatter(x, y, color="black", zorder=3, label="the examples")
    below.plot(grid, losses, color=COLOURS["grey"])
    ends = np.array([0, 1.1 * np.max(x)])
    for weight, name in zip(weights, ("orange", "blue", "vermilion")):
        label = f"w = {weight:g}"
        above.plot(ends, weight * ends, color=COLOURS[name], label=label)
        loss = np.interp(weight, grid, losses)
        below.scatter(weight, loss, s=70, color=COLOURS[name], zorder=3, label=label)
    above.set(title="Three guesses", xlabel="x", ylabel="y")
    below.set(title="How wrong each guess is", xlabel="weight w", ylabel="loss")
    above.legend()
    below.legend()
    figure.tight_layout()
    return figure


def descents(grid, losses, paths, loss):
    """Draw, one below the other, the steps of gradient descent for several learning rates.

    `paths` maps each learning rate to the weights that it visited, `loss` is the function of
    one weight, and `losses` are its values for the weights in `grid`, which the panels show.
    """
    size = (6, 2.6 * len(paths))
    figure, axes = plt.subplots(len(paths), 1, figsize=size, squeeze=False)
    top = max(losses)
    for axis, (rate, path) in zip(axes[:, 0], paths.items()):
        axis.plot(grid, losses, color=COLOURS["grey"])
        heights = [loss(weight) for weight in path]
        axis.plot(path, heights, "o-", color=COLOURS["blue"], markersize=5, alpha=0.8)
        axis.plot(path[0], heights[0], "o", color=COLOURS["orange"], markersize=9)
        axis.set(xlim=(min(grid), max(grid)), ylim=(-0.05 * top, top), ylabel="loss")
        axis.set_title(f"learning rate {rate:g}: {len(path) - 1} steps")
    axes[-1, 0].set_xlabel("weight w")
    figure.tight_layout()
    return figure


def decision_regions(points, labels, models, side=60):
    """Draw points (N, 2) of two classes, and where each model sees the second class.

    `models` maps a title to a function from points to P(second class), shape (N,).
    """
    figure, axes = plt.subplots(1, len(models), figsize=(7, 3.7), squeeze=False)
    limit = 1.1 * np.abs(points).max()
    axis_values = np.linspace(-limit, limit, side)
    grid = np.stack(np.meshgrid(axis_values, axis_values), axis=-1)
    for axis, (title, model) in zip(axes[0], models.items()):
        shares = model(grid.reshape(-1, 2)).reshape(side, side)
        axis.contourf(*grid.T, shares.T, [0, 0.5, 1], colors=["#F8DDB0", "#BFDDF0"])
        for label, name, marker in ((0, "vermilion", "o"), (1, "blue", "^")):
            chosen = points[labels == label]
            axis.scatter(*chosen.T, s=14, color=COLOURS[name], marker=marker)
        axis.set(title=title, aspect="equal", xticks=[], yticks=[])
    figure.tight_layout()
    return figure


def backpropagation(values, gradients):
    """Draw the graph of a network of two neurons, with the numbers of both passes on its arrows.

    `values` and `gradients` map the names x, w1, w1 x, b1, z, h, w2, w2 h, b2, guess, y, loss to numbers;
    `gradients` holds those for which the slope of the loss is known.
    """
    figure, axis = plt.subplots(figsize=(7.5, 3.4))
    arrow = {"arrowstyle": "-|>", "color": COLOURS["grey"], "shrinkA": 0, "shrinkB": 0}
    box = {"boxstyle": "round,pad=0.4", "facecolor": "#E6E6E6"}

    def label(x, y, name):
        numbers = [(name, "black")]
        for known, colour in ((values, "blue"), (gradients, "vermilion")):
            if name in known:
                numbers.append((f"{known[name]:g}", COLOURS[colour]))
        for i, (text, colour) in enumerate(numbers):
            axis.text(x, y - 0.3 * i, text, color=colour, ha="center", va="top")

    for column, text in enumerate(("×", "+", "ReLU", "×", "+", "(·−y)²"), start=1):
        axis.text(column, 0, text, **CENTRED, bbox=box, zorder=3)
    for column, name in ((1, "w1"), (2, "b1"), (4, "w2"), (5, "b2"), (6, "y")):
        axis.annotate("", (column, 0.25), (column, 0.8), arrowprops=arrow)
        label(column, 1.75, name)
    for column, name in enumerate(("x", "w1 x", "z", "h", "w2 h", "guess", "loss")):
        middle = column + 0.5
        axis.annotate("", (middle + 0.2, 0), (middle - 0.2, 0), arrowprops=arrow)
        label(middle, -0.3, name)
    axis.text(0.3, -1.7, "upper number, forward: the value", color=COLOURS["blue"])
    note = "lower number, backward: the slope"
    axis.text(3.7, -1.7, note, color=COLOURS["vermilion"])
    axis.set(xlim=(0.2, 6.9), ylim=(-1.8, 1.8))
    axis.axis("off")
    return figure


def number_grids(grids, marks=()):
    """Draw small arrays side by side, their numbers in the cells; `grids` maps a title to an array (H, W).

    `marks` holds one (row, column, height, width) a grid, the part to frame, or None.
    """
    widths = [np.shape(grid)[1] for grid in grids.values()]
    cell = min(0.6, 7 / sum(widths))  # inches; as large in every grid
    height = cell * max(len(grid) for grid in grids.values()) + 0.5
    size = (cell * sum(widths) + 0.5 * len(grids), height)
    figure, axes = plt.subplots(
        1, len(grids), figsize=size, width_ratios=widths, squeeze=False
    )
    for axis, (title, grid) in zip(axes[0], grids.items()):
        limit = np.abs(grid).max() or 1
        axis.imshow(grid, cmap="PuOr_r", vmin=-1.8 * limit, vmax=1.8 * limit)
        for (row, column), value in np.ndenumerate(grid):
            axis.text(column, row, f"{value:.0f}", **CENTRED, fontsize=9)
        axis.set(title=title, xticks=[], yticks=[])
        axis.grid(False)
    for axis, mark in zip(axes[0], marks):
        if mark:
            row, column, height, width = mark
            corner = column - 0.5, row - 0.5
            style = {"fill": False, "linewidth": 3, "edgecolor": COLOURS["vermilion"]}
            axis.add_patch(plt.Rectangle(corner, width, height, **style))
    figure.tight_layout()
    return figure
