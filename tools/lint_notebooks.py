"""List every problem of the stored chapters and pages.

`python -m tools.lint_notebooks [files]` prints one problem a line, for example
`book/04-face-cnn.ipynb fit: unknown tag 'skip'`, and ends with exit code 1 if there is
any. Without files it looks at all chapters and pages; where CNNBOOK_DATA is the folder
of the real data, for quotations of reviews too. A rule yields pairs (cell, problem).
"""

import argparse
import os
import re
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path

import nbformat
import pandas as pd
import yaml

from tools import blocks, chapters, execute, verify

ROOT = Path(__file__).resolve().parents[1]
BOOK = chapters.BOOK
ALL = "notebook"  # stands where a problem has no one cell

# None that would leave a cell out, let it fail or hide what it stores.
NBVAL = {"nbval-check-output", "nbval-ignore-output"}
TAGS = NBVAL | {"hide-input", "hide-cell", "solution", "recipe", "ship"}
OPENING = "What you will build/What you will learn/What you need/How long it takes"
SECTIONS = "Exercises/Summary/Test yourself/Further reading"
LEVELS, KINDS = ("Easy", "Medium", "Hard"), ("other code", "solution")
MAX_BYTES = 4 * 10**6
MIN_ALT = 40  # characters
QUOTE = 12  # so many consecutive words of a review are a quotation

# Readable, and not made by a program: no eight or more hexadecimal digits.
ID = re.compile(r"(?!(?=\D*\d)[0-9a-f-]{8,}$)[a-z0-9-]+")
ANSWER = re.compile(
    r'<details class="(right|wrong)"><summary>.+</summary>\n\n'
    r"\*\*(?i:\1)\.\*\* (?:\S+ ){5,}\S+\n\n</details>"
)
LEAKS = {
    "path": r"(?<![\w.])/(?:work|tmp|root|home|Users|content|mnt|opt|srv|kaggle)/",
    "Windows path": r"\b[A-Z]:\\\\?\w",
    "key": r"\b(?:gh[oprsu]_\w{30,}|github_pat_\w{20,}|hf_[A-Za-z]{30,}|sk-[\w-]{20,})",
    "service key": r"\b(?:AKIA[0-9A-Z]{16}\b|AIza[\w-]{35}|xox[abp]-[\w-]{10,})",
    "private key": r"-----BEGIN\ [A-Z ]*PRIVATE\ KEY",
    "password in an address": r"""://[^\s/:@"']+:[^\s/@"']+@""",
    "secret": r"""(?i:password|passwd|secret|api_?key|access_?token)\w*["']?\s*[:=]
        \s*["'][^"'\s]{8,}["']""",
    "photo": r"(?<![\w.])\d{1,3}_[01]_\d_\d{6,}(?:\.jpg)?(?:\.chip\.jpg)?",
    "photo's date": r"(?<![\d.])201[67]\d{13}(?!\d)",
}
EXAMPLE_NAME = "28_1_0_20170117180708809.jpg.chip.jpg"  # the one that we explain
NUMBER = re.compile(
    r"""(?<![\w.,])\d+(?:[.,]\d+)?\s*\**\s*(?:%|per\s?cent\b|percentage\ points?\b)
    | (?<![\w.,])\d+\.\d+\s*\**\s*-?(?:year|point)s?\b
    | (?:accuracy|error|AUC)(?:\ of|\ is)?\ \**\d+\.\d+\b""",
    re.X,
)
# What the source tutorials report, and numbers that are true of every run.
ALLOWED_NUMBERS = set("8.11year 87.70% 87.7% 83.03% 99.0% 50% 95% 100%".split())
NOT_PROSE = re.compile(
    r"""^```.*?^``` | ^\#[^\n]*$ | \$\$.*?\$\$ | \$[^$\n]+\$
    | \{(?:cite|ref)[^}]*\}`[^`]*` | \]\([^)]*\) | </?(?:details|summary)[^>]*>""",
    re.M | re.S | re.X,
)
TERM = re.compile(r"\{term\}`([^`]+)`")
ORDINARY_WORDS = {"step"}  # terms that the prose also needs in their everyday sense


def strays():
    """Return a problem for each notebook or page of book/ that _toc.yml does not name."""
    held = {*BOOK.glob("*.ipynb"), *BOOK.glob("*.md")} - set(chapters.files())
    told = "is not in _toc.yml: name it there, or move it out of book/"
    return [f"{path.relative_to(ROOT)} {told}" for path in sorted(held)]


