"""List every problem of the stored chapters and pages.

`python -m tools.lint_notebooks` prints one problem a line, for example
`book/04-face-cnn.ipynb fit: unknown tag 'skip'`, and ends with exit code 1 if there is
any. Where CNNBOOK_DATA is the folder of the real data, it looks for quotations of reviews
too. A rule yields pairs (cell, problem). What the build of the site refuses, such as an
unknown term or a name that two figures share, has no rule here.
"""

import os
import re
import sys
from itertools import groupby
from pathlib import Path

import nbformat
import pandas as pd

from tools import chapters, execute, make_model_card

BOOK = chapters.BOOK
ALL = "notebook"  # stands where a problem has no one cell

# None that would leave a cell out, let it fail or hide what it stores.
TAGS = {"nbval-check-output", "nbval-ignore-output", "hide-input", "hide-cell"}
TAGS |= {"solution", "recipe", "ship", "saved"}
PARTS = """\
**What you will build.**
**What you will learn.**
**What you need.**
**How long it takes.**
## Exercises
## Summary
## Test yourself
## Further reading""".splitlines()
EXERCISES = ["Easy", "solution", "Medium", "solution", "Hard", "solution"]
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
    "key": r"\b(?:gh[oprsu]_\w{30,}|github_pat_\w{20,}|hf_[A-Za-z]{30,}|sk-[\w-]{20,})",
    "photo": r"(?<![\w.])\d{1,3}_[01]_\d_\d{6,}|(?<![\d.])201[67]\d{13}(?!\d)",
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
ORDINARY_WORDS = {"step"}  # terms that the prose also needs in their everyday sense


def strays():
    """Yield a problem for each notebook or page of book/ that _toc.yml does not name."""
    for path in {*BOOK.glob("*.ipynb"), *BOOK.glob("*.md")} - set(chapters.files()):
        told = "is not in _toc.yml: name it there, or move it out of book/"
        yield f"book/{path.name} {told}"


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
    return "\n\n".join(cell.source for cell in cells(nb, "markdown"))


def output_texts(cell):
    """Yield what the outputs of a cell say, pictures apart."""
    for output in cell.get("outputs", []):
        yield output.get("text", "")
        for kind, content in output.get("data", {}).items():
            if kind != "image/png":
                yield str(content)


def legends(cell):
    """Return the alt text, the caption and the name of a cell's figure."""
    told = cell.metadata.get("mystnb", {})
    figure = told.get("figure", {})
    alt = told.get("image", {}).get("alt", "")
    return alt, figure.get("caption", ""), figure.get("name", "")


def all_texts(nb):
    for cell in nb.cells:
        for text in (cell.source, *legends(cell), *output_texts(cell)):
            yield cell.id, text


def ids(nb):
    found = [cell.get("id", "") for cell in nb.cells]
    for i in found:
        if not ID.fullmatch(i) or found.count(i) > 1:
            yield i or ALL, "the id is not unique, or not readable a-z, 0-9 and -"


def valid(nb):
    try:
        nbformat.validate(nb)
    except nbformat.ValidationError as error:
        yield ALL, f"not valid: {str(error).splitlines()[0]}"


def metadata(nb):
    if nb.metadata != execute.METADATA:
        yield ALL, "metadata other than tools/execute.py writes"
    for cell in nb.cells:
        for key in set(cell.metadata) - {"tags", "mystnb", "tolerance"}:
            yield cell.id, f"metadata {key!r}"
        for tag in tags(cell) - TAGS:
            yield cell.id, f"unknown tag {tag!r}"
        told = cell.metadata.get("mystnb", {})
        if "hide-input" in tags(cell) and "code_prompt_show" not in told:
            yield cell.id, "a folded cell without a title"


def execution(nb):
    for count, cell in enumerate(cells(nb, "code"), start=1):
        if cell.execution_count != count:
            yield cell.id, f"executed as number {cell.execution_count}, not {count}"
        for output in cell.outputs:
            if "error" in output.output_type or output.get("name") == "stderr":
                yield cell.id, "stored error or warning"


def structure(nb):
    for part in PARTS:
        if not re.search(rf"^{re.escape(part)}(?: |$)", prose(nb), re.M):
            yield ALL, f"no {part!r}"


def guesses(nb):
    _, *asked = prose(nb).split("**Guess first.**")
    # A heading ends the question's section.
    folded = [text for text in asked if "</details>" in text.split("\n#")[0]]
    if len(folded) < 2 or folded != asked:
        yield ALL, f"{len(asked)} guess-first questions, {len(folded)} folded answers"


def exercises(nb):
    found = []
    for cell in nb.cells:
        task = r"^### Exercise \d+.*\n\n\*(\w+),"
        found += re.findall(task, cell.source, flags=re.M)
        found += ["solution"] * ({"solution", "hide-cell"} <= tags(cell))
    found = [kind for kind, _ in groupby(found)]
    if found != EXERCISES:
        yield ALL, f"exercises and folded solutions {found}, not {EXERCISES}"


