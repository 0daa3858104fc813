"""Make book/performance.md from the results and the words in page.md."""

from pathlib import Path
from statistics import median
from string import Template

from .measure import PARTS

PAGE = Path(__file__).resolve().parents[2] / "book" / "performance.md"
WORDS = Path(__file__).with_name("page.md")
# Of each score: its name, its factor, whether more or less is better, the tutorial's.
SCORES = {
    "age_mae": ("age error (years)", 1, -1, 8.11),
    "gender_accuracy": ("gender accuracy (%)", 100, 1, 0.8770),
    "accuracy": ("accuracy (%)", 100, 1, 0.8303),
}
LEVEL = "seconds to the level of the"
IN_SHORT = "seconds for an epoch", LEVEL, "milliseconds for", "decode", "encode"


def rendered(results):
    """Return the page as Markdown."""
    filled, short_rows = {}, []
    for part in PARTS:
        filled[part] = f"Not measured yet: `make benchmark ARGS='--only {part}'`.\n"
        if part not in results:
            continue
        runs = results[part].get("runs")
        rows = training_rows(runs) if runs else results[part]["rows"]
        filled[part] = table(rows)
        if runs:
            filled[part] += "\n" + table(score_rows(runs))
        for label in filter(lambda label: label.startswith(IN_SHORT), rows):
            for other, ratio in ratios(rows[label]).items():
                short_rows.append([f"{part}: {label}, {other}", ratio])
    filled["short"] = lines(["", "times as much"], short_rows)
    measured = {part: results[part]["measured"] for part in PARTS if part in results}
    head = ["part", *next(iter(measured.values()), {})]
    about = [[part, *facts.values()] for part, facts in measured.items()]
    filled["machines"] = lines([name.replace("_", " ") for name in head], about)
    return Template(WORDS.read_text("utf-8")).substitute(filled)


def table(rows):
    """Return the table of {label: {method: values}}: the methods, the first one's ratios."""
    body = []
    for label, cells in rows.items():
        body.append([label, *map(cell, cells.values()), *ratios(cells).values()])
    others = ratios(cells)
    return lines(["", *cells, *(f"times as much as {it}" for it in others)], body)


def lines(head, rows):
    rows = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(str, row))} |\n" for row in rows)


def known(values):
    return [value for value in values if value is not None]


def ratios(cells):
    """How many times as much the source network, or the plain loop, needs; by its rival."""
    base, *others = cells
    if base not in ("source network", "plain loop") or "the tutorial" in others:
        return {}
    middle = {name: median(known(values) or [0]) for name, values in cells.items()}
    first = middle.pop(base)
    return {m: short(first / it) if first and it else "–" for m, it in middle.items()}


def cell(values):
    """Write the median, the range, and how many of the values there are, if not all."""
    some = known(values)
    of = f"{len(some)} of {len(values)}"
    if not some:
        return of
    low, high = short(min(some)), short(max(some))
    text = short(median(some)) + (f" ({low} to {high})" if low != high else "")
    return text if len(some) == len(values) else f"{text}, {of}"


def short(value):
    """Three significant digits, thousands separated; whole numbers as they are."""
    digits = sum(value < limit for limit in (100, 10, 1) if isinstance(value, float))
    return f"{value:,.{digits}f}"


def each(runs, value):
    return {name: [value(run) for run in of] for name, of in runs.items()}


def source_scores(runs):
    """Return {score: the median of what the source network reaches at its end}."""
    source = next(iter(runs.values()))
    some = [name for name in SCORES if name in source[0]]
    return {name: median(run[name] for run in source) for name in some}


def seconds_to(level, run):
    """Seconds until all scores are at the level at once, at an epoch's end; or None."""
    for state in [*run["epochs"], run]:
        if level.keys() <= state.keys() and all(
            SCORES[name][2] * (state[name] - goal) >= 0 for name, goal in level.items()
        ):
            return state["seconds"]
    return None


def training_rows(runs):
    source = source_scores(runs)
    tutorial = {name: SCORES[name][3] for name in source}
    epochs = {
        name: [e for run in of for e in run["epochs"]] for name, of in runs.items()
    }
    return {
        "seconds for an epoch": each(epochs, lambda epoch: epoch["epoch_seconds"]),
        "seconds for the whole training": each(runs, lambda run: run["seconds"]),
        f"{LEVEL} tutorial": each(runs, lambda run: seconds_to(tutorial, run)),
        f"{LEVEL} source network": each(runs, lambda run: seconds_to(source, run)),
        "parameters": each(runs, lambda run: run["parameters"]),
        "peak memory (MB)": each(runs, lambda run: run["peak_mb"]),
    }


def score_rows(runs):
    counts = {name: [len(of)] for name, of in runs.items()}
    rows = {"trainings": {**counts, "the tutorial": [1]}}
    for score in source_scores(runs):
        label, factor, _, reported = SCORES[score]
        ends = each(runs, lambda run: factor * run[score])
        rows[f"{label} at the end"] = {**ends, "the tutorial": [factor * reported]}
    return rows
