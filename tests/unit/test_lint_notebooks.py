"""The notebook linter: a sound notebook has no problem, and each fault is noticed."""

import re
import sys

import pytest
import yaml
from nbformat import v4
from tools import lint_notebooks as linter

ADDRESS = yaml.safe_load((linter.ROOT / "_config.yml").read_text("utf-8"))["repository"]
COLAB = f'REPOSITORY = "{ADDRESS["url"]}"\nREVISION = "{ADDRESS["branch"]}"\n'
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
    opening = "\n\n".join(
        f"**{heading}.** So." for heading in linter.OPENING.split("/")
    )
    alt = {"alt": "A bar chart of two groups of faces, the left one higher."}
    figure = {"image": alt, "figure": {"caption": "Groups.", "name": "fig-a"}}
    picture = v4.new_output("display_data", data={"image/png": "aGVsbG8="})
    cells = [
        markdown(f"# Look at it\n\n{opening}", id="title"),
        code(COLAB, id="colab"),
        code("1", id="one", outputs=[v4.new_output("stream", text="1\n")]),
        code("draw()", id="draw", outputs=[picture], metadata={"mystnb": figure}),
        markdown(f"{GUESS}{GUESS}\n\n## Exercises", id="guess"),
    ]
    for i, level in enumerate(linter.LEVELS, start=1):
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
    kernel = {"name": "python3", "display_name": "Python 3"}
    nb = v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    for count, cell in enumerate(linter.cells(nb, "code"), start=1):
        cell.execution_count = count
    return nb


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
    ("not valid", change("one", outputs="none")),
    ("not Markdown", drop("title")),
    ("the id", change("one", id="One_Cell")),
    ("without a title", tell("one", tags=["hide-input"])),
    ("the id", change("one", id="title")),
    ("the id", change("one", id="3f8a9c01")),
    ("the id", lambda nb: at(nb, "one").pop("id")),
    ("kernel", lambda nb: nb.metadata.pop("kernelspec")),
    ("metadata 'widgets'", lambda nb: nb.metadata.update(widgets={})),
    ("metadata 'jupyter'", tell("one", jupyter={"outputs_hidden": True})),
    ("output 'app", show({}, "application/vnd.jupyter.widget-view+json")),
    ("output 'date'", output("display_data", metadata={"image/png": {"date": "now"}})),
    ("unknown tag", tell("one", tags=["nbval-skip"])),
    ("bytes", show("x" * linter.MAX_BYTES)),
    ("executed as", change("one", execution_count=7)),
    ("stored error", output("error", ename="ValueError", evalue="no")),
    ("stored stderr", output("stream", name="stderr", text="W0000 chatter")),
    ("1 cells with the tag", lambda nb: [tell(f"solution-{i}")(nb) for i in (1, 2)]),
    ("nothing is compared", tell("one", tolerance={"years": 1})),
    ("nothing is", tell("one", tolerance={"whole": 2}, tags=["nbval-ignore-output"])),
    ("not above 0", tell("one", tolerance={"whole": 0})),
    ("title", put("# Another title")),
    ("title", swap("title", "# Look at it", "Look at it")),
    ("the opening lacks", swap("title", "**What you need.**", "")),
    ("no section", swap("end", "## Summary", "## In short")),
    ("1 guess-first", swap("guess", "**Guess first.**", "")),
    ("no folded answer", swap("guess", "<details>", "")),
    ("exercises", drop("solution-1")),
    ("exercises", drop("solution-3")),
    ("exercises", tell("solution-1", tags=["solution"])),
    ("exercises", swap("exercise-2", "*Medium, ", "*Hard, ")),
    ("exercises", swap("exercise-1", "*Easy, five minutes.*", "")),
    ("self-test: questions", drop("self-test")),
    ("self-test: questions", swap("self-test", "**Question 2.**", "**Question 3.**")),
    ("question 1", swap("self-test", '"wrong"', '"right"')),
    ("question 1", swap("self-test", "**Wrong.**", "**Right.**")),
    ("question 1", swap("self-test", f"**Right.** {REASON}", "**Right.** Yes.")),
    ("question 1", swap("self-test", "</details>", "")),
    ("question 2", swap("self-test", WRONG * 2 + "**Question 3", "**Question 3")),
    ("the same place", same_place),
    ("alt text", describe("image", alt="A chart.")),
    ("caption or name", describe("figure", caption="")),
    ("caption or name", describe("figure", name="")),
    ("shows no picture", change("draw", outputs=[])),
    ("another figure has", tell("one", mystnb={"figure": {"name": "fig-a"}})),
    ("colab: REPOSITORY", drop("colab")),
    ("colab: REPOSITORY", swap("colab", "https://", "https://another.")),
    ("colab: REVISION", swap("colab", 'REVISION = "', 'REVISION = "another-')),
    ("typed number", describe("figure", caption="Accuracy: 84.1 %.")),
    ("path", show("saved in '/tmp/x/model.keras'")),
    ("Windows path", show(r"saved in C:\Users\someone")),
    ("key", put("Use ghp_" + "a1" * 18)),
    ("service key", put("Use AKIA" + "A1" * 8)),
    ("private key", show("-----BEGIN RSA " + "PRIVATE KEY-----")),
    ("password in an address", show("https://someone:word@example.org/")),
    ("secret", put("API_KEY = " + repr("0123456789"))),
    ("photo", show("31_0_1_20170101000000001.jpg.chip.jpg")),
    ("photo's date", show("<td>20170101000000001.jpg</td>", "text/html")),
]
TEXTS = """
typed number: The accuracy is 84.1%.
typed number: The accuracy is **84.1** %.
typed number: It names 84 per cent.
typed number: It errs by 7.93 years.
typed number: Better by 1.5 points.
typed number: With an accuracy of 0.841 it wins.
not linked: The loss falls. The {term}`loss` falls.
not linked: Several epochs pass.
not linked: A *confusion matrix*; the {term}`matrix <confusion matrix>`.
citation: {cite}`no-such-key`
not in the glossary: {term}`no such term`
not in the glossary: {term}`words <no such term>`
"""
FAULTS += [(what, put(text)) for what, text in re.findall("(.+?): (.+)", TEXTS)]


