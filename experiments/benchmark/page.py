"""Make book/performance.md from the results: every number on the page comes from them.

Units stand in the heads of the tables, and what was not measured is said.
"""

from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "book" / "performance.md"

OPENING = """\
# How fast it is

How long does a training take, how much memory does it need, and does the book's own design earn its keep? This page
compares the two networks of the source tutorials with what the book makes of the same tasks. A program wrote every
number here, from its own measurements: `make benchmark` (with `CNNBOOK_DATA` set) measures anew and writes this page.
"""

IN_SHORT = """\
How many times as much time the source network, or a plain loop, needs compared with ours. Below 1 ours is the slower.
To a level, only the runs that reached it count, and not all may have (a dash: none did). How many runs a figure rests on,
and how far they lie apart, stand in the tables.
"""

READING = """\
## How to read the tables

- **The short recipe** and **the long recipe** are those of chapter 05. The long one, with more
  epochs, also trained the file in `data/models`. Where it has no column, its training was not timed here, and the chapter
  prints its minutes.
- The face network in `data/models` is small but slow to answer: it asks itself four times, through two windows and mirrored.
- **Parameters** are all numbers that a network holds. In our network for reviews, three quarters of them are counted
  tables, which the training leaves as they are.
- A figure is a {term}`median <quantile>`. The brackets hold the lowest and the highest value; from twenty values on,
  the quartiles, between which the middle half lies.
- **Times as much** is the median of the source, or of the plain way, divided by ours: 2 means that ours needs half.
- Look at the ratios first. The seconds belong to one machine and to the hours in which a part ran, and whatever else the
  machine did then slowed them. So do not combine the seconds of two parts. Within a part the two sides took turns, an
  {term}`epoch` or a few calls each, until the shorter one had finished; the longer one went on alone. So the ratios change
  less than the seconds, but they change too.
- Every measurement ran in a process of its own, so the memory is its own: the largest that the process ever held,
  with Python and all that it had loaded.
- A level counts as reached at the end of the first epoch in which all scores are at least as good at once. The seconds to
  a level, and their ratio, are those of the runs that reached it: the others are left out, which flatters. The source's
  level is the median of its own final scores, so a single run of it always gets there. Scoring stops the clock. The
  scores are those of the {term}`test set`: to look at them after each epoch tells when a level is reached, and nothing is
  chosen by them.
- For single predictions, what ran is `predict_on_batch` on random input that is already in memory, the scaling of the
  pixels included. The source networks have random weights there; their speed does not depend on them.

## What is not measured

- Graphics cards, other processors, energy, downloads.
- The tutorials' own programs with the versions of their day. The source networks are those that chapters 03 and 04
  build, trained by the very cells of these chapters.
- The {term}`seed` changes what a network learns and hence when it reaches a level. A median of few seeds is a rough
  figure, and one of a single seed is an anecdote.
- Whole chapters with the real data and their full trainings: each chapter says about how long it takes.
- Whether a difference in accuracy is more than luck. The chapters ask that; here we only read the clock.
"""

DESIGNS = {
    "source": "source network",
    "fast": "ours, the short recipe",
    "best": "ours, the long recipe",
    "ours": "ours",
    "plain": "plain loop",
}
SCORES = {
    "age_mae": ("age error (years)", 1),
    "gender_accuracy": ("gender accuracy (%)", 100),
    "accuracy": ("accuracy (%)", 100),
}
LEVELS = {
    "source": "the source network, at its end in this benchmark",
    "tutorial": "the tutorial, as it reports",
}


def rendered(results):
    """Return the page as Markdown."""
    parts = {
        "faces": ("Train on faces", _training),
        "reviews": ("Train on reviews", _training),
        "inference": ("Predict", _inference),
        "input": ("Get the input ready", _input),
        "notebooks": ("Run a chapter", _notebooks),
    }
    blocks = [
        OPENING,
        "## In short\n",
        IN_SHORT,
        _table(["", "times as much"], _in_short(results)),
    ]
    for name, (title, render) in parts.items():
        blocks.append(f"## {title}\n")
        if name in results:
            blocks += render(results[name])
        else:
            blocks.append(
                f"Not measured yet (`make benchmark ARGS='--only {name}'`).\n"
            )
    blocks += [READING, "## Where it was measured\n", _machines(results)]
    return "\n".join(blocks)


