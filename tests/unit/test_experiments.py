"""Every mutant still fits the book, and the benchmark's page is what was measured."""

import json

import pytest
from experiments.benchmark import __main__ as benchmark
from experiments.benchmark import page
from experiments.mutation import __main__ as mutation


@pytest.mark.parametrize(
    "mutant", [*mutation.mutants()], ids=lambda mutant: mutant[2][1]
)
def test_a_mutant_changes_one_place_of_the_book(mutant):
    path, tests, change = mutant
    assert mutation.mutated(path, *change) != (mutation.ROOT / path).read_text("utf-8")
    named = [test for test in tests if test.startswith("tests/")]
    assert all((mutation.ROOT / test).is_file() for test in named)


def test_the_page_is_what_the_results_give():
    results = json.loads(benchmark.RESULTS.read_text("utf-8"))
    assert page.PAGE.read_text("utf-8") == page.rendered(results)
