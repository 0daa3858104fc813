"""The tool that writes the figures of the test runs into the book."""

import json

import blocks
import pytest
import test_figures as tool

SUITE = '<testsuites><testsuite tests="{}" failures="{}" errors="0" skipped="{}" time="90" timestamp="2026-01-0{}T10:00:00"/></testsuites>'


@pytest.fixture
def runs(tmp_path):
    """Runs of the three targets, the last of them in two parts."""
    for day, name in enumerate(["test", "test-colab", "test-real-data", "test-real-data.strict"], start=1):
        (tmp_path / f"{name}.xml").write_text(SUITE.format(1000 * day, 0, day, day))
    totals = {"covered_lines": 96, "num_statements": 100, "covered_branches": 19, "num_branches": 20}
    (tmp_path / "coverage.json").write_text(json.dumps({"totals": totals}))
    return tmp_path


def test_the_parts_of_a_target_are_added_up(runs):
    date, counts, covered = tool.figures(runs)
    assert date == "2026-01-04" and covered == (96, 95)
    assert counts == {"test": (999, 1, 90), "test-colab": (1998, 2, 90), "test-real-data": (6993, 7, 180)}


def test_the_page_gets_the_figures_between_its_markers(runs):
    begin, end = blocks.markers("figures", "test_figures.py")
    page = tool.rendered(f"Before.\n\n{begin}\nold\n{end}\n\nAfter.\n", tool.figures(runs))
    assert page.startswith("Before.\n") and page.endswith("\n\nAfter.\n") and "old" not in page
    assert "| `make test-real-data` | 6,993 | 7 | 3 |" in page and "96.0% of the lines" in page
    assert tool.rendered(page, tool.figures(runs)) == page
    assert blocks.typed(page) == "Before.\n\n\n\nAfter.\n"


def test_a_failure_is_not_published(runs):
    (runs / "test-colab.xml").write_text(SUITE.format(10, 1, 0, 1))
    with pytest.raises(SystemExit, match="In `make test-colab`, 1 tests failed"):
        tool.figures(runs)


def test_a_run_that_is_missing_is_named(runs):
    (runs / "test.xml").unlink()
    with pytest.raises(SystemExit, match="holds no run of `make test`"):
        tool.figures(runs)
