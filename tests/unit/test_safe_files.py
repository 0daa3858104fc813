"""No file of the book can run code by being opened, and ruff finds no fault."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NETWORKS = sorted(ROOT.glob("[!._]*/**/*.keras"))
# What Keras may build that runs code of others.
FOREIGN = "FlaxLayer JaxLayer Lambda TFSMLayer TorchModuleWrapper function".split()
# What opens files in a way that can run code from them, beyond what ruff knows.
UNSAFE = re.compile(
    r"(allow_pickle|trust_remote_code)=True|(safe_mode|weights_only)=False"
    r"|enable_unsafe_deserialization\("
    r"|\b(import|from) (cloudpickle|dill|joblib|marshal|pickle|shelve)\b"
)


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.name)
def test_a_network_holds_plain_layers_and_weights_alone(path):
    with zipfile.ZipFile(path) as archive:
        config, weights = map(archive.read, ("config.json", "model.weights.h5"))
        members = set(archive.namelist())
    assert members <= {"metadata.json", "config.json", "model.weights.h5"}
    assert weights.startswith(b"\x89HDF\r\n\x1a\n")

    def look(node):  # at each dictionary that names a class
        name, module = node.get("class_name"), str(node.get("module", "keras"))
        assert module.split(".")[0] == "keras" and name not in FOREIGN
        assert node.get("registered_name") in (None, name)
        return node

    json.loads(config, object_hook=look)


def test_no_code_unpickles_or_loads_without_a_guard():
    files = ROOT.glob("[!._]*/**/*")
    paths = [path for path in files if path.suffix in (".py", ".ipynb", ".md")]
    found = {path for path in paths if UNSAFE.search(path.read_text("utf-8"))}
    # make_lite0 unpickles one known file, whose hash it checks before.
    assert found == {ROOT / "tools/make_lite0.py"}


@pytest.mark.parametrize("task", ["check", "format --check"])
def test_ruff_finds_nothing(task):
    pytest.importorskip("ruff", reason="requirements.lock has ruff")
    command = [sys.executable, "-m", "ruff", *task.split(), "--no-cache"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert process.returncode == 0, process.stdout
