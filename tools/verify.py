"""Execute notebooks again, in a copy of the book, and compare every figure with the stored one: `make verify`.

A figure is a number in the text of an output. Line by line, the words must be the same and each number within
the tolerance that stands beside it: in the metadata of its cell, by unit.

    "tolerance": {"years": 0.4, "%": 2, "decimal": 0.1, "minutes": null}

The unit is what follows the number; numbers without one are `decimal` or `whole`. null means that nothing is compared:
for what a clock says, and, as `words`, for lists of words that are partly chance. Without a tolerance, numbers must be
equal. Cells tagged `nbval-ignore-output` are left out. `--exact` knows no tolerance and compares pictures too: that is
for two runs on one machine.
"""

import argparse
import html
import re
import shutil
import sys
from pathlib import Path

import nbformat

from tools.execute import FAILURES, execute

ROOT = Path(__file__).resolve().parents[1]
COPY = ROOT / "_build" / "verify"
UNITS = r"%|years?\b|points?\b|minutes?\b|seconds?\b|s\b|times\b"
NUMBER = re.compile(
    rf"(?<![\w.])([-+−]?\d+(?:,\d{{3}})*(?:\.\d+)?)(?:\s*\**\s*({UNITS}))?"
)
IGNORED = "nbval-ignore-output"
DRIFTED, OTHERS = "DRIFTED", ("OTHER WORDS", "OTHER LINES", "OTHER PICTURE")


def texts(cell):
    """Return the lines of a cell's outputs, as a reader sees them: Markdown, else a table's text, else plain text."""
    lines = []
    for output in cell.outputs:
        data = output.get("data", {})
        if output.output_type == "stream":
            shown = output.text
        elif "text/markdown" in data:
            shown = data["text/markdown"]
        elif "text/html" in data:
            body = re.sub(r"<style.*?</style>", "", data["text/html"], flags=re.S)
            rows = re.sub(r"</t[dh]>", " ", re.sub(r"\s*\n\s*", "", body)).replace(
                "</tr>", "\n"
            )
            shown = html.unescape(re.sub(r"<[^>]*>", "", rows))
        else:
            shown = data.get("text/plain", "")
        lines += [" ".join(line.split()) for line in shown.splitlines() if line.strip()]
    return lines


def pictures(cell):
    return [
        output.data["image/png"]
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]


def numbers(line):
    """Return [(number, unit), ...] of a line; units are in the plural where they have one."""
    found = []
    for written, unit in NUMBER.findall(line):
        unit = unit + "s" if unit in ("year", "point", "minute", "second") else unit
        unit = unit or ("decimal" if "." in written else "whole")
        found.append((float(written.replace(",", "").replace("−", "-")), unit))
    return found


def words(line):
    return re.sub(
        r"\b(year|point|minute|second)\b", r"\1s", NUMBER.sub(r"# \2", line)
    ).strip()


def judge(stored, now, tolerance):
    """Return the verdict on one line of an output."""
    if stored == now:
        return "same"
    before, after = numbers(stored), numbers(now)
    # Where words are free, units are not: each number is held against one of its own unit.
    same_units = [unit for _, unit in before] == [unit for _, unit in after]
    if not same_units or ("words" not in tolerance and words(stored) != words(now)):
        return "OTHER WORDS"
    verdict = "within"
    for (old, unit), (new, _) in zip(before, after):
        allowed = tolerance.get(unit, 0)
        # The tolerance is a decimal number: 0.3 must allow 8.4 - 8.1.
        if allowed is not None and abs(new - old) > allowed * (1 + 1e-9) + 1e-9:
            verdict = DRIFTED
    return verdict


def compare(stored, now, exact=False):
    """Yield (cell, stored line, line now, tolerance, verdict) for each line with a number, and for what is missing."""
    cells = {cell.id: cell for cell in now.cells}
    for cell in stored.cells:
        if cell.cell_type != "code" or IGNORED in cell.metadata.get("tags", []):
            continue
        again = cells.get(cell.id, nbformat.v4.new_code_cell())
        old, new = texts(cell), texts(again)
        tolerance = {} if exact else cell.metadata.get("tolerance", {})
        if len(old) != len(new):
            yield (
                cell.id,
                f"{len(old)} lines",
                f"{len(new)} lines",
                tolerance,
                "OTHER LINES",
            )
            continue
        for before, after in zip(old, new):
            if before != after or numbers(before):
                yield cell.id, before, after, tolerance, judge(before, after, tolerance)
        if exact and pictures(cell):
            same = pictures(cell) == pictures(again)
            yield (
                cell.id,
                "a picture",
                "a picture",
                tolerance,
                "same" if same else "OTHER PICTURE",
            )


def copy_of_the_book():
    """Return a fresh copy of the folders that a notebook reads and writes: the stored networks stay as they are."""
    shutil.rmtree(COPY, ignore_errors=True)
    for folder in ("book", "data"):
        shutil.copytree(
            ROOT / folder,
            COPY / folder,
            ignore=shutil.ignore_patterns("__pycache__", "cache", "_static"),
        )
    return COPY / "book"


def row(*columns):
    shown = [str(column).replace("|", "/") for column in columns]
    return (
        "| "
        + " | ".join(text if len(text) <= 60 else text[:59] + "…" for text in shown)
        + " |"
    )


def table_row(chapter, cell, before, after, tolerance, verdict):
    shown = before, after
    if verdict not in OTHERS:
        shown = (
            "; ".join(
                f"{number} {unit}".strip() for number, unit in NUMBER.findall(line)
            )
            for line in shown
        )
    allowed = ", ".join(
        f"any {unit}" if value is None else f"±{value} {unit}"
        for unit, value in tolerance.items()
    )
    return row(f"{chapter} {cell}: {words(before)}", *shown, allowed or "none", verdict)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument(
        "--exact", action="store_true", help="no tolerance; pictures too"
    )
    arguments = parser.parse_args()
    folder = copy_of_the_book()
    counts = {}
    print(
        row("figure", "stored", "now", "tolerance", "verdict"),
        row(*["---"] * 5),
        sep="\n",
    )
    for path in arguments.notebooks:
        stored = nbformat.read(path, as_version=4)
        try:
            execute(folder / path.name, folder / path.name)
        except FAILURES as error:
            sys.exit(f"{path}: a cell failed.\n{error}")
        for found in compare(
            stored, nbformat.read(folder / path.name, as_version=4), arguments.exact
        ):
            counts[found[-1]] = counts.get(found[-1], 0) + 1
            print(table_row(path.name[:2], *found), flush=True)
    print(
        "\n"
        + ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(counts.items()))
    )
    sys.exit(any(verdict in counts for verdict in (DRIFTED, *OTHERS)))


if __name__ == "__main__":
    main()
