"""A fork needs no edit: in its workflow the site leads to the fork, and its notebooks fetch the fork's files."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
OWN = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]
CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("*.ipynb"))
FORK = "ada/her-book"
ME = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]


def git(folder, *words):
    return subprocess.run(
        ["git", *words], cwd=folder, capture_output=True, check=True, text=True
    ).stdout.strip()


@pytest.fixture(scope="module")
def fork(tmp_path_factory):
    """A repository with two commits; return it and the first, which is not what a branch names."""
    folder = tmp_path_factory.mktemp("fork")
    git(folder, "init", "-q", "-b", "trunk")
    helpers = folder / "book" / "cnnbook"
    helpers.mkdir(parents=True)
    (helpers / "__init__.py").touch()
    for text in ("the site's own commit", "a later commit"):
        (helpers / "colab.py").write_text(
            f"def install_missing():\n    print({text!r})\n", "utf-8"
        )
        git(folder, "add", ".")
        git(folder, *ME, "commit", "-q", "-m", text)
    return folder, git(folder, "rev-parse", "HEAD^")


@pytest.fixture(scope="module")
def site(fork, tmp_path_factory):
    """The site as the fork's workflow builds it."""
    folder = tmp_path_factory.mktemp("site")
    workflow = {
        "GITHUB_REPOSITORY": FORK,
        "GITHUB_REF_NAME": "trunk",
        "GITHUB_SHA": fork[1],
    }
    build = [
        Path(sys.executable).with_name("jupyter-book"),
        "build",
        "--all",
        "-W",
        "--keep-going",
    ]
    surroundings = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GITHUB_")
    }
    process = subprocess.run(
        [*build, "--path-output", folder, "."],
        cwd=ROOT, env={**surroundings, **workflow}, capture_output=True, text=True,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    return folder / "_build" / "html"


@pytest.fixture(scope="module")
def published(site, tmp_path_factory):
    """The fork's branch of notebooks, fetched again."""
    remote, folder = tmp_path_factory.mktemp("remote"), tmp_path_factory.mktemp("clone")
    git(remote, "init", "-q", "--bare")
    for _ in range(2):  # the second site of a fork replaces the first
        subprocess.run(
            [ROOT / "tools" / "publish_notebooks.sh", site, remote], check=True
        )
    git(folder, "clone", "-q", "--branch", "colab", remote, ".")
    return folder


def addresses_of_the_original(path):
    """The addresses in a file that lead to the original's repository or site."""
    owner, name = OWN["url"].removeprefix("https://github.com/").split("/")
    pattern = rf"github\.com/[\w.-]+/{name}\b|{owner}\.github\.io/{name}\b"
    return {match.decode() for match in re.findall(pattern.encode(), path.read_bytes())}


def addresses(page):
    soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    return {
        tag["href"]
        for tag in soup.find_all(href=True)
        if re.search("github.com|colab", tag["href"])
    }


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_link_of_a_chapter_leads_to_the_fork(site, chapter):
    found = addresses(site / "book" / f"{chapter}.html")
    issue = {
        address
        for address in found
        if address.startswith(f"https://github.com/{FORK}/issues/new?")
    }
    assert len(issue) == 1
    assert found - issue == {
        f"https://colab.research.google.com/github/{FORK}/blob/colab/book/{chapter}.ipynb",
        f"https://github.com/{FORK}",
        f"https://github.com/{FORK}/blob/trunk/book/{chapter}.ipynb",
        f"https://github.com/{FORK}/edit/trunk/book/{chapter}.ipynb",
    }


def test_nothing_on_the_site_names_the_repository_it_was_forked_from(site):
    assert [
        path.name
        for path in site.rglob("*")
        if path.is_file() and addresses_of_the_original(path)
    ] == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_branch_that_the_buttons_open_holds_the_downloads(site, published, chapter):
    stamped = (published / "book" / f"{chapter}.ipynb").read_bytes()
    assert stamped == (site / "_sources" / "book" / f"{chapter}.ipynb").read_bytes()
    # Nothing but the first cell differs from the chapter in the repository.
    ours, theirs = (
        nbformat.reads(stamped.decode(), 4),
        nbformat.read(ROOT / "book" / f"{chapter}.ipynb", 4),
    )
    changed = [
        mine.id
        for mine, other in zip(ours.cells, theirs.cells, strict=True)
        if mine != other
    ]
    assert changed == ["colab"] and ours.metadata == theirs.metadata


def test_a_notebook_of_the_fork_fetches_the_fork_at_the_commit_of_the_site(
    fork, published, tmp_path
):
    notebook = nbformat.read(published / "book" / f"{CHAPTERS[0]}.ipynb", as_version=4)
    (cell,) = [cell.source for cell in notebook.cells if cell.id == "colab"]
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "CNNBOOK_REPOSITORY"
    }
    # git asks the local repository whenever it is given the fork's address.
    instead = {
        "KEY_0": f"url.{fork[0]}.insteadOf",
        "VALUE_0": f"https://github.com/{FORK}",
        "COUNT": "1",
    }
    environment |= {f"GIT_CONFIG_{key}": value for key, value in instead.items()}
    on_colab = "import sys; sys.modules['google.colab'] = sys\n"
    process = subprocess.run(
        [sys.executable, "-c", on_colab + cell],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (process.stdout, process.stderr) == ("the site's own commit\n", "")


def test_the_address_stands_in_one_place():
    """Beside it only where a file must say it itself: the citation of the original, and the notebooks' first cells."""
    found = {}
    for folder, folders, names in os.walk(ROOT):
        folders[:] = set(folders) - {
            ".git",
            ".venv",
            ".venv-lowest",
            ".venv-highest",
            "_build",
            "__pycache__",
            "cache",
        }
        for path in (Path(folder, name) for name in names):
            if addresses_of_the_original(path):
                found[path.relative_to(ROOT).as_posix()] = addresses_of_the_original(
                    path
                )
    expected = [
        "_config.yml",
        "CITATION.cff",
        *(f"book/{chapter}.ipynb" for chapter in CHAPTERS),
    ]
    assert found == {name: {OWN["url"].removeprefix("https://")} for name in expected}
