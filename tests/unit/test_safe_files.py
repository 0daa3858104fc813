"""No file of the book can run code by being opened: networks, JSON files, and how the book's own code loads them."""

import ast
import gzip
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import jsonschema
import nbformat
import pytest

from cnnbook import quietly

with quietly():
    import keras

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "data" / "models"
NETWORKS = sorted(MODELS.glob("*.keras"))
SCHEMA = json.loads(
    (ROOT / "tests" / "unit" / "schemas" / "models.schema.json").read_text("utf-8")
)
JSON_FILES = {
    "face": MODELS / "face.json",
    "source": MODELS / "source.json",
    "trials": MODELS / "trials.json",
    "sentiment": MODELS / "sentiment.json",
    "vocabulary": MODELS / "vocabulary.json",
    "words": ROOT / "book" / "_static" / "try-it" / "words.json.gz",
}


# The networks


MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}
# What a configuration may build. Keras names an operation on tensors by the module that holds it.
LAYERS = set(
    "Add AveragePooling2D BatchNormalization Conv2D Cropping2D Dense Dropout Embedding Flatten Identity InputLayer ReLU "
    "Rescaling Resizing".split()
)
OPERATIONS = set(
    "Add All Cast Clip Concatenate Cumsum Equal ExpandDims Flip GetItem Greater Log LogicalAnd Mod Multiply Sigmoid "
    "Sqrt Square Stack Subtract Sum TrueDivide Where".split()
)
ALLOWED = {
    "keras": {"DTypePolicy"},
    "keras.initializers": {"GlorotUniform", "Ones", "RandomUniform", "Zeros"},
    "keras.layers": LAYERS,
    "keras.optimizers": {"SGD"},
    "keras.optimizers.schedules": {"InverseTimeDecay"},
    "keras.src.models.functional": {"Functional"},
    "keras.src.ops.core": OPERATIONS,
    "keras.src.ops.nn": OPERATIONS,
    "keras.src.ops.numpy": OPERATIONS,
    None: {"__keras_tensor__", "__slice__"},
}


def described(node):
    """Yield every dictionary of a configuration that names a class."""
    if isinstance(node, dict):
        if "class_name" in node:
            yield node
        for value in node.values():
            yield from described(value)
    elif isinstance(node, list):
        for value in node:
            yield from described(value)


def network_problems(path):
    """What a .keras file holds besides weights and plain layers."""
    with zipfile.ZipFile(path) as archive:
        members = archive.namelist()
        if sorted(members) != sorted(MEMBERS):
            return [f"members {members}"]
        config = json.loads(archive.read("config.json"))
        weights = archive.read("model.weights.h5")
    problems = []
    for node in described(config):
        module, name = node.get("module"), node["class_name"]
        if name not in ALLOWED.get(module, ()):
            problems.append(f"{module}.{name}")
        if node.get("registered_name") not in (None, name):
            problems.append(f"{name} is registered as {node['registered_name']}")
    if not weights.startswith(b"\x89HDF\r\n\x1a\n"):
        problems.append("the weights are not HDF5")
    return problems


