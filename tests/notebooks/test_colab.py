"""The first cell of a notebook: it does nothing at home, and makes a bare Colab machine ready.

Colab is simulated: a fresh virtual environment with the packages that Colab has, which are linked from the
environment of the tests, a stand-in for `google.colab`, and an empty folder that holds one notebook. pip finds
what is missing in a folder of wheels, packed from the same environment, and no index.
"""

import json
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import nbformat
import pytest
import yaml
from nbclient import NotebookClient
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import cnnbook.colab
from cnnbook.colab import install_missing

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
# Of the packages that Colab brings, those that the book needs.
USUAL = [
    "ipykernel", "keras", "matplotlib", "numpy", "pandas", "pillow", "requests", "scikit-learn", "seaborn",
    "setuptools", "tensorflow", "tqdm",
]  # fmt: skip
LIST = "import json, importlib.metadata as m; print(json.dumps({d.name: d.version for d in m.distributions()}))"


def with_dependencies(names):
    """Return the canonical names of these packages and of all that they need."""
    found, waiting = set(), list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in found:
            found.add(name)
            needs = [Requirement(line) for line in distribution(name).requires or []]
            waiting += [
                need.name
                for need in needs
                if not need.marker or need.marker.evaluate({"extra": ""})
            ]
    return found


def wheel(folder, name, version, metadata, files):
    """Write a wheel that holds `files` ({path: bytes})."""
    stem = f"{name.replace('-', '_')}-{version}"
    about = f"{stem}.dist-info"
    files = {
        **files,
        f"{about}/METADATA": metadata.encode(),
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
        archive.writestr(
            f"{about}/RECORD",
            "".join(f"{path},,\n" for path in [*files, f"{about}/RECORD"]),
        )


def packed(folder, name):
    """Write the wheel of an installed package."""
    package = distribution(name)
    paths = [
        path
        for path in package.files
        if ".." not in path.parts and ".dist-info" not in path.parts[0]
    ]
    files = {
        path.as_posix(): path.read_binary() for path in paths if path.suffix != ".pyc"
    }
    wheel(
        folder,
        canonicalize_name(name),
        package.version,
        package.read_text("METADATA"),
        files,
    )


class Machine:
    """A virtual environment with Colab's packages, and what `pip` may install."""

    def __init__(self, folder):
        self.folder, self.wheels = folder, folder / "wheels"
        venv.create(folder / "venv", with_pip=True, symlinks=True)
        self.python = folder / "venv" / "bin" / "python"
        (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
        usual = with_dependencies(USUAL)
        for name in usual - {canonicalize_name(name) for name in self.versions()}:
            package = distribution(name)
            for top in {path.parts[0] for path in package.files} - {
                "..",
                "__pycache__",
            }:
                if not (site / top).exists():  # two packages may share a folder
                    (site / top).symlink_to(package.locate_file(top))
        (folder / "colab" / "google" / "colab").mkdir(parents=True)
        (folder / "colab" / "google" / "colab" / "__init__.py").touch()
        (site / "colab.pth").write_text(
            f"{folder / 'colab'}\nimport google.colab\n", "utf-8"
        )
        kernel = folder / "jupyter" / "kernels" / "colab"
        kernel.mkdir(parents=True)
        argv = [str(self.python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        (kernel / "kernel.json").write_text(
            json.dumps({"argv": argv, "display_name": "Colab", "language": "python"})
        )
        self.wheels.mkdir()
        needed = [
            line
            for line in (ROOT / "book" / "requirements.txt")
            .read_text("utf-8")
            .splitlines()
            if line[0] != "#"
        ]
        self.missing = (
            with_dependencies(Requirement(line).name for line in needed) - usual
        )
        for name in self.missing:
            packed(self.wheels, name)

    def versions(self):
        told = subprocess.run(
            [self.python, "-c", LIST], capture_output=True, check=True, text=True
        ).stdout
        return json.loads(told)

    def install(self, requirements):
        """Run install_missing there; return the process."""
        code = "import sys, pathlib, cnnbook.colab as c; c.install_missing(pathlib.Path(sys.argv[1]))"
        return subprocess.run(
            [self.python, "-c", code, requirements],
            cwd=ROOT / "book",
            capture_output=True,
            text=True,
        )


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A repository that holds the book as it stands now."""
    folder = tmp_path_factory.mktemp("repository")
    leave = shutil.ignore_patterns("__pycache__", "cache", ".ipynb_checkpoints")
    for name in ("book", "data"):
        shutil.copytree(ROOT / name, folder / name, ignore=leave)
    me = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    for words in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        [*me, "commit", "-q", "-m", "The book"],
    ):
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
    monkeypatch.setenv("CNNBOOK_REPOSITORY", str(repository))
    monkeypatch.setenv("CNNBOOK_OFFLINE", "1")
    monkeypatch.setenv("CNNBOOK_PROFILE", "quick")
    monkeypatch.setenv("JUPYTER_PATH", str(machine.folder / "jupyter"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(machine.wheels))
    return machine


def run(nb, folder):
    NotebookClient(
        nb,
        timeout=600,
        kernel_name="colab",
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    return nb


def first_cell(path=NOTEBOOKS[0]):
    (source,) = [
        cell.source
        for cell in nbformat.read(path, as_version=4).cells
        if cell.id == "colab"
    ]
    return source


def shown(nb):
    return "".join(
        o.get("text", "") for c in nb.cells if c.cell_type == "code" for o in c.outputs
    )


def test_at_home_the_cell_does_nothing(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        subprocess, "run", lambda *_, **__: pytest.fail("it ran a command")
    )
    path = list(sys.path)
    exec(first_cell(), {})
    assert (list(tmp_path.iterdir()), sys.path, capfd.readouterr()) == (
        [],
        path,
        ("", ""),
    )


def test_the_cell_is_short():
    lines = [line for line in first_cell().splitlines() if line.strip()]
    assert len(lines) <= 12


def test_the_cell_fetches_the_book_and_installs_only_what_is_missing(
    colab, tmp_path, repository
):
    before = colab.versions()
    assert {"pooch", "nltk", "textblob", "vadersentiment"} <= colab.missing, (
        "nothing is missing on this machine"
    )
    # Twice: after a restart of the kernel the folder is there.
    for _ in range(2):
        cells = [
            first_cell(),
            "import cnnbook.text; print(cnnbook.__file__, os.getcwd())",
        ]
        nb = run(
            nbformat.v4.new_notebook(
                cells=[nbformat.v4.new_code_cell(cell) for cell in cells]
            ),
            tmp_path,
        )
        book = tmp_path / "book-files" / "book"
        assert nb.cells[1].outputs[0].text == f"{book}/cnnbook/__init__.py {book}\n"
        assert shown(nb).count("\n") == 1, "the cell prints something"
    after = colab.versions()
    assert {name: after[name] for name in before} == before
    assert {
        canonicalize_name(name) for name in set(after) - set(before)
    } == colab.missing
    assert (book / "cnnbook/colab.py").read_bytes() == (
        ROOT / "book/cnnbook/colab.py"
    ).read_bytes()


def test_the_cell_fetches_the_address_and_branch_of_the_configuration(
    tmp_path, repository, monkeypatch
):
    """git asks the local repository when it is given the book's own address."""
    own = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]
    assert f'REPOSITORY, REVISION = "{own["url"]}", "{own["branch"]}"' in first_cell()
    monkeypatch.delenv("CNNBOOK_REPOSITORY", raising=False)
    for name, value in {
        "COUNT": "1",
        "KEY_0": f"url.{repository}.insteadOf",
        "VALUE_0": own["url"],
    }.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    stand_in = "import sys; sys.modules['google.colab'] = sys\n"
    cell = first_cell().replace("install_missing()", "print(os.getcwd())")
    told = subprocess.run(
        [sys.executable, "-c", stand_in + cell],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (told.stdout, told.stderr) == (f"{tmp_path / 'book-files' / 'book'}\n", "")


def test_pip_gets_what_is_missing_and_what_is_there_as_constraints(
    tmp_path, monkeypatch, capsys
):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(
        "# comment\npytest>=1\nno-such-package>=2\nnumpy>=999\n", "utf-8"
    )
    asked = []

    def run(command, check):
        asked.append(
            (
                command,
                Path(command[command.index("--constraint") + 1]).read_text("utf-8"),
                check,
            )
        )

    monkeypatch.setattr(subprocess, "run", run)
    install_missing(requirements)
    [(command, constraints, check)] = asked
    assert (
        command[-1] == "no-such-package>=2"
        and check
        and f"pytest=={pytest.__version__}\n" in constraints
    )
    assert re.fullmatch(
        r"numpy \S+ is left as it is, but the book asks for numpy>=999\.\n",
        capsys.readouterr().out,
    )


def test_pip_is_not_asked_where_nothing_is_missing(tmp_path, monkeypatch):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("pytest>=1\n", "utf-8")
    monkeypatch.setattr(
        subprocess, "run", lambda *_, **__: pytest.fail("it ran a command")
    )
    install_missing(requirements)


def test_a_tool_of_the_machines_with_an_odd_version_is_passed_over(monkeypatch):
    from types import SimpleNamespace

    there = [
        ("good", "1.0"),
        ("odd", "not-a-version"),
        ("broken", None),
        ("good", "2.0"),
    ]
    monkeypatch.setattr(
        cnnbook.colab,
        "distributions",
        lambda: [SimpleNamespace(name=n, version=v) for n, v in there],
    )
    assert cnnbook.colab._versions() == {
        "good": "1.0"
    }  # the first that is found is the one that is imported


def test_what_is_there_is_never_changed(colab, tmp_path):
    """A package that insists on a newer version of something present is refused; an old one is named."""
    before = colab.versions()
    wheel(
        colab.wheels,
        "tqdm",
        "99",
        "Metadata-Version: 2.1\nName: tqdm\nVersion: 99\n",
        {"tqdm/__init__.py": b""},
    )
    needs = "Metadata-Version: 2.1\nName: greedy\nVersion: 1\nRequires-Dist: tqdm>=99\n"
    wheel(colab.wheels, "greedy", "1", needs, {"greedy.py": b""})
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# comment\ntqdm>=98\ngreedy\n", "utf-8")
    process = colab.install(requirements)
    assert (
        process.returncode
        and "greedy" in process.stderr
        and "conflict" in process.stderr
    )
    assert (
        process.stdout
        == f"tqdm {before['tqdm']} is left as it is, but the book asks for tqdm>=98.\n"
    )
    assert colab.versions() == before


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path, marks=[pytest.mark.long] if path != NOTEBOOKS[0] else [], id=path.name
        )
        for path in NOTEBOOKS
    ],
)
def test_the_chapter_runs_through(colab, tmp_path, path):
    nb = run(nbformat.read(path, as_version=4), tmp_path)
    assert "from the embedded sample" in shown(nb)
    assert {entry.name for entry in tmp_path.iterdir()} == {"book-files"}
