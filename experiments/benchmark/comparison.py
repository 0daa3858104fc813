"""From the runs of a training comparison to its summary: medians, spreads, times to a level, ratios."""

import numpy as np

from . import harness


def time_to(level, run, directions):
    """Seconds of training until all scores are at the level for the first time, at an epoch's end; or None.

    `directions` says for each score whether more (1) or less (-1) is better.
    """
    for state in [*run["epochs"], run]:
        scored = set(directions) <= set(state)
        if scored and all(
            sign * (state[name] - level[name]) >= 0 for name, sign in directions.items()
        ):
            return state["seconds"]
    return None


def compare(runs, directions, levels):
    """Return the summary of runs {design: [run, ...]}, of which one design is called "source".

    The level "source" is the median of what the source design scores at its end; `levels` holds more.
    """
    end = {
        name: float(np.median([run[name] for run in runs["source"]]))
        for name in directions
    }
    levels = {"source": end, **levels}
    designs = {
        design: _summary(some, directions, levels) for design, some in runs.items()
    }
    ours = {
        design: summary for design, summary in designs.items() if design != "source"
    }
    return {
        "levels": levels,
        "designs": designs,
        "ratios": {
            design: _ratios(designs["source"], summary)
            for design, summary in ours.items()
        },
    }


def _summary(runs, directions, levels):
    reached = {}
    for name, level in levels.items():
        times = [time_to(level, run, directions) for run in runs]
        times = [seconds for seconds in times if seconds is not None]
        reached[name] = {
            "reached": len(times),
            "seconds": harness.spread(times) if times else None,
        }
    epochs = [epoch["epoch_seconds"] for run in runs for epoch in run["epochs"]]
    return {
        "runs": len(runs),
        "parameters": runs[0]["parameters"],
        "epoch_seconds": harness.spread(epochs) if epochs else None,
        "to_level": reached,
        **{
            name: harness.spread([run[name] for run in runs])
            for name in ("seconds", "peak_mb", *directions)
        },
    }


def _ratios(source, ours):
    """How many times as much the source design takes; None where a side has no figure."""
    pairs = {
        name: (source[name], ours[name])
        for name in ("epoch_seconds", "seconds", "peak_mb")
    }
    for name in source["to_level"]:
        pairs[f"to_{name}_level"] = (
            source["to_level"][name]["seconds"],
            ours["to_level"][name]["seconds"],
        )
    ratios = {
        name: harness.ratio(*pair) if all(pair) else None
        for name, pair in pairs.items()
    }
    return {
        **ratios,
        "parameters": harness.rounded(source["parameters"] / ours["parameters"]),
    }
