"""The workflows: what they call exists, and they may do no more than they must.

zizmor audits them: every action pinned to a commit, no expression inside a script, no
trigger that lends rights to strangers. GitHub itself cannot be asked here.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = {path.name: path for path in ROOT.glob(".github/workflows/*.yml")}
WEEKLY = WORKFLOWS["weekly.yml"].read_text("utf-8")
# All that any job may write.
WRITES = {
    "publish.yml notebooks": {"contents"},
    "publish.yml deploy": {"pages", "id-token"},
    "weekly.yml report": {"issues"},
}


def problems(name, text):
    """Return what a workflow may do too much, and what it calls and is not there."""
    workflow, found = yaml.safe_load(text), []
    if workflow.get("permissions") != {}:
        found.append("permissions at the top are not empty")
    # yaml reads the key `on` as True.
    if set(workflow[True]) != {"workflow_call"} and "concurrency" not in workflow:
        found.append("no concurrency group")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for job, told in workflow["jobs"].items():
        rights = told.get("permissions", {"all": "write"}).items()
        writes = {right for right, level in rights if level != "read"}
        if writes != WRITES.get(f"{name} {job}", set()):
            found.append(f"{job} may write {writes}")
        if "uses" not in told and "timeout-minutes" not in told:
            found.append(f"{job} has no time limit")
        commands = "\n".join(step.get("run", "") for step in told.get("steps", []))
        for target in re.findall(r"\bmake ([\w-]+)", commands):
            if not re.search(f"^{target}:", makefile, flags=re.M):
                found.append(f"make {target} is no target")
        files = re.findall(r"(?<![\w/.])(?:\.ci|tools|tests)/[\w./-]+", commands)
        for file in [*files, told.get("uses", "Makefile")]:
            if not (ROOT / file).is_file():
                found.append(f"{file} is not there")
    return found


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflow_is_sound(name):
    assert problems(name, WORKFLOWS[name].read_text("utf-8")) == []


def test_the_site_is_published_only_after_its_tests():
    publish = yaml.safe_load(WORKFLOWS["publish.yml"].read_text("utf-8"))
    jobs, default = publish["jobs"], "github.event.repository.default_branch"
    # Whatever the default branch is called.
    assert publish[True]["push"] is None
    assert jobs["test"]["if"] == f"github.ref_name == {default}"
    assert jobs["deploy"]["needs"] == "notebooks"
    assert jobs["notebooks"]["needs"] == "test"
    assert jobs["test"]["uses"] == "./.github/workflows/test.yml"
    assert "run: bash .ci/run\n" in WORKFLOWS["test.yml"].read_text("utf-8")


def audit(folder):
    """Return what zizmor finds."""
    here = Path(sys.executable).parent
    zizmor = shutil.which("zizmor", path=here) or shutil.which("zizmor")
    if not zizmor:
        pytest.skip("zizmor is not installed: requirements.lock has it")
    command = [zizmor, "--offline", "--no-progress", "--format=plain", folder]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return found.stdout if found.returncode else ""


def test_the_auditor_finds_nothing():
    assert audit(ROOT / ".github") == ""


FAULTS = [
    ("permissions", "permissions: {}", "permissions: write-all"),
    ("may write", "    permissions:\n      issues: write #", "    #"),
    ("may write", "contents: read", "contents: write"),
    ("no time limit", "    timeout-minutes: 350\n", ""),
    ("no concurrency", "concurrency:\n", "env:\n"),
    ("make verfiy", "make verify", "make verfiy"),
    ("is not there", "tests/notebooks/test_stored.py", "tests/test_notebooks.py"),
    ("unpinned-uses", "@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2", "@v6"),
    ("template-injection", 'body="A number', 'body="${{ github.head_ref }}'),
    ("dangerous-triggers", "  workflow_dispatch:", "  pull_request_target:"),
]


@pytest.mark.parametrize("expected, old, new", FAULTS)
def test_a_fault_is_noticed(tmp_path, expected, old, new):
    assert old in WEEKLY
    faulty = WEEKLY.replace(old, new)
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    (tmp_path / ".github/workflows/weekly.yml").write_text(faulty, "utf-8")
    found = problems("weekly.yml", faulty) or [audit(tmp_path / ".github")]
    assert expected in "\n".join(found)
