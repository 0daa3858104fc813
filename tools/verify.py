"""Execute notebooks in a copy of the book; compare every figure with the stored: `make verify`.

A figure is a number in the text of an output. Line by line, the words must be the same and
each number within the tolerance that stands in the metadata of its cell, by unit.

    "tolerance": {"years": 0.4, "%": 2, "decimal": 0.1, "minutes": null}

The unit follows the number; numbers without one are `decimal` or `whole`. null means that
nothing is compared: for what a clock says, and, as `words`, for words that are partly chance.
Without a tolerance, numbers must be equal. Cells tagged `nbval-ignore-output` are left out.
"""

import argparse
import html
import re
import shutil
import sys
from collections import Counter
from pathlib import Path

import nbformat

from tools.execute import execute

ROOT = Path(__file__).resolve().parents[1]
COPY = ROOT / "_build" / "verify"
NUMBER = re.compile(
    r"(?<![\w.])([-+−]?\d+(?:,\d{3})*(?:\.\d+)?)"
    r"(?:\s*\**\s*(%|(?:years|points|minutes|seconds|times|s)\b))?"
)


def texts(cell):
    """Return the lines of a cell's outputs as a reader sees them; units are in the plural."""
    lines = []
    for output in cell.outputs:
        data = output.get("data", {})
        shown = output.get("text") or data.get("text/markdown")
        if not shown and "text/html" in data:
            body = re.sub(r"<style.*?</style>", "", data["text/html"], flags=re.S)
            rows = re.sub(r"</t[dh]>", " ", re.sub(r"\s*\n\s*", "", body))
            shown = html.unescape(re.sub(r"<[^>]*>", "", rows.replace("</tr>", "\n")))
        lines += (shown or data.get("text/plain", "")).splitlines()
    lines = [" ".join(line.split()) for line in lines if line.strip()]
    return [re.sub(r"\b(year|point|minute|second)\b", r"\1s", line) for line in lines]


def numbers(line):
    """Return [(number, unit), ...] of a line."""
    found = []
    for written, unit in NUMBER.findall(line):
        number = float(written.replace(",", "").replace("−", "-"))
        found.append((number, unit or ("decimal" if "." in written else "whole")))
    return found


def judge(stored, now, tolerance):
    """Return the verdict on one line of an output."""
    if stored == now:
        return "same"
    before, after = numbers(stored), numbers(now)
    # Where words are free, units are not: each number is held against one of its own unit.
    same_units = [unit for _, unit in before] == [unit for _, unit in after]
    same_words = NUMBER.sub("#", stored) == NUMBER.sub("#", now)
    if not same_units or not (same_words or "words" in tolerance):
        return "OTHER WORDS"
    for (old, unit), (new, _) in zip(before, after):
        allowed = tolerance.get(unit, 0)
        # The tolerance is a decimal number: 0.3 must allow 8.4 - 8.1.
        if allowed is not None and abs(new - old) > allowed * (1 + 1e-9) + 1e-9:
            return "DRIFTED"
    return "within"


def compare(stored, now):
    """Yield (cell, stored line, line now, verdict): lines with a number, and other lines."""
    cells = {cell.id: cell for cell in now.cells}
    for cell in stored.cells:
        logs = "nbval-ignore-output" in cell.metadata.get("tags", [])
        if cell.cell_type != "code" or logs:
            continue
        again = cells.get(cell.id, nbformat.v4.new_code_cell())
        old, new = texts(cell), texts(again)
        tolerance = cell.metadata.get("tolerance", {})
        if len(old) != len(new):
            yield cell.id, f"{len(old)} lines", f"{len(new)} lines", "OTHER LINES"
            continue
        for before, after in zip(old, new):
            if before != after or numbers(before):
                yield cell.id, before, after, judge(before, after, tolerance)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    notebooks, counts = parser.parse_args().notebooks, Counter()
    # A copy of what a notebook reads and writes: stored networks stay as they are.
    shutil.rmtree(COPY, ignore_errors=True)
    left_out = shutil.ignore_patterns("__pycache__", "cache", "_static")
    for folder in ("book", "data"):
        shutil.copytree(ROOT / folder, COPY / folder, ignore=left_out)
    for path in notebooks:
        copy = COPY / "book" / path.name
        execute(copy, copy)
        stored, now = (nbformat.read(p, as_version=4) for p in (path, copy))
        for cell, before, after, verdict in compare(stored, now):
            counts[verdict] += 1
            if verdict != "same":
                print(f"{verdict}: {path.stem}, {cell}", before, after, sep="\n  ")
    print(*(f"{count:,} {verdict}" for verdict, count in counts.items()), sep=", ")
    sys.exit(bool(counts.keys() - {"same", "within"}))


if __name__ == "__main__":
    main()
