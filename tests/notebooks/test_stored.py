"""The stored notebooks: how they are built, what they may show, and the facts that their outputs must hold.

Each checker is a plain function: it takes a notebook and returns the problems that it found. The last part of
this file breaks a sound notebook in every way that a checker should notice, and proves that it does.
"""

import copy
import json
import os
import re
from functools import cache
from pathlib import Path

from tools import blocks
import nbformat
import pytest
from tools import verify
import yaml

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
PAGES = [*sorted(BOOK.glob("*.md")), ROOT / "data" / "models" / "README.md"]

# None that would leave a cell out, or let it fail.
TAGS = {
    "nbval-check-output",
    "nbval-ignore-output",
    "hide-input",
    "hide-cell",
    "solution",
}
OPENING = [
    "**What you will build.**",
    "**What you will learn.**",
    "**What you need.**",
    "**How long it takes.**",
]
LEVELS = ["Easy", "Medium", "Hard"]
QUESTIONS = 5
EXAMPLE_NAME = "28_1_0_20170117180708809.jpg.chip.jpg"
# What the source tutorials report, and numbers that are true of every run.
ALLOWED_NUMBERS = {
    "8.11 years",
    "87.70 %",
    "87.7 %",
    "83.03 %",
    "99.0 %",
    "50 %",
    "95 %",
    "100 %",
}
# Terms that the prose also needs in their everyday sense.
ORDINARY_WORDS = {"step"}
MAX_BYTES = 4 * 10**6
MIN_ALT = 40
QUOTE = 12  # so many consecutive words of a review are a quotation

MACHINE_PATH = re.compile(
    r"(?<![\w.])/(?:work|tmp|root|home|Users|content|mnt|opt|srv|kaggle)/|\b[A-Z]:\\\\?\w"
)
# What services call their keys, and anything that is assigned to a name that says so.
SECRET = re.compile(
    r"\bgh[oprsu]_\w{30,}|\bgithub_pat_\w{20,}|\bhf_[A-Za-z]{30,}|\bAKIA[0-9A-Z]{16}\b|\bAIza[\w-]{35}|\bsk-[\w-]{20,}"
    r"|\bxox[abp]-[\w-]{10,}|-----BEGIN [A-Z ]*PRIVATE KEY|://[^\s/:@\"']+:[^\s/@\"']+@"
    r"|(?i:password|passwd|secret|api_?key|access_?token)\w*[\"']?\s*[:=]\s*[\"'][^\"'\s]{8,}[\"']"
)
NUMBER = re.compile(
    r"(?<![\w.,])(\d+(?:[.,]\d+)?)\s*\**\s*(%|per\s?cent\b|percentage points?\b)"
    r"|(?<![\w.,])(\d+\.\d+)\s*\**\s*-?(years?\b|points?\b)"
    r"|(?:accuracy|error|AUC)(?: of| is)? \**(\d+\.\d+)\b"
)
FILE_NAME = re.compile(
    r"(?<![\w.])\d{1,3}_[01]_\d_\d{6,}(?:\.jpg)?(?:\.chip\.jpg)?|(?<![\d.])201[67]\d{13}(?!\d)"
)


# What a notebook consists of


def markdown(nb):
    return [cell for cell in nb.cells if cell.cell_type == "markdown"]


def code(nb):
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def tags(cell):
    return cell.metadata.get("tags", [])


def prose(nb):
    """All Markdown without its fenced code."""
    return re.sub(
        r"^```.*?^```",
        "",
        "\n\n".join(cell.source for cell in markdown(nb)),
        flags=re.M | re.S,
    )


def output_texts(cell):
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            yield output.text
        elif output.output_type == "error":
            yield "\n".join([output.ename, output.evalue, *output.traceback])
        else:
            for kind, content in output.data.items():
                if not kind.startswith("image/") or kind == "image/svg+xml":
                    yield content if isinstance(content, str) else json.dumps(content)


def typed_texts(cell):
    """What the authors wrote: the source, the alt text and the caption."""
    told = cell.metadata.get("mystnb", {})
    return [
        cell.source,
        told.get("image", {}).get("alt", ""),
        told.get("figure", {}).get("caption", ""),
    ]


def all_texts(nb):
    return [
        (cell.id, text)
        for cell in nb.cells
        for text in [*typed_texts(cell), *output_texts(cell)]
    ]


def page(path):
    """A page in Markdown as a notebook of one cell."""
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(path.read_text("utf-8"), id="page")]
    )


@cache
def configuration():
    return yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))


def address_line():
    repository = configuration()["repository"]
    return (
        f'REPOSITORY = "{repository["url"]}"\n    REVISION = "{repository["branch"]}"'
    )


@cache
def known_citations():
    return set(
        re.findall(
            r"^@\w+\{\s*([^\s,]+)",
            (BOOK / "references.bib").read_text("utf-8"),
            flags=re.M,
        )
    )


@cache
def known_terms():
    text = (BOOK / "glossary.md").read_text("utf-8")
    blocks = re.findall(
        r"^(`{3,}|:{3,})\{glossary\}[^\n]*\n(.*?)^\1", text, flags=re.M | re.S
    )
    lines = [line for _, block in blocks for line in block.splitlines()]
    return {line.strip().lower() for line in lines if re.match(r"[^\s:]", line)}


