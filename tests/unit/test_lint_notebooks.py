"""The notebook linter: a sound notebook has no problem, and each fault is noticed."""

import re

import pytest
from nbformat import v4
from tools import execute
from tools import lint_notebooks as linter

GUESS = "**Guess first.** How?\n\n<details><summary>Look</summary>\nSo.\n</details>\n\n"
REASON = "A reason of more than five words."
ANSWER = f'<details class="wrong"><summary>So.</summary>\n\n**Wrong.** {REASON}\n\n'
WRONG = f"{ANSWER}</details>\n\n"
RIGHT = WRONG.replace("wrong", "right").replace("Wrong", "Right")
REVIEW = """we drove this old invented car across three cold mountains and it never once
complained about the snow"""


def sound():
    """Return the smallest notebook without a problem."""
    markdown, code = v4.new_markdown_cell, v4.new_code_cell
    opening = "\n\n".join(f"{part} So." for part in linter.PARTS if part[0] == "*")
    alt = {"alt": "A bar chart of two groups of faces, the left one higher."}
    figure = {"image": alt, "figure": {"caption": "Groups.", "name": "fig-a"}}
    picture = v4.new_output("display_data", data={"image/png": "aGVsbG8="})
    cells = [
        markdown(f"# Look at it\n\n{opening}", id="title"),
        code("1", id="one", outputs=[v4.new_output("stream", text="1\n")]),
        code("draw()", id="draw", outputs=[picture], metadata={"mystnb": figure}),
        markdown(f"{GUESS}{GUESS}\n\n## Exercises", id="guess"),
    ]
    for i, level in enumerate(linter.EXERCISES[::2], start=1):
        task = f"### Exercise {i}: count\n\n*{level}, five minutes.* Count."
        tags = {"tags": ["hide-cell", "solution", "nbval-check-output"]}
        cells += [markdown(task, id=f"exercise-{i}")]
        cells += [code("2", id=f"solution-{i}", metadata=tags)]
    orders = [RIGHT + WRONG * 2, WRONG + RIGHT + WRONG * 2] * 2 + [WRONG * 2 + RIGHT]
    asked = [f"**Question {i}.** Why?\n\n{orders[i - 1]}" for i in range(1, 6)]
    cells += [
        markdown("## Summary\n\nWe saw 95 %.\n\n## Further reading", id="end"),
        markdown("## Test yourself\n\n" + "".join(asked), id="self-test"),
    ]
    made = v4.new_notebook(cells=cells, metadata=execute.METADATA)
    for count, cell in enumerate(linter.cells(made, "code"), start=1):
        cell.execution_count = count
    return made


def at(nb, cell_id):
    return next(cell for cell in nb.cells if cell.id == cell_id)


# Each of these makes a function that breaks a sound notebook.


def swap(cell_id, old, new):
    def fault(nb):
        cell = at(nb, cell_id)
        assert old in cell.source
        cell.source = cell.source.replace(old, new, 1)

    return fault


def put(text):
    return swap("end", "95 %.", f"95 %.\n\n{text}")


def output(kind, **values):
    return lambda nb: at(nb, "one").outputs.append(v4.new_output(kind, **values))


def show(text, kind="text/plain"):
    return output("display_data", data={kind: text})


def change(cell_id, **values):
    return lambda nb: at(nb, cell_id).update(values)


def tell(cell_id, **metadata):
    return change(cell_id, metadata=metadata)


def drop(cell_id):
    return lambda nb: nb.cells.remove(at(nb, cell_id))


def describe(part, **values):
    return lambda nb: at(nb, "draw").metadata["mystnb"][part].update(values)


def same_place(nb):
    cell = at(nb, "self-test")
    head, first, *_ = re.split(r"\*\*Question \d", cell.source)
    cell.source = head + "".join(f"**Question {i}{first}" for i in range(1, 6))


