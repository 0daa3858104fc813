"""The first cell of a notebook: it does nothing at home, and makes a bare Colab machine ready.

Colab is simulated: a fresh virtual environment with the packages that Colab has, linked
from the environment of the tests, a stand-in for `google.colab`, and an empty folder that
holds one notebook. pip finds what is missing in a folder of wheels, packed from the same
environment, and no index.
"""

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import distribution
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import yaml
from nbclient import NotebookClient
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cnnbook import colab as module
from tools import chapters

ROOT = chapters.BOOK.parent
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]
# The edition that readers get, which `make book` leaves.
NOTEBOOKS = sorted((ROOT / "_build/html/_sources/book").glob("*.ipynb"))
# Of the packages that Colab brings, those that the book needs.
USUAL = """ipykernel keras matplotlib numpy pandas pillow requests scikit-learn seaborn
    setuptools tensorflow tqdm""".split()
LIST = """import json, importlib.metadata as m
print(json.dumps({d.name: d.version for d in m.distributions()}))"""


def with_dependencies(names):
    """Return the canonical names of these packages and of all that they need."""
    found, waiting = set(), list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in found:
            found.add(name)
            for need in map(Requirement, distribution(name).requires or []):
                if not need.marker or need.marker.evaluate({"extra": ""}):
                    waiting.append(need.name)
    return found


def wheel(folder, name, version, metadata="", files=()):
    """Write a wheel that holds `files` ({path: bytes})."""
    stem = f"{name.replace('-', '_')}-{version}"
    about = f"{stem}.dist-info"
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {**dict(files), f"{about}/METADATA": metadata or head}
    files |= {f"{about}/WHEEL": tags, f"{about}/RECORD": ""}
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)


