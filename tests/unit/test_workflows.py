"""The workflows: what they call exists, what they use is pinned, and they may do no more than they must.

GitHub itself cannot be asked here. actionlint, which knows the language of workflows, runs on each pull request.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# All that any job may write, and who may.
WRITES = {
    ("publish.yml", "notebooks", "contents"),
    ("publish.yml", "deploy", "pages"),
    ("publish.yml", "deploy", "id-token"),
    ("weekly.yml", "report", "issues"),
}
PINNED = re.compile(r"uses: ([\w./-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+")


def jobs(text):
    return yaml.safe_load(text)["jobs"].items()


def steps(text):
    return [step for _, job in jobs(text) for step in job.get("steps", [])]


def pin_problems(text):
    """An action is named by a full commit, which nobody can move, and says which version that is."""
    used = [
        line.strip().removeprefix("- ")
        for line in text.splitlines()
        if re.match(r"\s*(- )?uses:", line)
    ]
    return [
        line
        for line in used
        if not PINNED.fullmatch(line)
        and not line.startswith("uses: ./.github/workflows/")
    ]


def limit_problems(text):
    problems = (
        []
        if yaml.safe_load(text).get("permissions") == {}
        else ["permissions at the top are not empty"]
    )
    for name, job in jobs(text):
        if "uses" not in job and not isinstance(job.get("timeout-minutes"), int):
            problems.append(f"{name}: no time limit")
        if not isinstance(job.get("permissions"), dict):
            problems.append(f"{name}: permissions not listed")
    # yaml reads the key `on` as True.
    started = set(yaml.safe_load(text)[True])
    if started != {"workflow_call"} and "concurrency" not in yaml.safe_load(text):
        problems.append("no concurrency group")
    return problems + [
        f"started by {event}"
        for event in started & {"pull_request_target", "workflow_run"}
    ]


def command_problems(text):
    """Commands of the repository that a step calls and that are not there."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([\w-]+):", makefile, flags=re.M))
    commands = "\n".join(step.get("run", "") for step in steps(text))
    problems = [
        f"make {name}"
        for name in re.findall(r"\bmake ([\w-]+)", commands)
        if name not in targets
    ]
    files = re.findall(r"(?<![\w/.])(?:\.ci|tools|tests)/[\w./-]+", commands)
    problems += [name for name in files if not (ROOT / name).is_file()]
    called = [job["uses"] for _, job in jobs(text) if "uses" in job]
    return problems + [name for name in called if not (ROOT / name).is_file()]


def expression_problems(text):
    """An expression inside a script would let a title or a branch's name become a command."""
    return [step["run"] for step in steps(text) if "${{" in step.get("run", "")]


CHECKS = [pin_problems, limit_problems, command_problems, expression_problems]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_workflow_is_sound(path, check):
    assert check(path.read_text("utf-8")) == []


def test_no_job_may_write_more_than_it_must():
    rights = {
        (path.name, job, right)
        for path in WORKFLOWS
        for job, told in jobs(path.read_text("utf-8"))
        for right, level in told["permissions"].items()
        if level != "read"
    }
    assert rights == WRITES


def test_an_action_has_one_version_everywhere():
    used = {
        pin for path in WORKFLOWS for pin in PINNED.findall(path.read_text("utf-8"))
    }
    assert len({action for action, _ in used}) == len(used)


def test_the_site_is_published_only_after_its_tests():
    publish = dict(jobs((ROOT / ".github/workflows/publish.yml").read_text("utf-8")))
    assert (
        publish["deploy"]["needs"] == "notebooks"
        and publish["notebooks"]["needs"] == "test"
    )
    assert publish["test"]["uses"] == "./.github/workflows/test.yml"
    commands = [
        step.get("run")
        for step in steps((ROOT / ".github/workflows/test.yml").read_text("utf-8"))
    ]
    assert "bash .ci/run" in commands


def test_the_auditor_finds_nothing():
    zizmor = shutil.which("zizmor", path=Path(sys.executable).parent) or shutil.which(
        "zizmor"
    )
    assert zizmor, "zizmor is not installed: requirements.lock has it"
    command = [zizmor, "--offline", "--no-progress", ".github"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert process.returncode == 0, process.stdout


FAULTS = [
    (
        pin_problems,
        "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2",
        "actions/checkout@v6",
    ),
    (pin_problems, "5447ce83dd # v6.0.2", "5447ce83dd"),
    (limit_problems, "permissions: {}", "permissions: write-all"),
    (limit_problems, "    timeout-minutes: 350\n", ""),
    (
        limit_problems,
        "    permissions:\n      issues: write # opens or continues one issue\n",
        "",
    ),
    (
        limit_problems,
        "concurrency:\n  group: weekly\n  cancel-in-progress: false\n",
        "",
    ),
    (limit_problems, "  workflow_dispatch:\n", "  pull_request_target:\n"),
    (command_problems, "make verify", "make verfiy"),
    (command_problems, "tests/test_notebooks.py", "tests/test_notebook.py"),
    (expression_problems, 'body="A number', 'body="${{ github.head_ref }} A number'),
]


@pytest.mark.parametrize(("check", "old", "new"), FAULTS)
def test_check_notices_the_fault(check, old, new):
    text = (ROOT / ".github/workflows/weekly.yml").read_text("utf-8")
    assert old in text
    assert check(text.replace(old, new))