def doctored(path, source, member, change):
    """Write a copy of the network `source` to `path`, with one member changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == member else content)
    return path


@pytest.fixture
def small(tmp_path):
    """A network that would run Python code, were it loaded without a guard."""
    ran = tmp_path / "ran"
    layer = keras.layers.Lambda(
        lambda x, open=open, where=str(ran): (open(where, "w").close(), x)[1]
    )
    network = keras.Sequential([keras.layers.Input((2,)), layer])
    ran.unlink(missing_ok=True)  # keras calls the layer to learn its shapes
    network.save(tmp_path / "lambda.keras")
    ran.unlink(missing_ok=True)
    return tmp_path / "lambda.keras", ran


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.name)
def test_network_holds_plain_layers_and_weights_alone(path):
    assert network_problems(path) == []


def test_every_network_is_looked_at():
    assert {
        path.relative_to(ROOT).as_posix() for path in ROOT.glob("[!._]*/**/*.keras")
    } == {path.relative_to(ROOT).as_posix() for path in NETWORKS}


def test_a_lambda_layer_is_noticed_and_never_loaded(small):
    path, ran = small
    assert "keras.layers.Lambda" in network_problems(path)
    with pytest.raises(ValueError, match="safe_mode|unsafe"):
        keras.models.load_model(path)
    assert not ran.exists()


@pytest.mark.parametrize(
    ("member", "change"),
    [
        (
            "config.json",
            lambda content: content.replace(b'"keras.layers"', b'"builtins"', 1),
        ),
        (
            "config.json",
            lambda content: content.replace(b'"Functional"', b'"MyNetwork"', 1),
        ),
        (
            "config.json",
            lambda content: content.replace(
                b'"registered_name": null', b'"registered_name": "x>y"', 1
            ),
        ),
        ("model.weights.h5", lambda content: b"\x80\x04" + content),
    ],
)
def test_a_doctored_network_is_noticed(tmp_path, member, change):
    path = doctored(tmp_path / "network.keras", MODELS / "face.keras", member, change)
    assert network_problems(path)


def test_another_member_is_noticed(tmp_path):
    path = shutil.copy(MODELS / "sentiment.keras", tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("assets/vocabulary.pkl", b"\x80\x04.")
    assert network_problems(path)


# The JSON files


def content(name):
    path = JSON_FILES[name]
    return json.loads(
        gzip.decompress(path.read_bytes())
        if path.suffix == ".gz"
        else path.read_bytes()
    )


def form(name):
    return {"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]}


@pytest.mark.parametrize("name", JSON_FILES)
def test_json_file_has_its_form(name):
    jsonschema.validate(content(name), form(name))


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_json_file_has_a_schema():
    found = set(MODELS.glob("*.json")) | set(
        (ROOT / "book" / "_static").glob("**/*.json*")
    )
    assert found == set(JSON_FILES.values())


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("face", {"test_accuracy": 91.8}),
        ("face", {"test_mae": "5.76"}),
        ("face", {"groups": [["0-9", 136, 3.1, 0.7]]}),
        ("face", {"path": "/somewhere"}),
        ("face", {"recipe_accuracy": 91.8}),
        ("sentiment", {"confusion_matrix": [[1, 2]]}),
        ("sentiment", {"seeds_range": [0.8]}),
        ("words", {"vocabulary": ["<script>"]}),
        ("words", {"vocabulary": ["car", "car"]}),
    ],
)
def test_another_form_is_refused(name, change):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**content(name), **change}, form(name))


@pytest.mark.parametrize("name", ["face", "sentiment", "words"])
def test_a_missing_entry_is_refused(name):
    whole = content(name)
    for key in whole:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(
                {other: value for other, value in whole.items() if other != key},
                form(name),
            )


# The code. ruff's rules (pyproject.toml) know Python's own dangers; the rest is what libraries add.


UNPICKLERS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
UNSAFE = {
    ("allow_pickle", True),
    ("safe_mode", False),
    ("trust_remote_code", True),
    ("weights_only", False),
}
UNSAFE_CALLS = {"enable_unsafe_deserialization", "read_pickle"}


def code_problems(source):
    """What `source` does to open a file in a way that can run code from it."""
    problems = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            problems += [
                alias.name
                for alias in node.names
                if alias.name.split(".")[0] in UNPICKLERS
            ]
        elif isinstance(node, ast.ImportFrom):
            problems += (
                [node.module] if (node.module or "").split(".")[0] in UNPICKLERS else []
            )
        elif isinstance(node, ast.keyword) and isinstance(node.value, ast.Constant):
            problems += (
                [f"{node.arg}={node.value.value}"]
                if (node.arg, node.value.value) in UNSAFE
                else []
            )
        elif isinstance(node, ast.Attribute) and node.attr in UNSAFE_CALLS:
            problems.append(node.attr)
    return problems


def all_code():
    for folder in ("book", "tools", "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
    for path in sorted((ROOT / "book").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                yield f"{path.name}, cell {cell.id}", cell.source
    for path in (
        sorted(ROOT.glob("data/**/*.md"))
        + sorted(ROOT.glob("*.md"))
        + sorted(ROOT.glob("book/*.md"))
    ):
        for block in re.findall(
            r"^```python\n(.*?)^```", path.read_text("utf-8"), flags=re.M | re.S
        ):
            yield path.relative_to(ROOT).as_posix(), block


def test_no_code_unpickles_or_loads_without_a_guard():
    assert {
        where: found for where, source in all_code() if (found := code_problems(source))
    } == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "import dill.source as d",
        "np.load(path, allow_pickle=True)",
        "keras.models.load_model(path, safe_mode=False)",
        "keras.config.enable_unsafe_deserialization()",
        "pd.read_pickle(path)",
        "AutoModel.from_pretrained(name, trust_remote_code=True)",
    ],
)
def test_unsafe_code_is_noticed(source):
    assert code_problems(source)


def ruff(*arguments):
    program = shutil.which("ruff", path=Path(sys.executable).parent) or shutil.which(
        "ruff"
    )
    assert program, "ruff is not installed: requirements.lock has it"
    return subprocess.run(
        [program, "check", "--no-cache", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_ruff_finds_nothing():
    process = ruff("--output-format=concise")
    assert process.returncode == 0, process.stdout + process.stderr


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        ("S102", "exec(text)"),
        ("S301", "import pickle\npickle.load(file)"),
        ("S307", "eval(text)"),
        ("S506", "import yaml\nyaml.load(text, Loader=yaml.Loader)"),
        ("S602", "import subprocess\nsubprocess.run(f'ls {name}', shell=True)"),
        ("S202", "import tarfile\ntarfile.open(path).extractall()"),
    ],
)
def test_ruff_notices_the_fault(tmp_path, rule, source):
    path = tmp_path / "tools.py"
    path.write_text(source + "\n", "utf-8")
    found = ruff(
        "--config", str(ROOT / "pyproject.toml"), "--output-format=concise", str(path)
    ).stdout
    assert rule in found