def self_test(nb):
    """Five questions of three or four answers; one is right, and each says why."""
    source = "".join(cell.source for cell in nb.cells if cell.id == "self-test")
    _, *questions = re.split(r"^\*\*Question \d\.\*\* ", source, flags=re.M)
    if len(questions) != 5:
        yield "self-test", f"{len(questions)} questions, not 5"
    places = set()
    for number, text in enumerate(questions, start=1):
        kinds = ANSWER.findall(text)
        sound = kinds.count("right") == 1 and kinds.count("wrong") in (2, 3)
        if not sound or text.count("<details") != len(kinds):
            yield "self-test", f"question {number}: not 3 or 4 sound answers, one right"
        else:
            places.add(kinds.index("right"))
    if len(places) == 1:
        yield "self-test", "the right answer always has the same place"


def figures(nb):
    for cell in cells(nb, "code"):
        alt, caption, name = legends(cell)
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            if len(alt.strip()) < MIN_ALT or not caption or not name:
                told = f"{MIN_ALT} characters of alt text, a caption and a name"
                yield cell.id, f"a figure without {told}"


def first_uses(nb):
    """Terms are linked at first use; the opening may name what is explained later."""
    texts = [NOT_PROSE.sub(" ", cell.source) for cell in cells(nb, "markdown")]
    text, linked = "\n\n".join(texts), set(ORDINARY_WORDS)
    glossary = (BOOK / "glossary.md").read_text("utf-8")
    terms = map(re.escape, re.findall(r"^(\w.*)\n  \S", glossary, flags=re.M))
    terms = "|".join(
        sorted(terms, key=len, reverse=True)
    )  # "dense layer" before "layer"
    role, code = r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`", "`[^`\n]+`"
    uses = rf"(?i){role}|{code}|(?<![\w-])({terms})(?:e?s)?(?![\w-])"
    for use in re.finditer(uses, text):
        link, word = use.groups("")
        if word and word.lower() not in linked and use.start() >= len(texts[0]):
            around = " ".join(text[max(0, use.start() - 50) : use.end() + 30].split())
            yield ALL, f"term {word!r} is not linked at its first use: {around!r}"
        if link or use.start() >= len(texts[0]):
            linked.add(" ".join((link or word).lower().split()))


def leaks(nb):
    for where, text in all_texts(nb):
        for what, pattern in LEAKS.items():
            for match in re.finditer(pattern, text):
                # The beginning is enough to find it, and a log is public.
                if match[0] not in EXAMPLE_NAME:
                    yield where, f"{what}: {match[0][:8]!r}..."


def numbers(nb):
    """Measured numbers belong in computed outputs; typed ones go stale."""
    for cell in nb.cells:
        typed = [cell.source] if cell.cell_type == "markdown" else []
        for text in (*typed, *legends(cell)):
            text = make_model_card.BLOCK.sub("", text)
            for match in NUMBER.finditer(text):
                number = re.sub(r"[\s*-]", "", match[0]).replace("percent", "%")
                if number.rstrip("s") not in ALLOWED_NUMBERS:
                    around = text[max(0, match.start() - 30) : match.end() + 10]
                    yield cell.id, f"typed number {match[0]!r} in {around!r}"


def quotations(nb, reviews):
    """Runs of words of a review, in the text and down the first column of a table."""

    def runs(text):
        words = re.findall("[a-z0-9]+", text.lower())
        return [" ".join(words[i : i + QUOTE]) for i in range(len(words) - QUOTE + 1)]

    shown = {}
    for where, text in all_texts(nb):
        text = re.sub("<[^>]+>", " ", text)
        column = " ".join(re.findall(r"^\W*(\w+)", text, flags=re.M))
        shown |= dict.fromkeys(runs(text) + runs(column), where)
    quoted = {shown.get(run) for review in reviews for run in runs(review)}
    for where in sorted(quoted - {None}):
        yield where, f"quotes {QUOTE} words or more of a review"


FORM = (metadata, execution, structure, guesses, exercises, self_test, figures)
FORM += (first_uses,)
CONTENT = (leaks, numbers)  # for pages too


def problems(nb, reviews=(), chapter=True):
    """Return the problems of a chapter or page, in which nobody may quote `reviews`."""
    found = list(ids(nb)) or list(valid(nb))
    if not found:  # the other rules rely on a valid notebook
        for rule in (*FORM, *CONTENT) if chapter else CONTENT:
            found += rule(nb)
        found += quotations(nb, reviews)
    return sorted({f"{where}: {what}" for where, what in found})


def main():
    folder = os.environ.get("CNNBOOK_DATA")
    reviews = pd.read_csv(Path(folder, "car_reviews.csv"))["Review"] if folder else ()
    found = sorted(strays())
    for path in chapters.files():
        for problem in problems(read(path), reviews, path.suffix == ".ipynb"):
            found.append(f"{path.relative_to(BOOK.parent)} {problem}")
    for problem in found:
        print(problem)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
