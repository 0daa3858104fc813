"""Rules for all tests: no screen is needed, nobody's keras.json counts, and where all is present nothing is skipped."""

import os
import sys

import matplotlib
import pytest

matplotlib.use("Agg")
os.environ |= {"KERAS_HOME": os.devnull, "KERAS_BACKEND": "tensorflow"}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


def _refuse_skip(report):
    complete = os.environ.get("CI") == "true" and os.environ.get("CNNBOOK_DATA")
    if complete and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr
        reason = reason[-1] if isinstance(reason, tuple) else reason
        report.outcome = "failed"
        report.longrepr = f"Skipped in CI, where all that is needed is there. {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _refuse_skip((yield))
