"""The environment switches, and that importing the package costs no TensorFlow."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cnnbook
from cnnbook import settings

BOOK = Path(__file__).resolve().parents[2] / "book"


@pytest.fixture
def read(monkeypatch):
    """Return a function that reads the switches anew; afterwards the module is as it was."""
    before = dict(vars(settings))

    def reload(**switches):
        for name in ("CNNBOOK_PROFILE", "CNNBOOK_PUBLISH"):
            monkeypatch.delenv(name, raising=False)
        for name, value in switches.items():
            monkeypatch.setenv(name, value)
        return importlib.reload(settings)

    yield reload
    vars(settings).update(before)


def test_the_default_is_full_and_private(read):
    module = read()
    assert (module.PROFILE, module.FULL, module.PUBLISH) == ("full", True, False)


def test_an_empty_switch_is_an_unset_one(read):
    module = read(CNNBOOK_PROFILE="", CNNBOOK_PUBLISH="")
    assert (module.PROFILE, module.FULL, module.PUBLISH) == ("full", True, False)


def test_quick(read):
    module = read(CNNBOOK_PROFILE="quick")
    assert (module.PROFILE, module.FULL) == ("quick", False)


@pytest.mark.parametrize("value, publish", [("0", False), ("1", True)])
def test_publish(read, value, publish):
    assert read(CNNBOOK_PUBLISH=value).PUBLISH is publish


@pytest.mark.parametrize(
    "name, value",
    [
        ("CNNBOOK_PROFILE", "fast"),
        ("CNNBOOK_PROFILE", "FULL"),
        ("CNNBOOK_PUBLISH", "yes"),
    ],
)
def test_an_unknown_value_is_refused_in_one_line(read, name, value):
    with pytest.raises(cnnbook.ConfigurationError) as caught:
        read(**{name: value})
    message = str(caught.value)
    assert (
        name in message
        and repr(value) in message
        and "\n" not in message
        and "leave it unset for" in message
    )


def test_the_errors_of_the_book_show_no_traceback():
    for kind in (cnnbook.ConfigurationError, cnnbook.DataError):
        assert issubclass(kind, ValueError)
        assert kind("Say it.")._render_traceback_() == [f"{kind.__name__}: Say it."]


def test_no_module_of_the_package_imports_tensorflow():
    modules = sorted(
        path.stem for path in (BOOK / "cnnbook").glob("*.py") if path.stem != "__init__"
    )
    assert {"data", "plots", "settings", "text"} <= set(modules)
    code = f"import sys, cnnbook\nfrom cnnbook import {', '.join(modules)}\n"
    code += "print([name for name in ('tensorflow', 'keras', 'torch') if name in sys.modules])"
    environment = {**os.environ, "MPLBACKEND": "agg", "CNNBOOK_PROFILE": "quick"}
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[]" and run.stderr == ""
