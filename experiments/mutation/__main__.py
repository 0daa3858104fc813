"""Break a copy of the book in many small ways: do its tests notice 95% of them?"""

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from tools import chapters

ROOT = Path(__file__).resolve().parents[2]
REST = "tests/unit", "tests/notebooks", "--ignore=tests/notebooks/test_colab.py"
DATA = os.environ.get("CNNBOOK_DATA")
SAMPLE = {"CNNBOOK_OFFLINE": "1", "CNNBOOK_PROFILE": "quick"}
REAL = {"CNNBOOK_DATA": DATA, "CNNBOOK_PROFILE": "full", "CNNBOOK_PUBLISH": "1"}


def mutants():
    """Yield (path, arguments of pytest, (where, what, pattern, replacement))."""
    told = Path(__file__).with_name("mutants.toml").read_text("utf-8")
    for group in tomllib.loads(told)["group"]:
        path, tests = group["file"], tuple(group["tests"])
        if not path.endswith(".py"):
            path = str(chapters.path(path).relative_to(ROOT))
        if tests[0].startswith("--nbval"):
            tests += "--nbval-current-env", "--nbval-cell-timeout=1200", path
        for mutant in group["mutants"]:
            yield path, tests, mutant


def mutated(path, where, what, pattern, replacement):
    """Return the file's text with the change; raises LookupError if it fits not just once."""
    text = (ROOT / path).read_text("utf-8")
    if path.endswith(".py"):
        parts = [ast.get_source_segment(text, node) for node in ast.parse(text).body]
        parts = [part for part in parts if re.match(rf"(def )?({where})\b", part)]
    else:
        cells = (notebook := json.loads(text))["cells"]
        parts = ["".join(c["source"]) for c in cells if re.fullmatch(where, c["id"])]
    fits = [part for part in parts for _ in re.findall(pattern, part)]
    if len(fits) != 1:
        raise LookupError(f"{what}: {pattern} stands {len(fits)} times in {path}.")
    changed = re.sub(pattern, replacement, fits[0])
    ast.parse(re.sub(r"\A%%.*", "", changed))  # what a cell writes into a file
    if path.endswith(".py"):
        return text.replace(fits[0], changed)
    for cell in cells:
        if "".join(cell["source"]) == fits[0]:
            cell["source"] = changed.splitlines(keepends=True)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def first_failure(root, tests):
    """Run pytest below `root`; return its first failure, or None."""
    kept = {k: v for k, v in os.environ.items() if k[:8] != "CNNBOOK_" and k != "CI"}
    kept |= REAL if tests[0] == "--nbval" else SAMPLE
    kept["PYTHONPATH"] = str(root / "book")  # before the package that is installed
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-rfE", *tests]
    done = subprocess.run(command, cwd=root, env=kept, capture_output=True, text=True)
    found = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", done.stdout, re.M)
    if done.returncode and not found:
        sys.exit(f"pytest ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return found and found[1]


def who_catches(root, path, tests, change, sound):
    """Return the first of the likely tests, or of the REST, that fails with the change."""
    for run in (tests, REST):
        if run not in sound and (failure := first_failure(root, run)):
            sys.exit(f"{failure} fails without any mutant.")
        sound.add(run)
        (root / path).write_text(mutated(path, *change), "utf-8")
        failure = first_failure(root, run)
        shutil.copy(ROOT / path, root / path)
        if failure:
            return failure


def main():
    parser = argparse.ArgumentParser(prog="mutation", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only see if all apply")
    parser.add_argument("--only", default="", help="those with this in name or file")
    chosen = parser.parse_args()
    wanted = [m for m in mutants() if chosen.only in f"{m[0]} {m[2][1]}"]
    if all(mutated(path, *change) for path, _, change in wanted) and chosen.check:
        return
    DATA or sys.exit("Set CNNBOOK_DATA to the folder of the real data.")
    hidden = shutil.ignore_patterns(".git", ".venv*", "_build", "cache", "__pycache__")
    caught, sound = 0, set()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(shutil.copytree(ROOT, Path(folder) / "copy", ignore=hidden))
        for mutant in wanted:
            caught += bool(failure := who_catches(root, *mutant, sound))
            print(f"{mutant[2][1]}: {failure or 'SURVIVED'}", flush=True)
    print(f"{caught} of {len(wanted)} were caught.")
    sys.exit(caught < 0.95 * len(wanted))


if __name__ == "__main__":
    main()