def _in_short(results):
    rows = []
    for name in ("faces", "reviews"):
        for design, ratios in results.get(name, {"ratios": {}})["ratios"].items():
            rows.append(
                [
                    f"{name}: train to the level that the tutorial reports, {DESIGNS[design]}",
                    ratios["to_tutorial_level"],
                ]
            )
            rows.append(
                [
                    f"{name}: train to the source network's level, {DESIGNS[design]}",
                    ratios["to_source_level"],
                ]
            )
            rows.append(
                [
                    f"{name}: train for one epoch, {DESIGNS[design]}",
                    ratios["epoch_seconds"],
                ]
            )
        for batch, value in (
            results.get("inference", {}).get(name, {}).get("ratios", {}).items()
        ):
            rows.append([f"{name}: predict, {batch.replace('_', ' of ')}", value])
    for task in ("decoding", "encoding"):
        if "input" in results:
            rows.append([f"{task} the input", results["input"][task]["ratio"]])
    return [[what, _times(value)] for what, value in rows]


def _table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)


def _short(value):
    """Three significant digits, thousands separated."""
    digits = (
        0
        if abs(value) >= 100
        else 1
        if abs(value) >= 10
        else 2
        if abs(value) >= 1
        else 3
    )
    return f"{value:,.{digits}f}"


def _shown(spread, scale=1):
    if spread is None:
        return "–"
    median, low, high = (
        _short(spread[name] * scale) for name in ("median", "low", "high")
    )
    return median if spread["count"] == 1 else f"{median} ({low} to {high})"


def _times(ratio):
    return "–" if ratio is None else _short(ratio)


def _training(part):
    designs, levels, ratios = part["designs"], part["levels"], part["ratios"]
    scores = [name for name in SCORES if name in levels["source"]]
    head = [
        "",
        *(DESIGNS[design] for design in designs),
        *(f"times as much: {DESIGNS[design]}" for design in ratios),
    ]
    rows = [
        [
            "runs",
            *(summary["runs"] for summary in designs.values()),
            *("" for _ in ratios),
        ],
        [
            "parameters",
            *(f"{summary['parameters']:,}" for summary in designs.values()),
            *_ratios(ratios, "parameters"),
        ],
    ]
    for name, label in [
        ("epoch_seconds", "seconds for each epoch"),
        ("seconds", "seconds for the whole training"),
        ("peak_mb", "peak memory (MB)"),
    ]:
        rows.append(
            [
                label,
                *(_shown(summary[name]) for summary in designs.values()),
                *_ratios(ratios, name),
            ]
        )
    for level in LEVELS:
        cells = [
            _reached(summary["to_level"][level], summary["runs"])
            for summary in designs.values()
        ]
        rows.append(
            [
                f"seconds to the level of the {level}",
                *cells,
                *_ratios(ratios, f"to_{level}_level"),
            ]
        )
    for name in scores:
        label, scale = SCORES[name]
        cells = [_shown(summary[name], scale) for summary in designs.values()]
        rows.append([f"{label} at the end", *cells, *("" for _ in ratios)])
    goals = [
        [label, *(f"{levels[level][name] * SCORES[name][1]:.2f}" for name in scores)]
        for level, label in LEVELS.items()
    ]
    blocks = [
        _table(head, rows),
        _table(["level of", *(SCORES[name][0] for name in scores)], goals),
    ]
    watched = {
        run["recipe"]
        for run in part["runs"]
        if any(set(scores) <= set(epoch) for epoch in run["epochs"])
    }
    for design in designs:
        if design not in watched:
            blocks.append(
                f"Scored at the end alone, so that a level is reached there or not at all: {DESIGNS[design]}.\n"
            )
    return blocks


