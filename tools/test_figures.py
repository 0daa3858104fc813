"""Write the figures of the last test runs into the page *How this book is tested*: `make test-figures`.

Reads what the make targets left in `_build/tests`: a file of JUnit's form for each run of pytest, named after the target,
and the coverage. Refuses runs in which something failed.
"""

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import blocks

ROOT = Path(__file__).resolve().parents[1]
RUNS, PAGE = ROOT / "_build" / "tests", ROOT / "book" / "how-it-is-tested.md"
TARGETS = ["test", "test-colab", "test-real-data"]


def figures(runs):
    """Return (date, {target: (passed, skipped, seconds)}, (percent of lines, percent of branches)) of the runs in a folder.

    A cell of a notebook counts as a test. Raises SystemExit if a run is missing or has a failure.
    """
    counts, dates = {}, []
    for target in TARGETS:
        suites = [suite for path in sorted(runs.glob(f"{target}.*xml")) for suite in ElementTree.parse(path).iter("testsuite")]
        if not suites:
            sys.exit(f"{runs} holds no run of `make {target}`: run it first.")
        bad = sum(int(suite.get(kind)) for suite in suites for kind in ("failures", "errors"))
        if bad:
            sys.exit(f"In `make {target}`, {bad} tests failed: mend them first.")
        skipped = sum(int(suite.get("skipped")) for suite in suites)
        tests = sum(int(suite.get("tests")) for suite in suites)
        counts[target] = tests - skipped, skipped, sum(float(suite.get("time")) for suite in suites)
        dates += [suite.get("timestamp")[:10] for suite in suites]
    totals = json.loads((runs / "coverage.json").read_text("utf-8"))["totals"]
    branches = 100 * totals["covered_branches"] / totals["num_branches"]
    lines = 100 * totals["covered_lines"] / totals["num_statements"]
    return max(dates), counts, (lines, branches)


def rendered(page, found):
    """Return the page's text with its block made anew."""
    date, counts, (lines, branches) = found
    rows = "\n".join(
        f"| `make {target}` | {passed:,} | {skipped:,} | {seconds / 60:.0f} |"
        for target, (passed, skipped, seconds) in counts.items()
    )
    block = (
        f"## The last figures\n\nThe last runs before a publication, on {date}, on one machine with two cores. Each cell of a "
        f"notebook counts as a test.\n\n| command | passed | skipped | minutes |\n|---|--:|--:|--:|\n{rows}\n\n"
        f"The tests run {lines:.1f}% of the lines of `cnnbook` and {branches:.1f}% of its branches, the notebooks not counted.\n"
    )
    return blocks.replaced(page, PAGE, "figures", "test_figures.py", block)


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text("utf-8"), figures(RUNS)), "utf-8")
