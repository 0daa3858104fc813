"""How sure a measured figure is: intervals, paired comparisons, and how they are written.

The chapter on the face network derives the bootstrap, the better reader of reviews McNemar's
test; the other chapters import them from here. Scores are arrays with one value per example:
an error in years, or 1 for a right answer and 0 for a wrong one.
"""

import numpy as np
from scipy import stats

DRAWS = 10_000
BATCH = (
    500  # draws in work at one time: all of 5,000 faces at once would take a gigabyte
)


def bootstrap_interval(values, draws=DRAWS, seed=42):
    """Return (low, high), the 95% percentile bootstrap interval of the mean of `values`.

    Efron and Tibshirani, An Introduction to the Bootstrap (1993). Raises ValueError for
    fewer than two values.
    """
    found = stats.bootstrap(
        (np.asarray(values, "float64"),),
        np.mean,
        n_resamples=draws,
        batch=BATCH,
        method="percentile",
        rng=np.random.default_rng(seed),
    )
    return tuple(map(float, found.confidence_interval))


def paired_interval(first, second, draws=DRAWS, seed=42):
    """Return (low, high), the 95% interval of the mean of `first` - `second`.

    Both hold the scores of the same examples, in the same order: what makes an example
    hard for both methods cancels out.
    """
    return bootstrap_interval(np.subtract(first, second, dtype="float64"), draws, seed)


def mcnemar(first, second):
    """Return the exact two-sided p-value of McNemar's test (1947).

    `first` and `second` say of the same examples whether two methods were right; only
    those on which the methods disagree count. 1.0 if there are none.
    """
    wins = int(np.sum(np.greater(first, second)))
    losses = int(np.sum(np.less(first, second)))
    return float(stats.binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0


def percent(share):
    """Write a share as a percentage with one digit: 0.8303 as 83.0%."""
    return f"{share:.1%}"


def signed(value):
    """Write a difference with its sign and one digit, zero without: +1.2, −0.3, 0.0."""
    text = f"{value:+.1f}".replace("-", "−")
    return "0.0" if text in ("+0.0", "−0.0") else text


def with_interval(values, write=percent, draws=DRAWS):
    """Write the mean of `values` with its interval: 83.0% (78.7% to 87.4%).

    `write` turns a number into text, as `percent` and `signed` do.
    """
    low, high = bootstrap_interval(values, draws)
    return f"{write(np.mean(values))} ({write(low)} to {write(high)})"