def _ratios(ratios, name):
    return [_times(ratio[name]) for ratio in ratios.values()]


def _reached(level, runs):
    reached = f"reached by {level['reached']} of {runs}"
    return f"{_shown(level['seconds'])}, {reached}" if level["reached"] else reached


def _inference(part):
    rows = []
    for kind, what in [("faces", "picture"), ("reviews", "review")]:
        for batch in (1, 256):
            times = [
                _shown(part[kind].get(design, {}).get(f"batch_{batch}"))
                for design in ("source", "ours")
            ]
            ratio = _times(part[kind].get("ratios", {}).get(f"batch_{batch}"))
            rows.append([f"one {what}, in batches of {batch}", *times, ratio])
    sides = [
        (kind, design)
        for kind in ("faces", "reviews")
        for design in ("source", "ours")
        if design in part[kind]
    ]
    sizes = []
    for kind, design in sides:
        side = part[kind][design]
        sizes.append(
            [
                f"{kind}: {DESIGNS[design]}",
                f"{side['parameters']:,}",
                _short(side["peak_mb"]),
            ]
        )
    return [
        _table(
            [
                "milliseconds",
                "source network",
                "the file in data/models",
                "times as much",
            ],
            rows,
        ),
        _table(["", "parameters", "peak memory (MB)"], sizes),
    ]


def _input(part):
    ways = []
    for name, what in [
        ("decoding", "pictures decoded"),
        ("encoding", "reviews encoded"),
    ]:
        pair = part[name]
        for way, times in [("plain", ""), ("ours", _times(pair["ratio"]))]:
            task = f"{pair['items']:,} {what}: {DESIGNS[way]}"
            ways.append(
                [
                    task,
                    _shown(pair[way]["seconds"]),
                    times,
                    _shown(pair[way]["peak_mb"]),
                ]
            )
    pipelines = []
    for design, rates in part["pipelines"].items():
        plenty = _times(rates["fed"]["median"] / rates["eaten"]["median"])
        pipelines.append(
            [DESIGNS[design], _shown(rates["fed"]), _shown(rates["eaten"]), plenty]
        )
    imports = [
        [f"`import {module}`", _shown(seconds)]
        for module, seconds in part["imports"].items()
    ]
    return [
        _table(["", "seconds", "times as much", "peak memory (MB)"], ways),
        "The plain loop over the pictures checks nothing; ours refuses hostile archives, names bad files and tells\n"
        "whether the data is the book's. The plain loop over the reviews stems each word each time that it occurs.\n",
        "Is the network ever hungry? The pipeline delivers pictures, and the training eats them:\n",
        _table(
            ["pictures a second", "delivered", "eaten", "delivered for each eaten"],
            pipelines,
        ),
        "What an import costs, in a fresh interpreter. The helpers of the book need no TensorFlow:\n",
        _table(["", "seconds"], imports),
    ]


def _notebooks(part):
    runs = part["notebooks"]
    rows = [
        [f"`{run['name']}`", _short(run["seconds"]), _short(run["kernel_peak_mb"])]
        for run in runs
    ]
    return [
        "Each notebook from top to bottom, in the quick profile and on the embedded sample. The memory is that of its\n"
        "kernel, read after each cell.\n",
        _table(["", "seconds", "peak memory (MB)"], rows),
    ]


def _machines(results):
    columns = {
        "date": "date",
        "cores": "cores",
        "processor": "cpu",
        "memory (GB)": "memory_gb",
        "load before": "load_before",
        "Python": "python",
        "TensorFlow": "tensorflow",
        "Keras": "keras",
        "NumPy": "numpy",
    }
    rows = [
        [name, *(part["measured"][key] for key in columns.values())]
        for name, part in sorted(results.items())
    ]
    return _table(["part", *columns], rows)