# Checkers of the form


def format_problems(nb):
    try:
        nbformat.validate(nb)
    except nbformat.ValidationError as error:
        return [f"not a valid notebook: {str(error).splitlines()[0]}"]
    return []


def kernel_problems(nb):
    name = nb.metadata.get("kernelspec", {}).get("name")
    return [] if name == "python3" else [f"kernel {name!r} instead of 'python3'"]


def id_problems(nb):
    ids = [cell.get("id", "") for cell in nb.cells]
    problems = [
        f"cell id {i!r} is not made of a-z, 0-9 and -"
        for i in ids
        if not re.fullmatch("[a-z0-9-]+", i)
    ]
    problems += [
        f"cell id {i!r} occurs twice"
        for i in sorted({i for i in ids if ids.count(i) > 1})
    ]
    random = [
        i for i in ids if re.fullmatch("[0-9a-f-]{8,}", i) and re.search(r"\d", i)
    ]
    return problems + [f"cell id {i!r} looks random" for i in random]


def metadata_problems(nb):
    problems = [
        f"notebook metadata {key!r}"
        for key in set(nb.metadata) - {"kernelspec", "language_info"}
    ]
    for cell in nb.cells:
        problems += [
            f"{cell.id}: metadata {key!r}"
            for key in set(cell.metadata) - {"tags", "mystnb", "tolerance"}
        ]
        for output in cell.get("outputs", []):
            problems += [
                f"{cell.id}: output {kind}"
                for kind in output.get("data", {})
                if "widget" in kind
            ]
    return problems


def tolerance_problems(nb):
    """A tolerance of tools/verify.py stands where numbers are compared, and says nothing in vain."""
    problems = []
    for cell in nb.cells:
        tolerance = cell.metadata.get("tolerance", {})
        if tolerance and set(tags(cell)) & {
            "nbval-ignore-output",
            "nbval-check-output",
        }:
            problems.append(
                f"{cell.id}: a tolerance where nothing is compared, or all must be equal"
            )
        shown = verify.texts(cell) if cell.cell_type == "code" else []
        units = {unit for line in shown for _, unit in verify.numbers(line)}
        problems += [
            f"{cell.id}: no number in {unit!r}"
            for unit in set(tolerance) - units - {"words"}
        ]
        negative = [
            unit
            for unit, value in tolerance.items()
            if value is not None and not value > 0
        ]
        problems += [
            f"{cell.id}: the tolerance of {unit!r} is not above 0" for unit in negative
        ]
    return problems


def tag_problems(nb):
    return [
        f"{cell.id}: unknown tag {tag!r}"
        for cell in nb.cells
        for tag in tags(cell)
        if tag not in TAGS
    ]


def execution_problems(nb):
    found = [cell.execution_count for cell in code(nb)]
    return (
        []
        if found == list(range(1, len(found) + 1))
        else [f"execution counts {found} are not 1 to {len(found)}"]
    )


def error_problems(nb):
    problems = []
    for cell in code(nb):
        for output in cell.outputs:
            if output.output_type == "error":
                problems.append(f"{cell.id}: stored error {output.ename}")
            elif output.get("name") == "stderr":
                problems.append(f"{cell.id}: stored stderr {output.text[:80]!r}")
    return problems


def hidden_output_problems(nb):
    """What a reader cannot see must not be stored: it would escape every look at the page."""
    hidden = {"hide-output", "remove-output", "remove-cell"}
    problems = [
        f"{cell.id}: hides its output"
        for cell in code(nb)
        if hidden & set(tags(cell)) and cell.outputs
    ]
    for cell in code(nb):
        for output in cell.outputs:
            kept = {key for told in output.get("metadata", {}).values() for key in told}
            problems += [
                f"{cell.id}: output metadata {key!r}"
                for key in sorted(kept - {"width", "height"})
            ]
    return problems


def checked_cell_problems(nb):
    count = sum("nbval-check-output" in tags(cell) for cell in code(nb))
    return (
        []
        if count >= 2
        else [f"{count} cells with the tag nbval-check-output, fewer than 2"]
    )


def size_problems(nb):
    size = len(nbformat.writes(nb).encode())
    return [] if size < MAX_BYTES else [f"{size:,} bytes, {MAX_BYTES:,} are too many"]


# Checkers of how a chapter reads


def title_problems(nb):
    titles = re.findall(r"^# .*$", prose(nb), flags=re.M)
    if len(titles) != 1:
        return [f"{len(titles)} titles (H1) instead of one: {titles}"]
    return (
        []
        if nb.cells[0].source.startswith("# ")
        else ["the first cell does not begin with the title"]
    )


def opening_problems(nb):
    return [
        f"the opening lacks {heading}"
        for heading in OPENING
        if heading not in nb.cells[0].source
    ]


def section_problems(nb):
    lines = prose(nb).splitlines()
    wanted = ["## Exercises", "## Summary", "## Test yourself", "## Further reading"]
    return [f"no section {section!r}" for section in wanted if section not in lines]