def read(path):
    """Return a notebook as it is stored (nbformat.read mends ids), or a page as one."""
    text = path.read_text("utf-8")
    if path.suffix == ".ipynb":
        return nbformat.reader.reads(text)
    page = nbformat.v4.new_markdown_cell(text, id="page")
    return nbformat.v4.new_notebook(cells=[page])


def cells(nb, kind):
    return [cell for cell in nb.cells if cell.cell_type == kind]


def tags(cell):
    return set(cell.metadata.get("tags", []))


def prose(nb):
    """Return all Markdown without its fenced code."""
    text = "\n\n".join(cell.source for cell in cells(nb, "markdown"))
    return re.sub("^```.*?^```", "", text, flags=re.M | re.S)


def output_texts(cell):
    """Yield what the outputs of a cell say, pictures apart."""
    for output in cell.get("outputs", []):
        yield output.get("text", "")
        for kind, content in output.get("data", {}).items():
            if not kind.startswith("image/") or kind == "image/svg+xml":
                yield str(content)


def legends(cell):
    """Return the alt text, the caption and the name of a cell's figure."""
    told = cell.metadata.get("mystnb", {})
    figure = told.get("figure", {})
    alt = told.get("image", {}).get("alt", "")
    return alt, figure.get("caption", ""), figure.get("name", "")


def figure_names(nb):
    return [name for cell in cells(nb, "code") if (name := legends(cell)[2])]


def all_texts(nb):
    for cell in nb.cells:
        for text in (cell.source, *legends(cell), *output_texts(cell)):
            yield cell.id, text


@cache
def known_citations():
    text = (BOOK / "references.bib").read_text("utf-8")
    return set(re.findall(r"^@\w+\{\s*([^\s,]+)", text, flags=re.M))


@cache
def known_terms():
    text = (BOOK / "glossary.md").read_text("utf-8")
    return {term.lower() for term in re.findall(r"^(\w.*)\n  \S", text, flags=re.M)}


def ids(nb):
    found = [cell.get("id", "") for cell in nb.cells]
    for i in found:
        if not ID.fullmatch(i) or found.count(i) > 1:
            yield i or ALL, "the id is not unique, or not readable a-z, 0-9 and -"


def valid(nb):
    if [cell.cell_type for cell in nb.cells[:1]] != ["markdown"]:
        yield ALL, "the first cell is not Markdown"
    try:
        nbformat.validate(nb)
    except nbformat.ValidationError as error:
        yield ALL, f"not valid: {str(error).splitlines()[0]}"


def metadata(nb):
    if nb.metadata.get("kernelspec", {}).get("name") != "python3":
        yield ALL, "the kernel is not python3"
    for key in set(nb.metadata) - {"kernelspec", "language_info"}:
        yield ALL, f"metadata {key!r}"
    size = len(nbformat.writes(nb).encode())
    if size >= MAX_BYTES:
        yield ALL, f"{size:,} bytes, {MAX_BYTES:,} are too many"
    for cell in nb.cells:
        for key in set(cell.metadata) - {"tags", "mystnb", "tolerance"}:
            yield cell.id, f"metadata {key!r}"
        for tag in tags(cell) - TAGS:
            yield cell.id, f"unknown tag {tag!r}"
        told = cell.metadata.get("mystnb", {})
        if "hide-input" in tags(cell) and "code_prompt_show" not in told:
            yield cell.id, "a folded cell without a title"
        for output in cell.get("outputs", []):
            shown = {kind for kind in output.get("data", {}) if "widget" in kind}
            for told in output.get("metadata", {}).values():
                shown |= set(told) - {"width", "height"}
            for key in shown:
                yield cell.id, f"output {key!r}"


def execution(nb):
    for count, cell in enumerate(cells(nb, "code"), start=1):
        if cell.execution_count != count:
            yield cell.id, f"executed as number {cell.execution_count}, not {count}"
        for output in cell.outputs:
            if output.output_type == "error":
                yield cell.id, f"stored error {output.ename}"
            elif output.get("name") == "stderr":
                yield cell.id, f"stored stderr {output.text[:60]!r}"
    checked = sum("nbval-check-output" in tags(cell) for cell in cells(nb, "code"))
    if checked < 2:
        yield ALL, f"{checked} cells with the tag nbval-check-output, fewer than 2"


