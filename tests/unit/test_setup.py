"""Setting up: pip's settings do no harm, a machine without TensorFlow is named."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_text_keeps_its_line_ends_in_a_clone_on_windows():
    command = ["git", "check-attr", "text", "eol", "--", "Makefile"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    assert told in ("", "Makefile: text: auto\nMakefile: eol: lf\n")  # "": no clone


def make(folder, *words, **environment):
    command = ["make", "--silent", "--file", ROOT / "Makefile", *words]
    options = {"capture_output": True, "text": True, "cwd": folder}
    environment["MAKEFLAGS"] = ""  # of the make that runs the tests
    return subprocess.run(command, env=os.environ | environment, **options)


def test_pips_settings_do_not_lead_out_of_the_virtual_environment(tmp_path):
    show = "--eval=show:; printenv PIP_USER PIP_TARGET"
    run = make(tmp_path, show, "show", PIP_USER="1", PIP_TARGET="/elsewhere")
    assert run.stdout == "0\n"


MACHINES = [
    ("sys.version_info = (3, 10, 9)", "Python 3.11, 3.12 or 3.13 is needed"),
    (
        "platform.machine, platform.system = 'x86_64'.lower, 'Darwin'.title",
        "TensorFlow is not made for Intel Macs",
    ),
]


@pytest.mark.parametrize("machine, told", MACHINES)
def test_a_machine_without_tensorflow_is_refused_before_anything_is_made(
    tmp_path, machine, told
):
    (tmp_path / "sitecustomize.py").write_text(f"import platform, sys; {machine}")
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    python = f"PYTHON=PYTHONPATH={tmp_path} {sys.executable}"
    run = make(tmp_path, ".venv/.installed", python)
    assert run.returncode and run.stderr.startswith(told)
    assert not (tmp_path / ".venv").exists()