def guess_problems(nb):
    text = prose(nb)
    guesses = re.split(r"\*\*Guess first\.\*\*", text)[1:]
    problems = (
        [f"{len(guesses)} guess-first questions, fewer than 2"]
        if len(guesses) < 2
        else []
    )
    for guess in guesses:
        if not re.match(
            r"(?:(?!^#).)*?<details>.*?</details>", guess, flags=re.M | re.S
        ):
            problems.append(f"no folded answer to {guess.strip()[:60]!r}")
    return problems


def exercise_problems(nb):
    problems, count, open_exercise = [], 0, None
    for cell in nb.cells:
        if cell.cell_type == "code":
            if open_exercise and "solution" not in tags(cell):
                problems.append(
                    f"the code cell after {open_exercise!r} is not tagged solution"
                )
            open_exercise = None
            continue
        for heading, level in re.findall(
            r"^(### Exercise \d+.*)\n\n(?:\*(\w+),)?", cell.source, flags=re.M
        ):
            if open_exercise:
                problems.append(f"no solution to {open_exercise!r}")
            if level != (LEVELS[count] if count < len(LEVELS) else ""):
                problems.append(
                    f"{heading!r} says {level!r} of its difficulty; the order is {LEVELS}"
                )
            open_exercise, count = heading, count + 1
    problems += [f"no solution to {open_exercise!r}"] if open_exercise else []
    return problems + (
        [f"{count} exercises instead of {len(LEVELS)}"] if count != len(LEVELS) else []
    )


def self_test_problems(nb):
    """Five questions, three or four answers each, exactly one right; every answer says right or wrong, and why."""
    cells = [cell for cell in nb.cells if cell.id == "self-test"]
    if len(cells) != 1:
        return [f"{len(cells)} cells with the id self-test"]
    questions = re.split(r"^\*\*Question (\d)\.\*\* ", cells[0].source, flags=re.M)[1:]
    numbers, problems = questions[::2], []
    if numbers != [str(i) for i in range(1, QUESTIONS + 1)]:
        problems.append(f"questions {numbers} instead of 1 to {QUESTIONS}")
    places = []
    for number, text in zip(numbers, questions[1::2]):
        form = r'<details class="(right|wrong)"><summary>.+</summary>\n\n\*\*(Right|Wrong)\.\*\* (.+)\n\n</details>'
        answers = re.findall(form, text)
        if (
            not 3
            <= len(answers)
            == text.count("<details")
            == text.count("</details>")
            <= 4
        ):
            problems.append(
                f"question {number}: {len(answers)} well-formed answers instead of 3 or 4"
            )
        kinds = [kind for kind, _, _ in answers]
        if kinds.count("right") != 1:
            problems.append(f"question {number}: {kinds.count('right')} right answers")
        else:
            places.append(kinds.index("right"))
        for kind, word, why in answers:
            if kind != word.lower():
                problems.append(
                    f"question {number}: {word!r} in an answer marked {kind}"
                )
            if len(why.split()) < 6:
                problems.append(f"question {number}: the reason {why!r} is too short")
    return problems + (
        ["the right answer always has the same place"] if len(set(places)) == 1 else []
    )


def figures(nb):
    return [
        cell
        for cell in code(nb)
        if any("image/png" in output.get("data", {}) for output in cell.outputs)
    ]


def figure_names(nb):
    return [
        cell.metadata.get("mystnb", {}).get("figure", {}).get("name")
        for cell in figures(nb)
    ]


def figure_problems(nb):
    problems = []
    for cell in figures(nb):
        told = cell.metadata.get("mystnb", {})
        alt, figure = told.get("image", {}).get("alt", ""), told.get("figure", {})
        if len(alt.strip()) < MIN_ALT:
            problems.append(
                f"{cell.id}: alt text {alt!r} has fewer than {MIN_ALT} characters"
            )
        problems += [
            f"{cell.id}: figure without {key}"
            for key in ("caption", "name")
            if not figure.get(key)
        ]
    names = [name for name in figure_names(nb) if name]
    twice = sorted({name for name in names if names.count(name) > 1})
    return problems + [f"figure name {name!r} occurs twice" for name in twice]


def colab_problems(nb):
    cells = [cell for cell in code(nb) if cell.id == "colab"]
    if len(cells) != 1:
        return [f"{len(cells)} cells with the id colab"]
    wanted = address_line()
    return (
        []
        if cells[0].source.count(wanted) == 1
        else [f"the colab cell does not say {wanted}, as _config.yml does"]
    )


# Checkers of what may be said and shown


def path_problems(nb):
    found = [(where, MACHINE_PATH.search(text)) for where, text in all_texts(nb)]
    return [
        f"{where}: machine path {match.string[match.start() :][:50]!r}"
        for where, match in found
        if match
    ]


def secret_problems(nb):
    found = [(where, SECRET.search(text)) for where, text in all_texts(nb)]
    # The beginning is enough to find it; a test's log is public.
    return [
        f"{where}: {match[0][:8]!r}... looks like a secret"
        for where, match in found
        if match
    ]