class Machine:
    """A virtual environment with Colab's packages, and what `pip` may install."""

    def __init__(self, folder):
        self.folder, self.wheels = folder, folder / "wheels"
        venv.create(folder / "venv", with_pip=True, symlinks=True)
        self.python = folder / "venv" / "bin" / "python"
        (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
        usual = with_dependencies(USUAL)
        for name in usual - set(map(canonicalize_name, self.versions())):
            package = distribution(name)
            for top in {p.parts[0] for p in package.files} - {"..", "__pycache__"}:
                if not (site / top).exists():  # two packages may share a folder
                    (site / top).symlink_to(package.locate_file(top))
        stand_in = folder / "colab"
        (stand_in / "google" / "colab").mkdir(parents=True)
        (stand_in / "google" / "colab" / "__init__.py").touch()
        (site / "colab.pth").write_text(f"{stand_in}\nimport google.colab\n", "utf-8")
        kernel = folder / "jupyter" / "kernels" / "colab"
        kernel.mkdir(parents=True)
        argv = [str(self.python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec = {"argv": argv, "display_name": "Colab", "language": "python"}
        (kernel / "kernel.json").write_text(json.dumps(spec))
        lines = (chapters.BOOK / "requirements.txt").read_text("utf-8").splitlines()
        needed = [Requirement(line).name for line in lines if line[0] != "#"]
        self.missing = with_dependencies(needed) - usual
        self.wheels.mkdir()
        for name in self.missing:
            package, files = distribution(name), {}
            for path in package.files:
                odd = ".." in path.parts or ".dist-info" in path.parts[0]
                if not odd and path.suffix != ".pyc":
                    files[path.as_posix()] = path.read_binary()
            metadata = package.read_text("METADATA")
            wheel(self.wheels, name, package.version, metadata, files)

    def versions(self):
        told = subprocess.run(
            [self.python, "-c", LIST], capture_output=True, check=True
        )
        return json.loads(told.stdout)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A repository that holds the book as it stands now."""
    folder = tmp_path_factory.mktemp("repository")
    leave = shutil.ignore_patterns("__pycache__", "cache", ".ipynb_checkpoints")
    for name in ("book", "data"):
        shutil.copytree(ROOT / name, folder / name, ignore=leave)
    me = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    init, commit = ["init", "-qb", CONFIG["branch"]], [*me, "commit", "-qm", "The book"]
    for words in (init, ["add", "."], commit):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    return Machine(tmp_path_factory.mktemp("machine"))


@pytest.fixture
def colab(machine, repository, monkeypatch):
    """The environment of a kernel on that machine."""
    for name in ("CNNBOOK_DATA", "CNNBOOK_PUBLISH", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)
    # Settings that another course left behind must not matter.
    settings = {"backend": "torch", "floatx": "float16"}
    settings |= {"image_data_format": "channels_first", "epsilon": 0.1}
    (machine.folder / "keras.json").write_text(json.dumps(settings))
    monkeypatch.setenv("KERAS_HOME", str(machine.folder))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    switches = {"REPOSITORY": str(repository), "OFFLINE": "1", "PROFILE": "quick"}
    for name, value in switches.items():
        monkeypatch.setenv(f"CNNBOOK_{name}", value)
    monkeypatch.setenv("JUPYTER_PATH", str(machine.folder / "jupyter"))
    monkeypatch.setenv("PIP_USER", "1")  # of no account
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(machine.wheels))
    return machine


def run(nb, folder):
    """Execute a notebook in a folder of that machine; return what its cells print."""
    at = {"metadata": {"path": str(folder)}}
    NotebookClient(nb, timeout=600, kernel_name="colab", resources=at).execute()
    outputs = [o for c in nb.cells if c.cell_type == "code" for o in c.outputs]
    return "".join(output.get("text", "") for output in outputs)


@pytest.fixture
def no_pip(monkeypatch):
    def refuse(*_, **__):
        pytest.fail("it ran a command")

    monkeypatch.setattr(subprocess, "run", refuse)


@pytest.mark.parametrize("folder", ["book", ".", "book/_static", "elsewhere"])
def test_at_home_the_cell_goes_to_the_book(
    no_pip, tmp_path, monkeypatch, capfd, folder
):
    monkeypatch.chdir(tmp_path if folder == "elsewhere" else ROOT / folder)
    monkeypatch.setattr(sys, "path", [*sys.path])
    chapters.load("data-visualisation", ["colab"])
    assert Path.cwd() == chapters.BOOK and sys.path[0] == str(chapters.BOOK)
    assert tuple(capfd.readouterr()) == ("", "") and not os.listdir(tmp_path)


@pytest.mark.parametrize(
    ("folder", "settings", "told"),
    [
        ("elsewhere", {}, "The rest of the book is not here: run "),
        ("book", {}, "This kernel lacks the book's packages: run "),
        (
            "elsewhere",
            {"KAGGLE_KERNEL_RUN_TYPE": "Batch", "CNNBOOK_REPOSITORY": "/nowhere"},
            "The book could not be fetched from /nowhere: switch the internet on ",
        ),
    ],
)
def test_where_the_chapter_cannot_run_one_sentence_says_what_to_do(
    tmp_path, folder, settings, told
):
    (cell,) = [
        c.source for c in nbformat.read(NOTEBOOKS[0], 4).cells if c.id == "colab"
    ]
    command = [sys.executable, "-S", "-c", cell]  # no package is installed
    where = tmp_path if folder == "elsewhere" else chapters.BOOK
    options = {"cwd": where, "env": os.environ | settings, "capture_output": True}
    process = subprocess.run(command, text=True, **options)
    assert process.returncode and f"Error: {told}" in process.stderr.splitlines()[-1]


def test_the_cell_fetches_the_book_and_installs_only_what_is_missing(colab, tmp_path):
    before = colab.versions()
    assert {"pooch", "nltk"} <= colab.missing
    cells = nbformat.read(NOTEBOOKS[0], as_version=4).cells
    (first,) = [cell.source for cell in cells if cell.id == "colab"]
    second = "import cnnbook.text; print(cnnbook.__file__, os.getcwd())"
    book = tmp_path / "book-files" / "book"
    # Twice: after a restart of the kernel the folder is there.
    for _ in range(2):
        cells = [nbformat.v4.new_code_cell(source) for source in (first, second)]
        shown = run(nbformat.v4.new_notebook(cells=cells), tmp_path)
        assert shown == f"{book}/cnnbook/__init__.py {book}\n"
    after = colab.versions()
    assert {name: after[name] for name in before} == before
    assert set(map(canonicalize_name, after.keys() - before.keys())) == colab.missing
    ours, theirs = chapters.BOOK / "cnnbook/colab.py", book / "cnnbook/colab.py"
    assert ours.read_bytes() == theirs.read_bytes()


def test_a_tool_of_the_machines_with_an_odd_version_is_passed_over(monkeypatch):
    there = ("good", "1.0"), ("odd", "no version"), ("broken", None), ("good", "2.0")
    there = [SimpleNamespace(name=name, version=version) for name, version in there]
    monkeypatch.setattr(module, "distributions", lambda: there)
    # Of two, the first that is found is the one that is imported.
    assert module._versions() == {"good": "1.0"}


def test_what_is_there_is_never_changed(colab, tmp_path):
    """A package that insists on a newer version of something present is refused."""
    before = colab.versions()
    head = "Metadata-Version: 2.1\nName: greedy\nVersion: 1\nRequires-Dist: tqdm>=99\n"
    wheel(colab.wheels, "tqdm", "99")
    wheel(colab.wheels, "greedy", "1", head)
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("tqdm>=98\ngreedy\n")
    code = "import pathlib, sys, cnnbook.colab as c"
    code += "\nc.install_missing(pathlib.Path(sys.argv[1]))"
    command = [colab.python, "-c", code, requirements]
    options = {"cwd": chapters.BOOK, "capture_output": True, "text": True}
    process = subprocess.run(command, **options)
    assert process.returncode
    assert "greedy" in process.stderr and "conflict" in process.stderr
    left = f"tqdm {before['tqdm']} is left as it is, but the book asks for tqdm>=98.\n"
    assert process.stdout == left and colab.versions() == before


def chapter(path):
    marks = [pytest.mark.long] if path != NOTEBOOKS[0] else []
    return pytest.param(path, marks=marks, id=path.name)


@pytest.mark.parametrize("path", [chapter(path) for path in NOTEBOOKS])
def test_the_chapter_runs_through(colab, tmp_path, path):
    shown = run(nbformat.read(path, as_version=4), tmp_path)
    invented = "how-a-network-learns" in path.name  # needs no data
    told = "drawn by a program" if invented else "from the embedded sample"
    assert told in shown
    assert os.listdir(tmp_path) == ["book-files"]
