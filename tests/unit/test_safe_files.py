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


def network_problems(members, config, weights):
    """Return what a network holds besides plain layers and weights."""
    problems = set(members) - {"metadata.json", "config.json", "model.weights.h5"}
    if not weights.startswith(b"\x89HDF\r\n\x1a\n"):
        problems.add("the weights are not HDF5")

    def look(node):  # at each dictionary that names a class
        name, module = node.get("class_name"), str(node.get("module", "keras"))
        if module.split(".")[0] != "keras" or name in FOREIGN:
            problems.add(f"{module}.{name}")
        if node.get("registered_name") not in (None, name):
            problems.add(f"{name} is registered as {node['registered_name']}")
        return node

    json.loads(config, object_hook=look)
    return problems


@pytest.fixture(params=NETWORKS, ids=lambda path: path.name)
def network(request):
    with zipfile.ZipFile(request.param) as archive:
        config, weights = map(archive.read, ("config.json", "model.weights.h5"))
        return archive.namelist(), config.decode(), weights


def test_network_holds_plain_layers_and_weights_alone(network):
    assert network_problems(*network) == set()
    members, config, weights = network
    assert network_problems([*members, "assets/words.pkl"], config, weights)
    assert network_problems(members, config, b"\x80\x04" + weights)
    for key, value in ("module", "builtins"), ("class_name", "Lambda"):
        other = re.sub(rf'"{key}": "\w[\w.]+"', f'"{key}": "{value}"', config, count=1)
        assert network_problems(members, other, weights)
    config = config.replace('"registered_name": null', '"registered_name": "x>y"')
    assert network_problems(members, config, weights)


def test_no_code_unpickles_or_loads_without_a_guard():
    paths = [
        p for p in ROOT.glob("[!._]*/**/*") if p.suffix in (".py", ".ipynb", ".md")
    ]
    found = {p for p in paths if UNSAFE.search(p.read_text("utf-8"))}
    # make_lite0 unpickles one known file, whose hash it checks before.
    assert found == {ROOT / "tools/make_lite0.py"}


@pytest.mark.parametrize("task", ["check", "format --check"])
def test_ruff_finds_nothing(task):
    pytest.importorskip("ruff", reason="requirements.lock has ruff")
    command = [sys.executable, "-m", "ruff", *task.split(), "--no-cache"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert process.returncode == 0, process.stdout