def number_problems(nb):
    """Measured numbers belong in computed outputs; typed ones go stale."""
    problems = []
    for cell in nb.cells:
        for text in (
            typed_texts(cell) if cell.cell_type == "markdown" else typed_texts(cell)[1:]
        ):
            text = blocks.typed(text)
            for match in NUMBER.finditer(text):
                value, unit = (
                    match[1] or match[3] or match[5],
                    match[2] or match[4] or "",
                )
                unit = (
                    "%"
                    if unit.startswith("per")
                    else unit.rstrip("s") + "s"
                    if unit != "%"
                    else unit
                )
                if f"{value} {unit}" not in ALLOWED_NUMBERS:
                    around = text[max(0, match.start() - 30) : match.end() + 10]
                    problems.append(
                        f"{cell.id}: typed number {match[0]!r} in {around!r}"
                    )
    return problems


def file_name_problems(nb):
    found = [
        (where, name)
        for where, text in all_texts(nb)
        for name in FILE_NAME.findall(text)
    ]
    return [
        f"{where}: file name of the face set {name!r}"
        for where, name in found
        if name not in EXAMPLE_NAME
    ]


def citation_problems(nb):
    keys = re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", prose(nb))
    keys = {key.strip() for group in keys for key in group.split(",")}
    return [
        f"citation {key!r} is not in references.bib"
        for key in sorted(keys - known_citations())
    ]


def term_problems(nb):
    roles = re.findall(r"\{term\}`([^`]+)`", prose(nb))
    terms = {
        re.sub(r".*<(.*)>$", r"\1", " ".join(role.split())).lower() for role in roles
    }
    return [
        f"term {term!r} is not in the glossary"
        for term in sorted(terms - known_terms())
    ]


NOT_PROSE = [
    r"^```.*?^```", r"^#.*?$", r"\$\$.*?\$\$", r"\$[^$\n]+\$", r"\{(?:cite|ref)[^}]*\}`[^`]*`", r"\]\([^)]*\)",
    r"</?(?:details|summary)[^>]*>",
]  # fmt: skip


def running_text(source):
    """Prose without headings, code, formulae, citations and addresses; the roles of terms stay."""
    source = re.sub("|".join(NOT_PROSE), " ", source, flags=re.M | re.S)
    return re.sub(r"(\{term\}`[^`]+`)|`[^`\n]+`", r"\1", source)


def first_use_problems(nb):
    """Terms used without a link before their first link. The opening may name what the chapter explains later."""
    text = "\n\n".join(running_text(cell.source) for cell in markdown(nb))
    body = len(running_text(markdown(nb)[0].source))
    linked = {}

    def note(role):
        linked.setdefault(
            re.sub(r".*<(.*)>$", r"\1", " ".join(role[1].split())).lower(), role.start()
        )
        return "_" * len(role[0])

    rest, problems = re.sub(r"\{term\}`([^`]+)`", note, text), []
    for term in sorted(
        known_terms() - ORDINARY_WORDS, key=len, reverse=True
    ):  # "dense layer" before "layer"
        pattern = rf"(?<![\w-]){re.escape(term)}(?:e?s)?(?![\w-])"
        uses = [
            use for use in re.finditer(pattern, rest, flags=re.I) if use.start() >= body
        ]
        rest = re.sub(pattern, lambda use: "_" * len(use[0]), rest, flags=re.I)
        if uses and linked.get(term, len(text)) > uses[0].start():
            around = " ".join(
                text[max(0, uses[0].start() - 50) : uses[0].end() + 20].split()
            )
            problems.append(f"term {term!r} is not linked at its first use: {around!r}")
    return problems


def words(text):
    return re.findall(r"[a-z0-9]+", text.lower())


def runs(sequence):
    return (" ".join(sequence[i : i + QUOTE]) for i in range(len(sequence) - QUOTE + 1))


def quotation_problems(nb, reviews):
    """Runs of words that also stand in a review, across the text and down the first column of a table."""
    shown = {}
    for where, text in all_texts(nb):
        plain = re.sub(r"<[^>]+>", " ", text)
        column = [
            line_words[0] for line in plain.splitlines() if (line_words := words(line))
        ]
        for sequence in (words(plain), column):
            shown.update((run, where) for run in runs(sequence))
    quoted = {run for review in reviews for run in runs(words(review)) if run in shown}
    return [
        f"{shown[run]}: quotes a review, {QUOTE} words or more"
        for run in sorted(quoted)
    ]


FORM = [
    format_problems, kernel_problems, id_problems, metadata_problems, tolerance_problems, tag_problems,
    execution_problems, error_problems, hidden_output_problems, checked_cell_problems, size_problems, title_problems,
    opening_problems, section_problems,
    guess_problems, exercise_problems, self_test_problems, first_use_problems, figure_problems, colab_problems,
]  # fmt: skip
CONTENT = [
    path_problems,
    secret_problems,
    number_problems,
    file_name_problems,
    citation_problems,
    term_problems,
]


# The book


@cache
def stored(path):
    return nbformat.read(path, as_version=4)


def chapter(number):
    (path,) = BOOK.glob(f"{number}-*.ipynb")
    return stored(path)


def name_of(value):
    return getattr(value, "name", None) or getattr(value, "__name__", None)


def tell(problems):
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.parametrize("check", FORM + CONTENT, ids=name_of)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_notebook(path, check):
    tell(check(stored(path)))


