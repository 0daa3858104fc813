"""A fork needs no edit: in its workflow the site leads to the fork, and its notebooks fetch the fork's files."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import repository
from sphinx.errors import ExtensionError
from test_site import CHAPTERS, CONFIG, ROOT, parsed

FORK = "ada/her-book"
ME = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
OWN = CONFIG["repository"]["url"].removeprefix("https://")
OWNER, NAME = OWN.split("/")[1:]
ORIGINAL = rf"github\.com/[\w.-]+/{NAME}\b|{OWNER}\.github\.io/{NAME}\b".encode()


def git(folder, *words):
    command = ["git", *ME, *map(str, words)]
    process = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return process.stdout.decode().strip()


@pytest.fixture(scope="module")
def fork(tmp_path_factory):
    """A repository with two commits; return it and the first, which no branch names."""
    folder = tmp_path_factory.mktemp("fork")
    git(folder, "init", "-q")
    helpers = folder / "book" / "cnnbook"
    helpers.mkdir(parents=True)
    (helpers / "__init__.py").touch()
    for text in ("the site's own commit", "a later commit"):
        install = f"def install_missing():\n    print({text!r})\n"
        (helpers / "colab.py").write_text(install, "utf-8")
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", text)
    return folder, git(folder, "rev-parse", "HEAD^")


@pytest.fixture(scope="module")
def site(fork, tmp_path_factory):
    """The site as the fork's workflow builds it."""
    folder = tmp_path_factory.mktemp("site")
    workflow = {"ACTIONS": "true", "REPOSITORY": FORK, "REF_NAME": "trunk"}
    workflow |= {"SHA": fork[1], "BASE_REF": ""}
    environment = os.environ | {f"GITHUB_{key}": v for key, v in workflow.items()}
    program = Path(sys.executable).with_name("jupyter-book")
    command = [program, "build", "--all", "-W", "--path-output", folder, ROOT]
    process = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return folder / "_build" / "html"


@pytest.fixture(scope="module")
def published(site, tmp_path_factory):
    """The fork's branch of notebooks, fetched again."""
    remote, folder = tmp_path_factory.mktemp("remote"), tmp_path_factory.mktemp("clone")
    git(remote, "init", "-q", "--bare")
    publish = [ROOT / "tools" / "publish_notebooks.sh", site, remote]
    for _ in range(2):  # the second site of a fork replaces the first
        subprocess.run(publish, check=True)
    git(folder, "clone", "-q", "--branch", "colab", remote, ".")
    return folder


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_link_of_a_chapter_leads_to_the_fork(site, chapter):
    links = parsed(site / f"{chapter}.html").find_all(href=re.compile("github|kaggle"))
    found = {link["href"].partition("?title")[0] for link in links}
    opened, hub = f"{FORK}/blob/colab/{chapter}.ipynb", "https://github.com"
    assert found == {
        f"https://colab.research.google.com/github/{opened}",
        f"https://kaggle.com/kernels/welcome?src={hub}/{opened}",
        f"{hub}/{FORK}",
        f"{hub}/{FORK}/blob/trunk/{chapter}.ipynb",
        f"{hub}/{FORK}/edit/trunk/{chapter}.ipynb",
        f"{hub}/{FORK}/issues/new",
        f"https://ada.github.io/her-book/{chapter}.html",
    }


def test_nothing_on_the_site_names_the_repository_it_was_forked_from(site):
    files = [path for path in site.rglob("*") if path.is_file()]
    assert [path.name for path in files if re.search(ORIGINAL, path.read_bytes())] == []


@pytest.mark.parametrize("host", ["Colab", "Kaggle"])
def test_a_notebook_of_the_fork_fetches_the_fork_at_the_commit_of_the_site(
    fork, published, tmp_path, host
):
    notebook = nbformat.read(published / f"{CHAPTERS[0]}.ipynb", 4)
    (cell,) = [cell.source for cell in notebook.cells if cell.id == "colab"]
    # git asks the local repository whenever it is given the fork's address.
    instead = {"KEY_0": f"url.{fork[0]}.insteadOf", "COUNT": "1"}
    instead["VALUE_0"] = f"https://github.com/{FORK}"
    environment = os.environ | {f"GIT_CONFIG_{key}": v for key, v in instead.items()}
    environment.pop("CNNBOOK_REPOSITORY", None)
    if host == "Colab":
        cell = "import sys; sys.modules['google.colab'] = sys\n" + cell
    else:
        environment["KAGGLE_KERNEL_RUN_TYPE"] = "Interactive"
    command = [sys.executable, "-S", "-c", cell]  # no package is installed
    options = {"cwd": tmp_path, "env": environment, "capture_output": True}
    process = subprocess.run(command, text=True, **options)
    assert (process.stdout, process.stderr) == ("the site's own commit\n", "")


def test_the_address_stands_in_one_place():
    """Beside it only in the citation of the original, and in the notebooks' first cells."""
    found = {}
    for name in git(ROOT, "ls-files").splitlines():
        if addresses := set(re.findall(ORIGINAL, (ROOT / name).read_bytes())):
            found[name] = addresses
    chapters = [f"{chapter}.ipynb" for chapter in CHAPTERS]
    expected = ["_config.yml", "CITATION.cff", *chapters]
    assert found == {name: {OWN.encode()} for name in expected}


@pytest.mark.parametrize(
    ("settings", "url", "address"),
    [
        ({}, "https://github.com/Ada/her-book", "https://ada.github.io/her-book/"),
        ({}, "https://github.com/Ada/ada.github.io", "https://ada.github.io/"),
        ({"NETLIFY": "true", "URL": "https://a.b"}, "https://x.y/z", "https://a.b/"),
        ({"CI_PAGES_URL": "https://a.b/c"}, "https://x.y/z", "https://a.b/c/"),
    ],
)
def test_the_site_knows_its_address(monkeypatch, settings, url, address):
    monkeypatch.setattr(repository.os, "environ", settings)
    assert repository.site(url) == address


def test_elsewhere_the_site_asks_for_its_address_and_has_no_button_of_colab(
    monkeypatch,
):
    # A Codespace knows the repository too, and is no workflow.
    monkeypatch.setattr(repository.os, "environ", {"GITHUB_REPOSITORY": FORK})
    assert not repository.in_workflow()
    options = {"repository_url": "https://gitlab.com/a/b/c", "repository_branch": "x"}
    with pytest.raises(ExtensionError, match="_config.yml, under html, as baseurl"):
        repository.site(options["repository_url"])
    assert repository.hosts(options, "book/01-x") == {}
