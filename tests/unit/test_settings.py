"""The environment switches, quiet imports, and a package that is cheap to import."""

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import cnnbook
import pytest
from cnnbook import settings
from tools import chapters

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def read(monkeypatch):
    def reload(profile="", publish=""):
        monkeypatch.setenv("CNNBOOK_PROFILE", profile)
        monkeypatch.setenv("CNNBOOK_PUBLISH", publish)
        module = importlib.reload(settings)
        return module.PROFILE, module.FULL, module.PUBLISH

    yield reload
    monkeypatch.undo()
    importlib.reload(settings)


def test_switches_are_read(read):
    assert read() == ("full", True, False)
    assert read(profile="quick", publish="0") == ("quick", False, False)
    assert read(profile="full", publish="1") == ("full", True, True)


@pytest.mark.parametrize("switch, value", [("profile", "FULL"), ("publish", "yes")])
def test_an_unknown_value_is_refused_in_one_line(read, switch, value):
    start = f"The environment variable CNNBOOK_{switch.upper()} is '{value}'; "
    with pytest.raises(cnnbook.ConfigurationError, match=rf"\A{start}.*\Z"):
        read(**{switch: value})


def test_the_errors_of_the_book_show_no_traceback():
    for kind in (cnnbook.ConfigurationError, cnnbook.DataError):
        assert kind("Say it.")._render_traceback_() == [f"{kind.__name__}: Say it."]


def test_every_switch_is_documented():
    files = [*chapters.files(".ipynb"), *ROOT.glob("book/**/*.py")]
    used = "".join(path.read_text("utf-8") for path in files)
    told = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    pattern = "CNNBOOK_[A-Z]+"
    assert set(re.findall(pattern, used)) == set(re.findall(f"`({pattern})`", told))


def test_keras_computes_as_the_chapters_need_whatever_its_file_says(
    tmp_path, monkeypatch
):
    other = {"backend": "torch", "floatx": "float16", "epsilon": 0.1}
    other["image_data_format"] = "channels_first"
    (tmp_path / "keras.json").write_text(json.dumps(other))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    code = """from cnnbook.settings import prepare_keras; prepare_keras()
from keras import config as c
print(c.backend(), c.floatx(), c.epsilon(), c.image_data_format(), c.dtype_policy().name)"""
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    told = "tensorflow float32 1e-07 channels_last float32\n"
    assert (run.stdout, run.stderr) == (told, "")


@pytest.mark.parametrize("before, after", [("0", "0"), (None, "1")])
def test_the_reader_may_switch_onednn_off_but_not_the_running_backend(
    monkeypatch, before, after
):
    environment = {"TF_ENABLE_ONEDNN_OPTS": before} if before else {}
    monkeypatch.setattr(os, "environ", environment)
    running = SimpleNamespace(backend=lambda: "tensorflow")
    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(config=running))
    with pytest.raises(
        cnnbook.ConfigurationError, match=r" on tensorflow .* not on jax;"
    ):
        settings.prepare_keras("jax")
    assert environment["TF_ENABLE_ONEDNN_OPTS"] == after


def test_a_processor_that_ends_tensorflow_is_refused_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "PROCESSOR", tmp_path / "cpuinfo")
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nflags\t\t: fpu sse4_2 avxx\n")
    with pytest.raises(
        cnnbook.ConfigurationError, match=r"\AThe .* AVX, .* Colab, .*\Z"
    ):
        settings.prepare_keras()


def test_quietly_swallows_native_messages_and_restores_standard_error(capfd):
    with pytest.raises(KeyError), cnnbook.quietly():
        os.write(2, b"from native code\n")
        raise KeyError
    os.write(2, b"heard\n")
    assert capfd.readouterr().err == "heard\n"


def test_the_import_is_cheap():
    names = [path.stem for path in (ROOT / "book/cnnbook").glob("[!_]*.py")]
    code = f"""import sys, cnnbook
early = {{"numpy", "matplotlib"}} & set(sys.modules)
from cnnbook import {", ".join(names)}
print(*early, *{{"tensorflow", "keras", "torch"}} & set(sys.modules))"""
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("\n", "")