FAULTS = [
    ("not valid", change("one", execution_count="2")),
    ("the id", change("one", id="One_Cell")),
    ("the id", change("one", id="title")),
    ("the id", change("one", id="3f8a9c01")),
    ("the id", lambda nb: at(nb, "one").pop("id")),
    ("metadata other", lambda nb: nb.metadata.update(widgets={})),
    ("metadata 'jupyter'", tell("one", jupyter={"outputs_hidden": True})),
    ("unknown tag", tell("one", tags=["nbval-skip"])),
    ("without a title", tell("one", tags=["hide-input"])),
    ("executed as", change("one", execution_count=7)),
    ("stored error", output("error", ename="ValueError", evalue="no")),
    ("stored error", output("stream", name="stderr", text="W0000 chatter")),
    ("no '**What you need", swap("title", "**What you need.**", "")),
    ("no '## Summary'", swap("end", "## Summary", "## In short")),
    ("1 guess-first", swap("guess", "**Guess first.**", "")),
    ("1 folded", swap("guess", "</details>", "\n# Next\n")),
    ("exercises", drop("solution-1")),
    ("exercises", tell("solution-1", tags=["solution"])),
    ("exercises", swap("exercise-1", "*Easy, five minutes.*", "")),
    ("0 questions", drop("self-test")),
    ("question 1", swap("self-test", '"wrong"', '"right"')),
    ("question 1", swap("self-test", f"**Right.** {REASON}", "**Right.** Yes.")),
    ("question 1", swap("self-test", "</details>", "")),
    ("question 2", swap("self-test", WRONG * 2 + "**Question 3", "**Question 3")),
    ("the same place", same_place),
    ("a figure without", describe("image", alt="A chart.")),
    ("a figure without", describe("figure", name="")),
    ("typed number", describe("figure", caption="Accuracy: 84.1 %.")),
    ("path", show("saved in '/tmp/x/model.keras'")),
    ("key", put("Use ghp_" + "a1" * 18)),
    ("photo", show("31_0_1_20170101000000001.jpg.chip.jpg")),
    ("photo", show("<td>20170101000000001.jpg</td>", "text/html")),
]
TEXTS = """
typed number: The accuracy is **84.1** %.
typed number: It errs by 7.93 years.
typed number: With an accuracy of 0.841 it wins.
not linked: The loss falls. The {term}`loss` falls.
not linked: Several epochs pass.
not linked: A *confusion matrix*; the {term}`matrix <confusion matrix>`.
"""
FAULTS += [(what, put(text)) for what, text in re.findall("(.+?): (.+)", TEXTS)]


def test_a_sound_notebook_has_no_problem():
    short = " ".join(REVIEW.split()[: linter.QUOTE - 1])
    nb = sound()
    put(f"{short}. {linter.EXAMPLE_NAME}. 8.11 years. A {{term}}`loss`; a loss.")(nb)
    assert linter.problems(nb, reviews=[REVIEW]) == []


@pytest.mark.parametrize("expected, fault", FAULTS)
def test_the_fault_is_noticed(expected, fault, tmp_path):
    nb, path = sound(), tmp_path / "99-short.ipynb"
    fault(nb)
    path.write_text(v4.writes(nb), "utf-8")  # nbformat.write would mend ids
    assert expected in "\n".join(linter.problems(linter.read(path)))


@pytest.mark.parametrize("text", ["{}", "<p>{}</p>", "| {} |"])
def test_a_quotation_is_noticed(text, tmp_path):
    words, path = REVIEW.split()[2:15], tmp_path / "page.md"
    text = text.format(" 7 |\n| ".join(words) if "|" in text else "<br>".join(words))
    path.write_text(text, "utf-8")
    (problem,) = linter.problems(linter.read(path), [REVIEW], chapter=False)
    assert problem.startswith("page: quotes")


def test_the_command_lists_what_the_table_of_contents_forgets(monkeypatch, capsys):
    monkeypatch.setattr(linter.chapters, "files", lambda: [])
    with pytest.raises(SystemExit, match="True"):
        linter.main()
    assert "book/intro.md is not in _toc.yml" in capsys.readouterr().out