def tolerance(nb):
    """A tolerance of tools/verify.py says nothing in vain."""
    for cell in cells(nb, "code"):
        told = cell.metadata.get("tolerance", {})
        lines = verify.texts(cell)
        units = {unit for line in lines for _, unit in verify.numbers(line)}
        if set(told) - {"words", *units} or (told and tags(cell) & NBVAL):
            yield cell.id, f"nothing is compared with the tolerance {dict(told)}"
        if any(value is not None and not value > 0 for value in told.values()):
            yield cell.id, f"a tolerance of {dict(told)} is not above 0"


def structure(nb):
    lines = prose(nb).splitlines()
    titles = [line for line in lines if line.startswith("# ")]
    if len(titles) != 1 or not nb.cells[0].source.startswith("# "):
        yield ALL, f"not one title (H1) at the very beginning: {titles}"
    for heading in OPENING.split("/"):
        if f"**{heading}.**" not in nb.cells[0].source:
            yield nb.cells[0].id, f"the opening lacks **{heading}.**"
    for section in SECTIONS.split("/"):
        if f"## {section}" not in lines:
            yield ALL, f"no section '## {section}'"


def guesses(nb):
    _, *found = prose(nb).split("**Guess first.**")
    if len(found) < 2:
        yield ALL, f"{len(found)} guess-first questions, fewer than 2"
    for text in found:
        if not re.match("(?:(?!^#).)*?<details>.*?</details>", text, re.M | re.S):
            yield ALL, f"no folded answer to {text.strip()[:60]!r}"


def exercises(nb):
    found, heading = [], r"^### Exercise \d+.*\n\n(?:\*(\w+),)?"
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            found += re.findall(heading, cell.source, flags=re.M)
        else:
            found.append(KINDS[{"solution", "hide-cell"} <= tags(cell)])
    found = [pair for pair in pairwise([*found, "nothing"]) if pair[0] not in KINDS]
    if found != [(level, "solution") for level in LEVELS]:
        yield ALL, f"exercises {found}, not {LEVELS}, each before a folded solution"


def self_test(nb):
    """Five questions of three or four answers; one is right, and each says why."""
    source = "".join(cell.source for cell in nb.cells if cell.id == "self-test")
    _, *parts = re.split(r"^\*\*Question (\d)\.\*\* ", source, flags=re.M)
    if parts[::2] != list("12345"):
        yield "self-test", f"questions {parts[::2]}, not 1 to 5"
    places = []
    for number, text in zip(parts[::2], parts[1::2]):
        kinds = ANSWER.findall(text)
        marks = {text.count("<details"), text.count("</details>")}
        sound = kinds.count("right") == 1 and kinds.count("wrong") in (2, 3)
        if not sound or marks != {len(kinds)}:
            yield "self-test", f"question {number}: not 3 or 4 sound answers, one right"
        else:
            places.append(kinds.index("right"))
    if len(set(places)) == 1:
        yield "self-test", "the right answer always has the same place"


def figures(nb):
    for lost in execute.lost_figures(nb):
        yield lost, "describes a figure, and shows no picture"
    for cell in cells(nb, "code"):
        alt, caption, name = legends(cell)
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            if len(alt.strip()) < MIN_ALT:
                yield cell.id, f"alt text {alt!r} has fewer than {MIN_ALT} characters"
            if not caption or not name:
                yield cell.id, "figure without caption or name"
        if name and figure_names(nb).count(name) > 1:
            yield cell.id, f"another figure has the name {name!r}"


def colab(nb):
    told = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]
    for name, value in (("REPOSITORY", told["url"]), ("REVISION", told["branch"])):
        if colab_cell(nb).count(f'{name} = "{value}"\n') != 1:
            yield "colab", f"{name} is not {value!r}, as in _config.yml"


def colab_cell(nb):
    return "".join(cell.source for cell in cells(nb, "code") if cell.id == "colab")


def first_uses(nb):
    """Terms are linked at first use; the opening may name what is explained later."""
    texts = [NOT_PROSE.sub(" ", cell.source) for cell in cells(nb, "markdown")]
    texts = [re.sub(r"(\{term\}`[^`]+`)|`[^`\n]+`", r"\1", text) for text in texts]
    text, linked = "\n\n".join(texts), {}
    for role in TERM.finditer(text):
        linked.setdefault(target(role[1]), role.start())
    rest = TERM.sub(blank, text)
    # "dense layer" before "layer"
    for term in sorted(known_terms() - ORDINARY_WORDS, key=len, reverse=True):
        pattern = rf"(?i)(?<![\w-]){re.escape(term)}(?:e?s)?(?![\w-])"
        starts = [use.start() for use in re.finditer(pattern, rest)]
        start = next((i for i in starts if i >= len(texts[0])), len(text))
        rest = re.sub(pattern, blank, rest)
        if linked.get(term, len(text)) > start:
            around = " ".join(text[max(0, start - 50) : start + 40].split())
            yield ALL, f"term {term!r} is not linked at its first use: {around!r}"


