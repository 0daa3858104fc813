"""Every mutant still fits the book; the benchmark's methods take turns, its page is true."""

import json

import pytest
from experiments.benchmark import __main__ as benchmark
from experiments.benchmark import page, turns
from experiments.mutation import __main__ as mutation


@pytest.mark.parametrize(
    "mutant", [*mutation.mutants()], ids=lambda mutant: mutant[2][1]
)
def test_a_mutant_changes_one_place_of_the_book(mutant):
    path, tests, change = mutant
    assert mutation.mutated(path, *change) != (mutation.ROOT / path).read_text("utf-8")
    named = [test for test in tests if test.startswith("tests/")]
    assert all((mutation.ROOT / test).is_file() for test in named)


@pytest.mark.parametrize("pattern", ["no such text", "def|return"])
def test_a_mutant_that_fits_nowhere_or_twice_is_refused(pattern):
    with pytest.raises(LookupError, match="stands [02] times"):
        mutation.mutated("book/cnnbook/plots.py", "caption", "odd", pattern, "")


def work(log, name, count):
    for turn in range(count):
        if turn:
            turns.pause()
        with open(log, "a") as file:
            file.write(name)
    return {"name": name}


def test_methods_take_turns_and_one_goes_on_when_the_other_is_done(tmp_path):
    log = tmp_path / "log"
    calls = {"first": [(work, log, "a", 3)], "second": [(work, log, "b", 1)]}
    found = turns.in_turns(calls)
    assert log.read_text() == "abaa"
    assert found["second"][0]["name"] == "b"
    with pytest.raises(RuntimeError, match="failed"):
        turns.in_turns({"not JSON": [(json.loads, "no")]})


def test_a_level_is_reached_when_all_scores_are_there_at_once():
    def run(*epochs):
        states = [
            {"seconds": 10 * i, "age_mae": error, "gender_accuracy": right}
            for i, (error, right) in enumerate(epochs, start=1)
        ]
        return {**states[-1], "epochs": states}

    level = {"age_mae": 8, "gender_accuracy": 0.88}
    assert page.seconds_to(level, run((7, 0.8), (9, 0.9), (8, 0.88), (7, 0.9))) == 30
    assert page.seconds_to(level, run((7, 0.8), (9, 0.9))) is None


def test_a_table_holds_medians_ranges_and_ratios():
    rows = {"s": {"source network": [8.0, 4.0, 6.0], "ours": [2.0, None, 1.0]}}
    shown = "| s | 6.00 (4.00 to 8.00) | 1.50 (1.00 to 2.00), 2 of 3 | 4.00 |"
    assert page.table(rows).splitlines()[2] == shown


def test_the_page_is_what_the_results_give():
    results = json.loads(benchmark.RESULTS.read_text("utf-8"))
    assert page.PAGE.read_text("utf-8") == page.rendered(results)