@pytest.mark.parametrize("check", CONTENT, ids=name_of)
@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_page(path, check):
    tell(check(page(path)))


def test_all_chapters_of_the_contents_are_tested():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    files = {contents["root"]} | {
        entry["file"] for part in contents["parts"] for entry in part["chapters"]
    }
    assert files == {
        path.relative_to(ROOT).with_suffix("").as_posix() for path in NOTEBOOKS + PAGES
    }


def test_files_are_small():
    assert [path.name for path in NOTEBOOKS if path.stat().st_size >= MAX_BYTES] == []


def test_colab_cell_is_the_same_everywhere():
    assert (
        len(
            {
                cell.source
                for path in NOTEBOOKS
                for cell in code(stored(path))
                if cell.id == "colab"
            }
        )
        == 1
    )


def test_figure_names_are_unique_in_the_book():
    names = [name for path in NOTEBOOKS for name in figure_names(stored(path)) if name]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("path", NOTEBOOKS + PAGES, ids=name_of)
def test_no_review_is_quoted(path):
    folder = os.environ.get("CNNBOOK_DATA")
    if not folder:
        pytest.skip(
            "CNNBOOK_DATA is not set: the real reviews are not here to compare with"
        )
    import pandas as pd

    reviews = pd.read_csv(Path(folder) / "car_reviews.csv")["Review"]
    assert len(reviews) == 1382
    tell(
        quotation_problems(
            stored(path) if path.suffix == ".ipynb" else page(path), reviews
        )
    )


# Facts of the stored outputs


def plain_outputs(nb):
    text = "\n".join(text for cell in code(nb) for text in output_texts(cell))
    return " ".join(re.sub(r"[\[\](),]", "", text).split())


FACTS = {
    "01": ["5,000", "2,584", "2,416", "33.07", "1,382", "691"],
    "02": [
        "5,000", "4,000", "1,000", "9,033", "3,424", "1,105", "277",
        "38 818 3 2253 200 1 997 1042 682 1064 2503 978 33 654",
    ],
    "03": ["12,894,242"],
    "04": ["528,493"],
    "05": ["12,894,242", "911,462"],
    "06": ["1,105", "277", "Clearly ahead** of it: TF-IDF, 1-2 words, linear SVM."],
}  # fmt: skip


