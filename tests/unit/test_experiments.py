"""Every mutant still fits the book; the benchmark takes turns, and its page is true."""

import json
import re

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


@pytest.mark.parametrize("pattern", ["no such text", "def|return"])
def test_a_mutant_that_fits_nowhere_or_twice_is_refused(pattern):
    with pytest.raises(LookupError, match="stands [02] times"):
        mutation.mutated("book/cnnbook/plots.py", "caption", "odd", pattern, "")


def test_the_source_network_trains_in_turns_with_ours_and_not_before(monkeypatch):
    from experiments.benchmark import measure

    log = []

    def fit(model, epochs, callbacks, **_):
        for callback in callbacks:
            callback.on_train_begin()
        for epoch in range(epochs):
            for callback in callbacks:
                callback.on_epoch_begin(epoch)
            log.append(model.name)
            for callback in callbacks:
                callback.on_epoch_end(epoch)

    monkeypatch.setattr(measure, "fit", fit)
    monkeypatch.setattr(measure, "SOURCE_EPOCHS", 2)
    source, ours = (measure.keras.Sequential(name=name) for name in ("source", "ours"))
    _, one_epoch = measure.held_back(lambda: source.fit(epochs=60))
    assert log == []
    made, seconds = measure.side_by_side(
        lambda: ours.fit(epochs=5) or "made", one_epoch
    )
    assert log == ["ours", "source"] * 3 + ["ours"] * 2 and made == "made"
    # The first one of each compiles.
    assert [len(of) for of in seconds.values()] == [2, 4]


def results(source, ours, age=8.0, gender=0.88):
    """What a run gives whose times all are the same."""
    both = {page.SOURCE: [source, 3 * source, source], page.OURS: [ours]}
    task = {
        "milliseconds": {"1": both, "256": both},
        "seconds": both,
        "parameters": {page.SOURCE: 4000, page.OURS: 1000},
        "short": {"epochs": 60, "age": age, "gender": gender},
    }
    machine = dict.fromkeys("date cores processor load tensorflow".split(), "")
    return {"faces": task, "reviews": task, "machine": machine}


def test_a_table_holds_medians_ranges_and_ratios():
    shown = page.rendered(results(60.0, 240.0))
    assert "| one picture | 60.0 (60.0 to 180) | 240 | 0.25 |" in shown
    assert "| faces: parameters | 4,000 | 1,000 | 4.0 |" in shown
    level = "| faces: minutes to the tutorial's level |"
    assert f"{level} 60.0 (60.0 to 180) | 240 | 0.25 |" in shown
    for age, gender in ((8.2, 0.9), (7.0, 0.87)):
        shown = page.rendered(results(60.0, 240.0, age, gender))
        assert f"{level} 60.0 (60.0 to 180) | not reached | – |" in shown


@pytest.mark.parametrize("source, ours, side", [(1.0, 4.0, -1), (9.0, 3.0, 1)])
def test_the_chart_has_what_is_faster_at_the_right_of_the_line(source, ours, side):
    shown = re.search("(?s)<svg.*</svg>", page.rendered(results(source, ours)))[0]
    assert "\n\n" not in shown  # it would end the HTML for Markdown
    bars = re.findall(r'<rect x="([\d.]+)" .*? width="([\d.]+)"', shown)
    assert len(bars) == 7
    for start, width in (map(float, bar) for bar in bars):
        assert (start if side > 0 else start + width) == pytest.approx(page.ONE)
        assert width == pytest.approx(abs(page.place(source / ours) - page.ONE), 0.01)


def test_the_page_is_what_the_results_give():
    results = json.loads(benchmark.RESULTS.read_text("utf-8"))
    assert page.PAGE.read_text("utf-8") == page.rendered(results)