def test_a_sound_notebook_has_no_problem():
    short = " ".join(REVIEW.split()[: linter.QUOTE - 1])
    nb = sound()
    put(f"{short}. {linter.EXAMPLE_NAME}. 8.11 years. A {{term}}`loss`; a loss.")(nb)
    assert linter.problems(nb, reviews=[REVIEW]) == []


@pytest.mark.parametrize("expected, fault", FAULTS)
def test_the_fault_is_noticed(expected, fault):
    nb = sound()
    fault(nb)
    assert expected in "\n".join(linter.problems(nb))


def test_chapters_share_the_colab_cell_and_no_name_of_a_figure():
    nb, other = sound(), sound()
    other.cells[1].source += "more"
    found = "\n".join(linter.problems(nb, [other]))
    assert "not the same in all chapters" in found and "has the name 'fig-a'" in found


@pytest.mark.parametrize("text", ["{}", "<p>{}</p>", "| {} |"])
def test_a_quotation_is_noticed(text):
    nb, words = sound(), REVIEW.split()[2:15]
    show(text.format(" 7 |\n| ".join(words) if "|" in text else "<br>".join(words)))(nb)
    (problem,) = linter.problems(nb, reviews=[REVIEW])
    assert problem.startswith("one: quotes")


def test_the_command_lists_problems_of_files(tmp_path, monkeypatch, capsys):
    def run(*files):
        monkeypatch.setattr(sys, "argv", ["lint_notebooks", *map(str, files)])
        with pytest.raises(SystemExit) as left:
            linter.main()
        return left.value.code, capsys.readouterr().out

    double, page = tmp_path / "double.ipynb", tmp_path / "page.md"
    nb = sound()
    nb.cells[2].id = "title"
    double.write_text(v4.writes(nb), "utf-8")  # nbformat.write would mend it
    page.write_text(f"# A page\n\n{REVIEW}", "utf-8")
    reviews = "Sentiment,Review\r" + f"Pos,{' '.join(REVIEW.split())}\r"
    (tmp_path / "car_reviews.csv").write_text(reviews, "utf-8", newline="")
    monkeypatch.delenv("CNNBOOK_DATA", raising=False)
    assert run(page) == (0, "")
    code, listed = run(page, double, tmp_path / "missing.ipynb")
    assert code == 1 and "double.ipynb title: the id is not unique" in listed
    assert "missing.ipynb notebook: cannot be read" in listed
    monkeypatch.setenv("CNNBOOK_DATA", str(tmp_path))
    assert "page.md page: quotes" in run(page)[1]