@pytest.mark.parametrize(
    ("number", "fact"), [(number, fact) for number in FACTS for fact in FACTS[number]]
)
def test_stored_outputs_hold_the_fact(number, fact):
    wanted = re.escape(fact.replace(",", ""))
    assert re.search(rf"(?<![\d.]){wanted}(?!\d)", plain_outputs(chapter(number))), (
        f"{fact} is not in any output"
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_stored_outputs_come_from_the_real_data(path):
    assert "the data this book was built with" in plain_outputs(stored(path))


@pytest.mark.parametrize(
    ("number", "most_years", "least_percent"), [("03", 8.6, 86), ("05", 6.0, 91)]
)
def test_face_network_is_as_good_as_promised(number, most_years, least_percent):
    (cell,) = [cell for cell in code(chapter(number)) if cell.id == "summary-table"]
    table = "\n".join(output_texts(cell))
    age = re.search(
        r"\| age: mean absolute error on test faces \| (\d+\.\d+) years", table
    )
    gender = re.search(r"\| gender: accuracy on test faces \| (\d+\.\d+) ?%", table)
    assert age and gender, f"no result in the summary table: {table!r}"
    assert float(age[1]) <= most_years
    assert float(gender[1]) >= least_percent


# A difference with its sign, which zero has not.
SIGNED = r"(?:[+−](?!0\.0)\d+\.\d|0\.0)"


def test_the_better_face_chapter_measures_every_change():
    (cell,) = [cell for cell in code(chapter("05")) if cell.id == "ladder-table"]
    rows = [
        line
        for line in "\n".join(output_texts(cell)).splitlines()
        if re.match(r"\| \d+ \|", line)
    ]
    assert len(rows) == 18
    # From the second row on, each holds the intervals of its two differences, and the row that it is compared with.
    assert all(
        len(re.findall(rf"\| {SIGNED} to {SIGNED} \|", row)) == 2 for row in rows[1:]
    )
    compared_with = [int(row.split(" | ")[6]) for row in rows[1:]]
    assert compared_with == [0, 1, 2, 3, 3, 5, 6, 6, *range(8, 17)]


RIVALS = [
    "Kim-style network", "TF-IDF + logistic regression", "TF-IDF, 1-2 words, linear SVM", "TF-IDF, 1-3 words, tuned",
    "NB-SVM, 1-2 words", "NB-SVM, 1-3 words", "MiniLM + logistic regression", "TextBlob", "VADER",
]  # fmt: skip


def test_the_better_sentiment_chapter_compares_every_rival_in_pairs():
    def rows(table):
        (cell,) = [cell for cell in code(chapter("06")) if cell.id == table]
        lines = [
            line.strip("| ").split(" | ")
            for line in "\n".join(output_texts(cell)).splitlines()
        ]
        return {name.strip("*"): cells for name, *cells in lines}

    accuracies, leads = rows("contest-table"), rows("leads-table")
    for name in RIVALS:
        assert len(accuracies[name]) == 2 and len(leads[name]) == 3
        assert all(
            re.fullmatch(r"\d+\.\d% \(\d+\.\d% to \d+\.\d%\)", cell)
            for cell in accuracies[name]
        )
        assert all(
            re.fullmatch(rf"{SIGNED} \({SIGNED} to {SIGNED}\)", cell)
            for cell in leads[name][:2]
        )
        assert re.fullmatch(r"(?!0\.000)[01]\.\d{3}|< 0\.001", leads[name][2])


def test_the_better_sentiment_chapter_beats_the_source_over_ten_seeds_and_ten_folds():
    (cell,) = [cell for cell in code(chapter("06")) if cell.id == "summary-table"]
    table = "\n".join(output_texts(cell))
    source = re.search(
        r"network of chapter 04, test, mean of \d+ seeds \| (\d+\.\d)%", table
    )
    test = re.search(r"champion, test, mean of 10 seeds \| (\d+\.\d)%", table)
    folds = re.search(r"champion, 10-fold cross-validation \| (\d+\.\d)%", table)
    assert source and test and folds, f"no result in the summary table: {table!r}"
    assert float(test[1]) > max(float(source[1]), 83)
    assert float(folds[1]) >= 81.5


def test_the_better_face_chapter_says_whether_it_met_its_aims():
    (cell,) = [cell for cell in code(chapter("05")) if cell.id == "aims"]
    told = "\n".join(output_texts(cell))
    verdicts = {
        "at most 5.5 years": (r"(\d\.\d\d) years", lambda years: years <= 5.5, 2),
        "at least 93%": (r"(\d\d\.\d)%", lambda percent: percent >= 93, 2),
        "1.5 million parameters": (
            r"([\d,]+)",
            lambda parameters: parameters <= 1_500_000,
            1,
        ),
        "20 minutes": (r"(\d+\.\d) minutes", lambda minutes: minutes <= 20, 1),
    }
    for aim, (figure, reached, networks) in verdicts.items():
        (row,) = [line for line in told.splitlines() if aim in line]
        found = re.findall(rf"(reached|missed): {figure}", row)
        assert len(found) == networks, row
        for word, value in found:
            assert (word == "reached") == reached(float(value.replace(",", ""))), row


def test_the_better_face_chapter_shows_what_was_tried():
    trials = json.loads(
        (ROOT / "data" / "models" / "trials.json").read_text(encoding="utf-8")
    )["trials"]
    (cell,) = [cell for cell in code(chapter("05")) if cell.id == "tried"]
    told = "\n".join(output_texts(cell))
    for trial in trials:
        wanted = f"| {trial['recipe']} | {trial['epochs']} | {trial['faces']} | {trial['age_mae']:.2f} | {trial['gender_accuracy']:.1%} |"
        assert wanted in told


def test_the_better_sentiment_chapter_says_whether_it_met_its_aims():
    (cell,) = [cell for cell in code(chapter("06")) if cell.id == "verdict"]
    told = "\n".join(output_texts(cell))
    assert re.search(r"87% on the test part \((?:reached|missed): \d+\.\d%\)", told)
    assert re.search(
        r"85% in ten-fold cross-validation \((?:reached|missed): \d+\.\d%\)", told
    )


# The checkers notice what they are for

REVIEW = "we drove this old invented car across three cold mountains and it never once complained about the snow"


def self_test():
    answer = '<details class="{0}"><summary>So.</summary>\n\n**{1}.** A reason of more than five words.\n\n</details>'
    right, wrong = answer.format("right", "Right"), answer.format("wrong", "Wrong")
    orders = [(right, wrong, wrong), (wrong, right, wrong, wrong)] * 2 + [
        (wrong, wrong, right)
    ]
    questions = [
        f"**Question {i}.** Why?\n\n" + "\n\n".join(order)
        for i, order in enumerate(orders, start=1)
    ]
    return "## Test yourself\n\n" + "\n\n".join(questions)


def sound():
    """The smallest notebook without a fault."""
    v4 = nbformat.v4
    guess = "**Guess first.** How many?\n\n<details><summary>Think, then look</summary>\n\nMany.\n\n</details>"
    opening = "# Look at it\n\nWhy?\n\n" + "\n\n".join(
        f"{heading} Something." for heading in OPENING
    )
    picture = v4.new_output(
        "display_data", data={"image/png": "aGVsbG8=", "text/plain": "<Figure>"}
    )
    figure = {
        "image": {"alt": "A bar chart of two groups, " * 3},
        "figure": {"caption": "Groups.", "name": "fig-a"},
    }
    cells = [
        v4.new_markdown_cell(opening, id="title"),
        v4.new_code_cell(address_line(), id="colab"),
        v4.new_markdown_cell(f"{guess}\n\n{guess}", id="guess"),
        v4.new_code_cell(
            "print(1)", id="one", outputs=[v4.new_output("stream", text="1\n")]
        ),
        v4.new_code_cell(
            "draw();", id="figure", outputs=[picture], metadata={"mystnb": figure}
        ),
        v4.new_markdown_cell(
            "## Exercises\n\n### Exercise 1: count\n\n*Easy, five minutes.* Count.",
            id="exercise-1",
        ),
        v4.new_code_cell("2", id="solution-1"),
        v4.new_markdown_cell(
            "### Exercise 2: count on\n\n*Medium, ten minutes.* Count.", id="exercise-2"
        ),
        v4.new_code_cell("3", id="solution-2"),
        v4.new_markdown_cell(
            "## Summary\n\nWe saw 95 %.\n\n## Further reading\n\nNothing.", id="summary"
        ),
        v4.new_markdown_cell(
            "### Exercise 3: think\n\n*Hard, half an hour.* Think.", id="exercise-3"
        ),
        v4.new_code_cell("4", id="solution-3"),
        v4.new_markdown_cell(self_test(), id="self-test"),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nb = v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    for count, cell in enumerate(code(nb), start=1):
        cell.execution_count = count
    for i in (6, 8, 11):
        nb.cells[i].metadata["tags"] = ["hide-cell", "solution"]
    for i in (6, 8):
        nb.cells[i].metadata["tags"].append("nbval-check-output")
    return nb


def put(text, at=9):
    def fault(nb):
        nb.cells[at].source += f"\n\n{text}"

    return fault


def swap(old, new, at):
    def fault(nb):
        assert old in nb.cells[at].source
        nb.cells[at].source = nb.cells[at].source.replace(old, new, 1)

    return fault


def show(text, kind="text/plain"):
    def fault(nb):
        nb.cells[3].outputs.append(
            nbformat.v4.new_output("display_data", data={kind: text})
        )

    return fault


def change(where, **values):
    def fault(nb):
        where(nb).update(values)

    return fault


def same_place(source):
    """Every question gets the answers of the first one."""
    first, *_ = re.findall(r"(?s)(?<=Why\?)(.*?)(?=\*\*Question)", source)
    return re.sub(
        r"(?s)(?<=Why\?).*?(?=\*\*Question|\Z)", first.replace("\\", ""), source
    )


def cell_at(i):
    return lambda nb: nb.cells[i]


def metadata_at(i):
    return lambda nb: nb.cells[i].metadata


def stream(name):
    return lambda nb: nb.cells[3].outputs.append(
        nbformat.v4.new_output("stream", name=name, text="W0000 chatter")
    )


def stored_error(nb):
    nb.cells[3].outputs.append(
        nbformat.v4.new_output(
            "error", ename="ValueError", evalue="no", traceback=["no"]
        )
    )


FAULTS = [
    (format_problems, change(cell_at(3), outputs="none")),
    (kernel_problems, change(lambda nb: nb.metadata["kernelspec"], name="conda-env")),
    (kernel_problems, lambda nb: nb.metadata.pop("kernelspec")),
    (id_problems, change(cell_at(3), id="One_Cell")),
    (id_problems, change(cell_at(3), id="title")),
    (id_problems, change(cell_at(3), id="3f8a9c01")),
    (id_problems, change(cell_at(3), id="0b7e1f52-11aa-4c3d-9f00-aa22bb33cc44")),
    (
        metadata_problems,
        change(metadata_at(3), execution={"iopub.execute_input": "2026-01-01"}),
    ),
    (metadata_problems, change(lambda nb: nb.metadata, widgets={})),
    (
        metadata_problems,
        show({"model_id": "1"}, "application/vnd.jupyter.widget-view+json"),
    ),
    (tolerance_problems, change(metadata_at(3), tolerance={"years": 1})),
    (tolerance_problems, change(metadata_at(9), tolerance={"words": None, "whole": 1})),
    (tolerance_problems, change(metadata_at(3), tolerance={"whole": 0})),
    (
        tolerance_problems,
        change(metadata_at(3), tolerance={"whole": 2}, tags=["nbval-ignore-output"]),
    ),
    (tag_problems, change(metadata_at(3), tags=["nbval-check-ouput"])),
    (execution_problems, change(cell_at(3), execution_count=None)),
    (execution_problems, change(cell_at(3), execution_count=7)),
    (error_problems, stored_error),
    (error_problems, stream("stderr")),
    (checked_cell_problems, change(metadata_at(6), tags=["solution"])),
    (size_problems, show("x" * MAX_BYTES)),
    (title_problems, put("# Another title")),
    (title_problems, swap("# Look at it", "Look at it", 0)),
    (
        title_problems,
        lambda nb: nb.cells.insert(
            0, nbformat.v4.new_markdown_cell("Before the title", id="before")
        ),
    ),
    *[(opening_problems, swap(heading, "", 0)) for heading in OPENING],
    (section_problems, swap("## Exercises", "## To do", 5)),
    (section_problems, swap("## Test yourself", "## Quiz", 12)),
    (section_problems, swap("## Summary", "## In short", 9)),
    (section_problems, swap("## Further reading", "### Further reading", 9)),
    (guess_problems, swap("**Guess first.**", "", 2)),
    (guess_problems, put("**Guess first.** And why?")),
    (guess_problems, swap("<details>", "", 2)),
    (exercise_problems, change(metadata_at(6), tags=["nbval-check-output"])),
    (exercise_problems, lambda nb: nb.cells.pop(6)),
    (exercise_problems, lambda nb: nb.cells.pop(8)),
    (exercise_problems, swap("### Exercise 2", "### More", 7)),
    (exercise_problems, swap("*Medium, ", "*Hard, ", 7)),
    (exercise_problems, swap("*Easy, five minutes.*", "", 5)),
    (exercise_problems, put("### Exercise 4: more\n\nMore.", 10)),
    (self_test_problems, lambda nb: nb.cells.pop(12)),
    (self_test_problems, swap("**Question 5.**", "**Another.**", 12)),
    (self_test_problems, swap("**Question 2.**", "**Question 3.**", 12)),
    (self_test_problems, swap('"wrong"', '"right"', 12)),
    (self_test_problems, swap("**Right.**", "**Wrong.**", 12)),
    (
        self_test_problems,
        swap("**Wrong.** A reason of more than five words.", "**Wrong.** No.", 12),
    ),
    (self_test_problems, swap("**Wrong.** A reason of more than five words.", "", 12)),
    (self_test_problems, swap("</details>", "", 12)),
    (
        self_test_problems,
        lambda nb: nb.cells[12].update(source=same_place(nb.cells[12].source)),
    ),
    (first_use_problems, put("The loss falls. The {term}`loss` falls.", 9)),
    (first_use_problems, put("Several epochs pass.", 9)),
    (
        first_use_problems,
        put(
            "**What?** A *confusion matrix*; the {term}`matrix <confusion matrix>`.", 9
        ),
    ),
    (figure_problems, lambda nb: nb.cells[4].metadata.pop("mystnb")),
    (
        figure_problems,
        lambda nb: nb.cells[4].metadata["mystnb"]["image"].update(alt="A chart"),
    ),
    (
        figure_problems,
        lambda nb: nb.cells[4].metadata["mystnb"]["figure"].pop("caption"),
    ),
    (figure_problems, lambda nb: nb.cells[4].metadata["mystnb"]["figure"].pop("name")),
    (figure_problems, lambda nb: nb.cells.append(copy.deepcopy(nb.cells[4]))),
    (colab_problems, lambda nb: nb.cells.pop(1)),
    (
        colab_problems,
        swap("https://github.com/", "https://github.com/somebody-else/", 1),
    ),
    (colab_problems, swap('", "', '", "another-', 1)),
    (path_problems, put("See /home/someone/notes.", 2)),
    (path_problems, show("saved in '/tmp/x/model.keras'")),
    (path_problems, show(r"saved in C:\Users\someone")),
    (path_problems, show("see /mnt/disk/model.keras")),
    (secret_problems, put("Use ghp_" + "a1" * 18)),
    (secret_problems, show("https://someone:word@example.org/")),
    (secret_problems, show("-----BEGIN RSA " + "PRIVATE KEY-----")),
    (secret_problems, put("API_KEY = " + repr("0123456789"))),
    (hidden_output_problems, change(metadata_at(3), tags=["remove-cell"])),
    (
        hidden_output_problems,
        lambda nb: (
            nb.cells[4].outputs[0].update(metadata={"image/png": {"date": "2026"}})
        ),
    ),
    (metadata_problems, change(metadata_at(3), jupyter={"outputs_hidden": True})),
    (number_problems, put("The accuracy is 84.1%.")),
    (number_problems, put("It names 84 per cent.")),
    (number_problems, put("It errs by 7.93 years.")),
    (number_problems, put("Better by 1.5 points.")),
    (number_problems, put("The accuracy is **84.1** %.")),
    (number_problems, put("With an accuracy of 0.841 it wins.")),
    (
        number_problems,
        lambda nb: (
            nb.cells[4].metadata["mystnb"]["figure"].update(caption="Accuracy: 84.1 %.")
        ),
    ),
    (file_name_problems, show("31_0_1_20170101000000001.jpg.chip.jpg")),
    (file_name_problems, show("<td>20170101000000001.jpg</td>", "text/html")),
    (citation_problems, put("{cite}`no-such-key`")),
    (term_problems, put("{term}`no such term`")),
    (term_problems, put("{term}`words <no such term>`")),
    (lambda nb: quotation_problems(nb, [REVIEW]), show(" ".join(REVIEW.split()[2:15]))),
    (
        lambda nb: quotation_problems(nb, [REVIEW]),
        show("\n".join(f"{word} 7" for word in REVIEW.split())),
    ),
    (
        lambda nb: quotation_problems(nb, [REVIEW]),
        show("<p>" + REVIEW.replace(" ", ",<br>") + "</p>", "text/html"),
    ),
]


@pytest.mark.parametrize("check", FORM + CONTENT, ids=name_of)
def test_checker_accepts_a_sound_notebook(check):
    tell(check(sound()))


def test_short_quotations_are_accepted():
    nb = sound()
    show(" ".join(REVIEW.split()[: QUOTE - 1]))(nb)
    tell(quotation_problems(nb, [REVIEW]))


@pytest.mark.parametrize(("check", "fault"), FAULTS, ids=name_of)
def test_checker_notices_the_fault(check, fault):
    nb = sound()
    fault(nb)
    assert check(nb), "the fault went unnoticed"


def test_every_checker_has_a_fault():
    assert {check for check, _ in FAULTS} >= set(FORM + CONTENT)