def target(role):
    """Return the term that the role {term}`role` links to."""
    return re.sub(r".*<(.*)>$", r"\1", " ".join(role.split())).lower()


def blank(match):
    return "_" * len(match[0])


def leaks(nb):
    for where, text in all_texts(nb):
        for what, pattern in LEAKS.items():
            for match in re.finditer(pattern, text, re.X):
                # The beginning is enough to find it, and a log is public.
                if match[0] not in EXAMPLE_NAME:
                    yield where, f"{what}: {match[0][:8]!r}..."


def numbers(nb):
    """Measured numbers belong in computed outputs; typed ones go stale."""
    for cell in nb.cells:
        typed = [cell.source] if cell.cell_type == "markdown" else []
        for text in map(blocks.typed, [*typed, *legends(cell)]):
            for match in NUMBER.finditer(text):
                number = re.sub(r"[\s*-]", "", match[0]).replace("percent", "%")
                if number.rstrip("s") not in ALLOWED_NUMBERS:
                    around = text[max(0, match.start() - 30) : match.end() + 10]
                    yield cell.id, f"typed number {match[0]!r} in {around!r}"


def references(nb):
    keys = re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", prose(nb))
    keys = {key.strip() for group in keys for key in group.split(",")}
    for key in sorted(keys - known_citations()):
        yield ALL, f"citation {key!r} is not in references.bib"
    for term in sorted(set(map(target, TERM.findall(prose(nb)))) - known_terms()):
        yield ALL, f"term {term!r} is not in the glossary"


def quotations(nb, reviews):
    """Runs of words of a review, in the text and down the first column of a table."""

    def runs(words):
        return (" ".join(words[i : i + QUOTE]) for i in range(len(words) - QUOTE + 1))

    def words(text):
        return re.findall("[a-z0-9]+", text.lower())

    shown = {}
    for where, text in all_texts(nb):
        text = re.sub("<[^>]+>", " ", text)
        column = [found[0] for line in text.splitlines() if (found := words(line))]
        for sequence in (words(text), column):
            shown.update((run, where) for run in runs(sequence))
    quoted = {shown.get(run) for review in reviews for run in runs(words(review))}
    for where in sorted(quoted - {None}):
        yield where, f"quotes {QUOTE} words or more of a review"


def unlike(nb, others):
    """What must be the same in all chapters, and what must not."""
    for other in others:
        if colab_cell(nb) != colab_cell(other):
            yield "colab", "the cell is not the same in all chapters"
        for name in set(figure_names(nb)).intersection(figure_names(other)):
            yield ALL, f"a figure of another chapter has the name {name!r}"


CONTENT = (leaks, numbers, references)
FORM = (metadata, execution, tolerance, structure, guesses, exercises, self_test)
FORM += (figures, colab, first_uses)


def problems(nb, others=(), reviews=(), form=True):
    """Return the problems of a notebook, each as "id of a cell: problem".

    `others` are the other chapters, `reviews` texts that nobody may quote. With `form`
    false, only those rules apply that hold for pages too.
    """
    found = list(ids(nb)) or list(valid(nb))
    if not found:  # the other rules rely on a valid notebook
        for rule in (*FORM, *CONTENT) if form else CONTENT:
            found += rule(nb)
        found += [*unlike(nb, others), *quotations(nb, reviews)]
    return sorted({f"{where}: {what}" for where, what in found})


def lint(path, reviews=()):
    """Return the problems of a stored chapter or page."""
    chapter = path.suffix == ".ipynb"
    others = chapters.files(".ipynb") if chapter else []
    try:
        others = [read(other) for other in others if not other.samefile(path)]
        return problems(read(path), others, reviews, form=chapter)
    except (OSError, ValueError, AttributeError, nbformat.ValidationError) as error:
        return [f"{ALL}: cannot be read: {error}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, default=[])
    folder = os.environ.get("CNNBOOK_DATA")
    reviews = pd.read_csv(Path(folder, "car_reviews.csv"))["Review"] if folder else ()
    asked = parser.parse_args().files
    found = [] if asked else strays()
    for path in asked or chapters.files():
        found += [
            f"{os.path.relpath(path, ROOT)} {told}" for told in lint(path, reviews)
        ]
    for problem in found:
        print(problem)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
