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
# All that any job may write.
WRITES = {
    "publish.yml notebooks": {"contents"},
    "publish.yml deploy": {"pages", "id-token"},
    "weekly.yml report": {"issues"},
}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_do_no_more_and_calls_what_is_there(name):
    workflow = yaml.safe_load(WORKFLOWS[name].read_text("utf-8"))
    assert workflow["permissions"] == {}
    # yaml reads the key `on` as True.
    assert set(workflow[True]) == {"workflow_call"} or "concurrency" in workflow
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for job, told in workflow["jobs"].items():
        rights = told.get("permissions", {"all": "write"}).items()
        writes = {right for right, level in rights if level != "read"}
        assert writes == WRITES.get(f"{name} {job}", set()), job
        assert "uses" in told or "timeout-minutes" in told, job
        commands = "\n".join(step.get("run", "") for step in told.get("steps", []))
        for target in re.findall(r"\bmake ([\w-]+)", commands):
            assert re.search(f"^{target}:", makefile, flags=re.M), target
        files = re.findall(r"(?<![\w/.])(?:\.ci|tools|tests)/[\w./-]+", commands)
        for file in [*files, told.get("uses", "Makefile")]:
            assert (ROOT / file).is_file(), file


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


def test_the_auditor_finds_nothing():
    here = Path(sys.executable).parent
    zizmor = shutil.which("zizmor", path=here) or shutil.which("zizmor")
    if not zizmor:
        pytest.skip("zizmor is not installed: requirements.lock has it")
    command = [zizmor, "--offline", "--no-progress", "--format=plain", ".github"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout
