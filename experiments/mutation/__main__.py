"""Break a copy of the book in many small ways, and see whether its tests notice.

Exit code 1 if fewer than 95% of the mutants are caught.
"""

import argparse
import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import nbformat
from tools import chapters

ROOT = Path(__file__).resolve().parents[2]
NBVAL = "--nbval-current-env", "--nbval-cell-timeout=1200"
# What runs where the tests named in mutants.toml notice nothing.
REST = "tests/unit", "tests/notebooks", "--ignore=tests/notebooks/test_colab.py"
SAMPLE = {"CNNBOOK_OFFLINE": "1", "CNNBOOK_PROFILE": "quick"}
HIDDEN = shutil.ignore_patterns(".*", "_build", "cache", "__pycache__")


def mutants():
    """Yield (path, [arguments of pytest, ...], (where, what, pattern, replacement))."""
    told = Path(__file__).with_name("mutants.toml").read_text("utf-8")
    for group in tomllib.loads(told)["group"]:
        path, runs = group["file"], [tuple(group["tests"]), REST]
        if not path.endswith(".py"):
            path = str(chapters.path(path).relative_to(ROOT))
            runs = [*runs[:1], ("--nbval-lax",), REST]
        runs = [(*r, *NBVAL, path) if "--nbval" in r[0] else r for r in runs]
        for mutant in group["mutants"]:
            yield path, list(dict.fromkeys(runs)), tuple(mutant)


def mutated(path, where, what, pattern, replacement):
    """Return the file's text with the change; raises LookupError if it fits not just once."""
    text = (ROOT / path).read_text("utf-8")
    if path.endswith(".py"):
        nodes = [
            n
            for n in ast.parse(text).body
            if hasattr(n, "name") or hasattr(n, "targets")
        ]
        names = [getattr(n, "name", "") or ast.unparse(n.targets[0]) for n in nodes]
        parts = zip(names, [ast.get_source_segment(text, node) for node in nodes])
    else:
        notebook = nbformat.reads(text, as_version=4)
        parts = [(cell.id, cell.source) for cell in notebook.cells]
    parts = [source for name, source in parts if re.fullmatch(where, name)]
    fits = [part for part in parts for _ in re.findall(pattern, part)]
    if len(fits) != 1:
        raise LookupError(f"{what}: {pattern} stands {len(fits)} times in {path}.")
    changed = re.sub(pattern, replacement, fits[0])
    ast.parse(changed)
    if path.endswith(".py"):
        return text.replace(fits[0], changed)
    for cell in notebook.cells:
        cell.source = changed if cell.source == fits[0] else cell.source
    return nbformat.writes(notebook) + "\n"


def first_failure(root, tests):
    """Run pytest below `root`; return its first failure, or None."""
    kept = {k: v for k, v in os.environ.items() if k[:8] != "CNNBOOK_" and k != "CI"}
    kept["PYTHONPATH"] = str(root / "book")  # before the package that is installed
    real = {"CNNBOOK_DATA": os.environ["CNNBOOK_DATA"], "CNNBOOK_PUBLISH": "1"}
    kept |= real if tests[0] == "--nbval" else SAMPLE
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-rfE", *tests]
    done = subprocess.run(command, cwd=root, env=kept, capture_output=True, text=True)
    found = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", done.stdout, re.M)
    if done.returncode and not found:
        sys.exit(f"pytest ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return found and found[1]


def who_catches(root, path, runs, change, sound):
    """Return the first test that fails with the change, or None."""
    for run in runs:
        if run not in sound and (failure := first_failure(root, run)):
            sys.exit(f"{failure} fails without any mutant.")
        sound.add(run)
        (root / path).write_text(mutated(path, *change), "utf-8")
        failure = first_failure(root, run)
        shutil.copy(ROOT / path, root / path)
        if failure:
            return failure
    return None


def main():
    parser = argparse.ArgumentParser(prog="mutation", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only see if all apply")
    parser.add_argument("--only", default="", help="those with this in name or file")
    chosen = parser.parse_args()
    wanted = [m for m in mutants() if chosen.only in f"{m[0]} {m[2][1]}"]
    for path, _, change in wanted:
        mutated(path, *change)
    print(f"{len(wanted)} mutants apply.")
    if chosen.check:
        return
    os.environ.get("CNNBOOK_DATA") or sys.exit("Set CNNBOOK_DATA to the real data.")
    caught, sound = 0, set()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(shutil.copytree(ROOT, Path(folder) / "copy", ignore=HIDDEN))
        for mutant in wanted:
            failure = who_catches(root, *mutant, sound)
            caught += bool(failure)
            print(f"{mutant[2][1]}: {failure or 'SURVIVED'}", flush=True)
    print(f"{caught} of {len(wanted)} were caught.")
    sys.exit(caught < 0.95 * len(wanted))


if __name__ == "__main__":
    main()
