"""No file of the book can run code by being opened, and ruff finds no fault."""

import ast
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from tools import chapters

ROOT = Path(__file__).resolve().parents[2]
NETWORKS = sorted(ROOT.glob("[!._]*/**/*.keras"))
# What a network may be built from: Keras names an operation on tensors by its module.
MODULES = """keras keras.initializers keras.layers keras.optimizers
keras.optimizers.schedules keras.src.models.functional keras.src.ops.core
keras.src.ops.nn keras.src.ops.numpy""".split()
NAMES = """Add All AveragePooling2D BatchNormalization Cast Clip Concatenate Conv2D
Cropping2D Cumsum Dense Dropout DTypePolicy Embedding Equal ExpandDims Flatten Flip
Functional GetItem GlorotUniform Greater Identity InputLayer InverseTimeDecay Log
LogicalAnd Mod Multiply Ones RandomUniform ReLU Rescaling Resizing SGD Sigmoid Sqrt
Square Stack Subtract Sum TrueDivide Where Zeros""".split()
# What opens files in a way that can run code from them, beyond what ruff knows.
UNSAFE = """allow_pickle=True safe_mode=False trust_remote_code=True weights_only=False
enable_unsafe_deserialization cloudpickle dill joblib marshal pickle shelve""".split()


def network_problems(members, config, weights):
    """Return what a network holds besides plain layers and weights."""
    problems = set(members) - {"metadata.json", "config.json", "model.weights.h5"}
    if not weights.startswith(b"\x89HDF\r\n\x1a\n"):
        problems.add("the weights are not HDF5")

    def look(node):  # at each dictionary that names a class
        name, module = node.get("class_name", "Add"), node.get("module", "keras")
        plain = name in ("__keras_tensor__", "__slice__")
        if not plain and (name not in NAMES or module not in MODULES):
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


def code_problems(source):
    found = set()
    for node in ast.walk(ast.parse(source)):
        found |= {ast.unparse(node)} if isinstance(node, ast.keyword) else set()
        for field in ("attr", "id", "module", "name"):
            found.add(str(getattr(node, field, "")).split(".")[0])
    return found & set(UNSAFE)


def sources():
    for path in ROOT.glob("[!._]*/**/*.py"):
        yield path.name, path.read_text("utf-8")
    for path in chapters.files(".ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                yield f"{path.name}, cell {cell.id}", cell.source
    for path in ROOT.glob("[!._]*/**/*.md"):
        for block in re.findall(r"(?ms)^```python\n(.*?)^```", path.read_text("utf-8")):
            yield path.name, block


def test_no_code_unpickles_or_loads_without_a_guard():
    assert [where for where, source in sources() if code_problems(source)] == []
    unsafe = (
        "import dill.x|np.load(p, allow_pickle=True)|load_model(p, safe_mode=False)"
    )
    assert all(code_problems(source) for source in unsafe.split("|"))


def ruff(*arguments):
    pytest.importorskip("ruff", reason="requirements.lock has ruff")
    command = [sys.executable, "-m", "ruff", *arguments, "--no-cache"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("task", ["check", "format --check"])
def test_ruff_finds_nothing(task):
    process = ruff(*task.split())
    assert process.returncode == 0, process.stdout


def test_ruff_looks_for_unsafe_calls(tmp_path):
    path = tmp_path / "unsafe.py"
    path.write_text("import pickle, os\nexec(x)\neval(x)\npickle.load(x)\nos.system(x)")
    found = ruff("check", f"--config={ROOT / 'pyproject.toml'}", str(path)).stdout
    assert {"S102", "S301", "S307", "S605"} <= set(re.findall(r"S\d+", found))
