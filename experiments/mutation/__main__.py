"""Break the book in many small ways, and see whether its tests notice: `make mutation`.

Each mutant of mutants.toml changes one place of a copy of the book. Then the tests run, cheapest first, until one
fails: that one caught it. Writes caught.md.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import nbformat

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MUTANTS, CAUGHT = HERE / "mutants.toml", HERE / "caught.md"
NBVAL = ["--nbval-current-env", "--nbval-cell-timeout=1200"]
UNIT = [
    "data", "reviews", "plots", "profile", "sample", "hostile", "download", "lessons", "recipes", "models", "minilm",
    "notebooks", "tools",
]  # fmt: skip
SURVIVED, NOT_RUN = "**nothing**", "not run yet"
HEADING = """# What the tests notice

`make mutation` breaks a copy of the book in one small place at a time and runs the tests, the cheapest first, until one
fails. A program wrote this page; `mutants.toml` holds the changes themselves.
"""


def load():
    """Return the mutants: dicts with `name`, `file`, `cell` (of a notebook), `old`, `new`, `tests` (looked at first)."""
    return tomllib.loads(MUTANTS.read_text("utf-8"))["mutant"]


def apply(mutant, root):
    """Change the file below `root`; returns its old text. Raises LookupError if `old` does not stand there exactly once."""
    path = root / mutant["file"]
    before = path.read_text("utf-8")
    notebook = nbformat.reads(before, as_version=4) if path.suffix == ".ipynb" else None
    cells = (
        [cell for cell in notebook.cells if cell.id == mutant["cell"]]
        if notebook
        else []
    )
    source = "".join(cell.source for cell in cells) if notebook else before
    if source.count(mutant["old"]) != 1:
        raise LookupError(f"{mutant['name']}: {mutant['old']!r} is not there once.")
    changed = source.replace(mutant["old"], mutant["new"])
    if notebook:
        cells[0].source = changed
        changed = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    path.write_text(changed, "utf-8")
    return before


def stages(mutant, data):
    """Yield (environment, arguments of pytest): the tests named first, then the others, then the notebooks."""
    sample = {"CNNBOOK_OFFLINE": "1", "CNNBOOK_PROFILE": "quick"}
    real = {"CNNBOOK_PROFILE": "quick", "CNNBOOK_DATA": data}
    first = [f"tests/test_{name}.py" for name in mutant["tests"]]
    rest = [f"tests/test_{name}.py" for name in UNIT if name not in mutant["tests"]]
    notebooks = [mutant["file"]] if mutant["file"].endswith(".ipynb") else sorted(
        path.relative_to(ROOT).as_posix() for path in (ROOT / "book").glob("0[1-4]*.ipynb")
    )  # fmt: skip
    strict = [name for name in notebooks if re.search(r"/0[12]-", name)]
    if first:
        yield sample, first
    yield sample, ["--nbval-lax", *NBVAL, *notebooks]
    if strict:
        yield (
            {**real, "CNNBOOK_PROFILE": "full", "CNNBOOK_PUBLISH": "1"},
            ["--nbval", *NBVAL, *strict],
        )
    yield sample, rest
    yield real, ["tests/test_data.py", "tests/test_models.py"]
    for name in sorted(set(notebooks) - set(strict)):
        yield {**real, "CNNBOOK_PUBLISH": "1"}, ["--nbval-lax", *NBVAL, name]


def first_failure(environment, arguments, root):
    """Run pytest below `root`; return the first test that fails, or None."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CNNBOOK_") and name != "CI"
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-rfE",
        "--no-header",
        *arguments,
    ]
    done = subprocess.run(
        command, cwd=root, env={**kept, **environment}, capture_output=True, text=True
    )
    if done.returncode == 0:
        return None
    found = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", done.stdout, flags=re.M)
    if done.returncode != 1 and not found:
        raise RuntimeError(
            f"pytest ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return found[1]


def copy_of_the_book(folder):
    ignored = shutil.ignore_patterns(
        ".git", ".venv*", "_build", "cache", "__pycache__", ".hypothesis"
    )
    return Path(shutil.copytree(ROOT, Path(folder) / "book-under-test", ignore=ignored))


def who_catches(mutant, root, data, sound):
    """Return the first test that notices the mutant, or None.

    `sound` holds the runs of pytest that passed on the unbroken copy. Raises RuntimeError if one does not.
    """
    for environment, arguments in stages(mutant, data):
        run = str((environment, arguments))
        if run not in sound and (
            failure := first_failure(environment, arguments, root)
        ):
            raise RuntimeError(f"{failure} fails without any mutant.")
        sound.add(run)
        before = apply(mutant, root)
        try:
            failure = first_failure(environment, arguments, root)
        finally:
            (root / mutant["file"]).write_text(before, "utf-8")
        if failure:
            return ("real data, " if "CNNBOOK_DATA" in environment else "") + failure
    return None


def shown(found):
    """Return the page for {name: test that caught it, or None}; mutants that are not in it did not run."""
    mutants = load()
    caught = sum(bool(found.get(mutant["name"])) for mutant in mutants)
    ran = sum(mutant["name"] in found for mutant in mutants)
    lines = [
        f"{ran} of {len(mutants)} mutants ran, and {caught} of these were caught ({caught / max(ran, 1):.0%}).",
        "",
    ]
    lines += ["| where | what was broken | caught by |", "|---|---|---|"]
    for mutant in mutants:
        where = f"{Path(mutant['file']).name}{', ' + mutant['cell'] if 'cell' in mutant else ''}"
        test = found.get(mutant["name"], NOT_RUN)
        by = test if test == NOT_RUN else f"`{test}`" if test else SURVIVED
        lines.append(f"| {where} | {mutant['name']} | {by} |")
    return HEADING + "\n" + "\n".join(lines) + "\n"


def known():
    """Return what the page says: {name: test that caught it, or None}."""
    page = CAUGHT.read_text("utf-8")
    rows = re.findall(
        r"^\| [^|]+ \| ([^|]+) \| (`.+`|\*\*nothing\*\*) \|$", page, flags=re.M
    )
    return {name: None if test == SURVIVED else test.strip("`") for name, test in rows}


def main():
    parser = argparse.ArgumentParser(
        prog="mutation", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "--only",
        default="",
        help="only mutants whose name or file holds this text; keeps the others' rows",
    )
    parser.add_argument(
        "--missing",
        action="store_true",
        help="only mutants that the page does not name, or that survived",
    )
    chosen = parser.parse_args()
    pass
    found, sound = known(), set()
    with tempfile.TemporaryDirectory() as folder:
        root = copy_of_the_book(folder)
        for mutant in load():
            wanted = chosen.only in mutant["name"] + mutant["file"]
            if wanted and not (chosen.missing and found.get(mutant["name"])):
                found[mutant["name"]] = who_catches(
                    mutant, root, os.environ["CNNBOOK_DATA"], sound
                )
                print(
                    f"{mutant['name']}: {found[mutant['name']] or 'SURVIVED'}",
                    file=sys.stderr,
                    flush=True,
                )
                CAUGHT.write_text(
                    shown(found), "utf-8"
                )  # at once: a run of all takes hours


if __name__ == "__main__":
    main()
