"""Intervals, McNemar's test and how figures are written, against theory and loops."""

import numpy as np
import pytest
from cnnbook import stats
from scipy.stats import binomtest

SCORES = np.random.default_rng(7).normal(5, 2, 200)


def test_bootstrap_interval_agrees_with_a_plain_loop():
    rng, means = np.random.default_rng(42), []
    for _ in range(2_000):
        means.append(SCORES[rng.integers(0, 200, 200)].mean())
    expected = np.percentile(means, [2.5, 97.5])
    assert stats.bootstrap_interval(SCORES, draws=2_000) == pytest.approx(expected)


def test_one_value_has_no_interval():
    with pytest.raises(ValueError):
        stats.bootstrap_interval([5.0])


def test_paired_interval_lets_go_of_what_both_share():
    noise = np.random.default_rng(8).normal(0.5, 0.1, SCORES.size)
    low, high = stats.paired_interval(SCORES + noise, SCORES)
    assert (low, high) == pytest.approx(stats.bootstrap_interval(noise))
    assert 0.45 < low < 0.5 < high < 0.55
    # Right and wrong may be booleans or small integers without a sign.
    right, wrong = np.array([True, False, False]), np.array([True, True, False])
    for kind in (bool, "uint8"):
        assert stats.paired_interval(right.astype(kind), wrong.astype(kind))[0] == -1


def test_mcnemar_counts_the_examples_on_which_two_disagree():
    first = np.array([1] * 50 + [1] * 12 + [0] * 3 + [0] * 35)
    second = np.array([1] * 50 + [0] * 12 + [1] * 3 + [0] * 35)
    by_hand = (
        2 * sum([1, 15, 105, 455]) / 2**15
    )  # at most 3 of 15 heads, and 12 or more
    assert stats.mcnemar(first, second) == pytest.approx(by_hand)
    assert stats.mcnemar(first, second) == pytest.approx(binomtest(12, 15).pvalue)
    assert stats.mcnemar(second == 1, first == 1) == pytest.approx(by_hand)
    assert stats.mcnemar(first, first) == 1


def test_figures_are_written_in_one_way():
    assert stats.percent(0.8303) == "83.0%"
    written = [stats.signed(value) for value in (1.23, -0.26, 0, 0.04, -0.04)]
    assert written == ["+1.2", "−0.3", "0.0", "0.0", "0.0"]
    assert stats.with_interval([1.0, 1.0, 1.0]) == "100.0% (100.0% to 100.0%)"
    assert stats.with_interval([-2, -2], stats.signed) == "−2.0 (−2.0 to −2.0)"
