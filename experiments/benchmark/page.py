"""Make book/performance.md from the results and the words in page.md."""

import re
from math import log10
from pathlib import Path
from statistics import median
from string import Template

PAGE = Path(__file__).resolve().parents[2] / "book" / "performance.md"
WORDS = Path(__file__).with_name("page.md")
SOURCE, OURS = "source network", "ours"
SOURCE_EPOCHS, AGE, GENDER = 60, 8.11, 0.877  # the tutorial's training, and its level
BROWSER = """In Chromium, with one thread, our face network takes {ours} ms for a picture, and
`{rival}`, asked in turns with it on the same machine, {theirs} ms."""
MACHINE = (
    "{date}: {cores} cores ({processor}), TensorFlow {tensorflow}, load before {load}"
)


def rendered(results):
    """Return the page as Markdown."""
    words = WORDS.read_text("utf-8")
    predict, train, short = *rows(results), results["faces"]["short"]
    (_, ours), (rival, theirs) = results["browser"].items()
    browser = BROWSER.format(ours=cell(ours), rival=rival, theirs=cell(theirs))
    return Template(words).substitute(
        chart=chart({"Predict": predict, "Train": train}),
        predict=table(predict),
        browser=browser,
        train=table(train),
        short="passed both" if passed(short) else "did not pass both",
        machine=MACHINE.format(**results["machine"]),
    )


def passed(short):
    """Is a short training at the tutorial's level?"""
    return short["age"] <= AGE and short["gender"] >= GENDER


def rows(results):
    """Return what predicting costs, and training: {label: (the source's values, ours)}."""
    predict, train = {}, {}
    for kind, what in (("faces", "picture"), ("reviews", "review")):
        found = results[kind]
        alone, many = found["milliseconds"].values()
        predict[f"one {what}"] = alone[SOURCE], alone[OURS]
        predict[f"a {what} in a batch of 256"] = many[SOURCE], many[OURS]
        seconds = [found["seconds"][way] for way in (SOURCE, OURS)]
        span = "an epoch" if kind == "faces" else "the whole training"
        train[f"{kind}: seconds for {span}"] = seconds
        if kind == "faces":
            short = found["short"]
            epochs = [[SOURCE_EPOCHS], [short["epochs"]] if passed(short) else []]
            train[f"{kind}: epochs to the tutorial's level"] = epochs
            train[f"{kind}: minutes to the tutorial's level"] = [
                [n * spent / 60 for n in ns for spent in way]
                for ns, way in zip(epochs, seconds)
            ]
        train[f"{kind}: parameters"] = [
            [found["parameters"][way]] for way in (SOURCE, OURS)
        ]
    return predict, train


def table(rows):
    head = ["", SOURCE, OURS, "times"]
    body = [[label, *map(cell, row), times(*row)] for label, row in rows.items()]
    lines = [head, ["---", *["--:"] * 3], *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(values):
    """Write the median and the range."""
    if not values:
        return "not reached"
    low, high = number(min(values)), number(max(values))
    return number(median(values)) + (f" ({low} to {high})" if low != high else "")


def times(source, ours):
    return number(median(source) / median(ours), (10, 1)) if ours else "–"


def number(value, limits=(100, 10, 1)):
    """Three significant digits, or two; whole numbers as they are."""
    digits = sum(value < limit for limit in limits if isinstance(value, float))
    return f"{value:,.{digits}f}"


def chart(tables):
    """Return the ratios of the times as bars on a log axis: an SVG, 360 units wide."""
    drawn, lines, y = [], "", 20
    for name, rows in tables.items():
        drawn.append(f'<text y="{y}" font-weight="bold">{name}</text>')
        for label, row in rows.items():
            # Whole numbers are counts.
            if not (row[1] and isinstance(row[1][0], float)):
                continue
            at = place(median(row[0]) / median(row[1]))
            colour = "#d55e00" if at < ONE else "var(--pst-color-primary)"
            drawn += [
                f'<text y="{y + 22}">{re.sub("seconds for |minutes ", "", label)}</text>',
                f'<text y="{y + 22}" x="360" text-anchor="end">{times(*row)}</text>',
                f'<rect x="{min(at, ONE)}" y="{y + 28}" width="{abs(at - ONE):.1f}" '
                f'height="12" fill="{colour}"/>',
            ]
            lines += f"M0 {y + 26}v16"
            y += 42
        y += 28
    for tick in (0.1, 1, 10, 100):
        drawn += [
            f'<path d="{lines.replace("M0", f"M{place(tick)}")}" stroke="currentColor" '
            f'stroke-width="{2 if tick == 1 else 0.5}"/>',
            f'<text x="{place(tick)}" y="{y - 8}" text-anchor="middle">{tick}</text>',
        ]
    told = "Bars: how many times as fast as the source network. The tables have the numbers."
    return (
        f'<div><svg viewBox="0 0 360 {y}" role="img" aria-label="{told}" font-size="14" '
        'fill="currentColor" style="width: 100%; max-width: 30rem">\n'
        + "\n".join([*drawn, "</svg></div>"])
    )


def place(ratio):
    """Return the x of a ratio: 0.1 to 100 fit, and what is beyond ends there."""
    return round(14 + 110 * (log10(min(max(ratio, 0.1), 100)) + 1), 1)


ONE = place(1)
