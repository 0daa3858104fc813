"""The environment switches, quiet imports, and modules that import no TensorFlow."""

import importlib
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import cnnbook
import pytest
from cnnbook import settings
from tools import chapters

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("profile, publish", [("", ""), ("quick", "0"), ("full", "1")])
def test_switches_are_read(profile, publish):
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CNNBOOK_PROFILE", profile)
        patched.setenv("CNNBOOK_PUBLISH", publish)
        importlib.reload(settings)
        read = settings.FULL, settings.PUBLISH
    importlib.reload(settings)
    assert read == (profile != "quick", publish == "1")


def test_the_errors_of_the_book_show_no_traceback():
    for kind in (cnnbook.ConfigurationError, cnnbook.DataError):
        assert kind("Say it.")._render_traceback_() == [f"{kind.__name__}: Say it."]


def test_every_switch_is_documented():
    files = [*chapters.files(".ipynb"), *ROOT.glob("book/**/*.py")]
    used = "".join(path.read_text("utf-8") for path in files)
    told = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    pattern = "CNNBOOK_[A-Z]+"
    assert set(re.findall(pattern, used)) == set(re.findall(f"`({pattern})`", told))


@pytest.fixture
def config(monkeypatch):
    """The configuration of a stand-in for Keras that runs on TensorFlow already."""
    config = Mock(**{"backend.return_value": "tensorflow"})
    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(config=config))
    monkeypatch.setattr(os, "environ", {"KERAS_BACKEND": "jax"})
    return config


def test_keras_computes_as_the_chapters_need_whatever_its_file_says(config):
    settings.prepare_keras()
    assert os.environ["KERAS_BACKEND"] == "tensorflow"
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1"
    config.set_floatx.assert_called_with("float32")
    config.set_epsilon.assert_called_with(1e-7)
    config.set_image_data_format.assert_called_with("channels_last")


def test_the_reader_may_switch_onednn_off_but_not_the_running_backend(config):
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
    told = " on tensorflow .* not on jax;"
    with pytest.raises(cnnbook.ConfigurationError, match=told):
        settings.prepare_keras("jax")
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == "0"


def test_a_processor_that_ends_tensorflow_is_refused_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "PROCESSOR", tmp_path / "cpuinfo")
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nflags\t\t: fpu sse4_2 avxx\n")
    told = r"\AThe .* AVX, .* Colab, .*\Z"
    with pytest.raises(cnnbook.ConfigurationError, match=told):
        settings.prepare_keras()


def test_quietly_swallows_native_messages_and_restores_standard_error(capfd):
    with pytest.raises(KeyError), cnnbook.quietly():
        os.write(2, b"from native code\n")
        raise KeyError
    os.write(2, b"heard\n")
    assert capfd.readouterr().err == "heard\n"


def test_no_module_waits_for_tensorflow_or_keeps_it_from_being_prepared():
    for path in (ROOT / "book/cnnbook").glob("*.py"):
        heavy = r"(?m)^(import|from) (keras|tensorflow|torch)\b"
        assert not re.search(heavy, path.read_text("utf-8")), path
