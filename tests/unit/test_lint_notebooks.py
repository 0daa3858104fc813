"""The notebook linter: each kind of fault in a stored chapter is noticed."""

import pytest
from nbformat import v4
from tools import chapters
from tools import lint_notebooks as linter

REVIEW = """we drove this old invented car across three cold mountains and it never once
complained about the snow"""


# Each of these makes a function that breaks a notebook.


def change(**values):
    return lambda nb: linter.cells(nb, "code")[0].update(values)


def output(kind, **values):
    return lambda nb: nb.cells[1].outputs.append(v4.new_output(kind, **values))


def show(text, kind="text/plain"):
    return output("display_data", data={kind: text})


def swap(old, new):
    def fault(nb):
        for cell in linter.cells(nb, "markdown"):
            cell.source = cell.source.replace(old, new)

    return fault


def put(text):
    return lambda nb: nb.cells[-1].update(source=f"{nb.cells[-1].source}\n\n{text}")


def describe(part, **values):
    def fault(nb):
        pictures = [c for c in linter.cells(nb, "code") if linter.legends(c)[0]]
        pictures[0].metadata["mystnb"][part].update(values)

    return fault


FAULTS = [
    ("not valid", change(execution_count="2")),
    ("the id", change(id="title")),
    ("the id", change(id="3f8a9c01")),
    ("metadata 'jupyter'", change(metadata={"jupyter": {"outputs_hidden": True}})),
    ("unknown tag", change(metadata={"tags": ["nbval-skip"]})),
    ("executed as", change(execution_count=7)),
    ("stored error", output("error", ename="ValueError", evalue="no")),
    ("stored error", output("stream", name="stderr", text="W0000 chatter")),
    ("no '## Summary'", swap("## Summary", "## In short")),
    ("0 guess-first", swap("**Guess first.**", "")),
    ("exercises", swap("*Easy,", "*Simple,")),
    ("question 1", swap('class="wrong"', 'class="right"')),
    ("a figure without", describe("image", alt="A chart.")),
    ("typed number", describe("figure", caption="Accuracy: 84.1 %.")),
    ("typed number", put("It errs by 7.93 years.")),
    ("path", show("saved in '/tmp/x/model.keras'")),
    ("key", put("Use ghp_" + "a1" * 18)),
    ("photo", show("31_0_1_20170101000000001.jpg.chip.jpg")),
    ("photo", show("<td>20170101000000001.jpg</td>", "text/html")),
    ("not linked", put("Backpropagation, or {term}`backpropagation`.")),
]


@pytest.mark.parametrize("expected, fault", FAULTS)
def test_the_fault_is_noticed(expected, fault):
    """That a sound chapter has no problem is tested in test_stored.py, on all of them."""
    nb = linter.read(chapters.path("data-visualisation"))
    fault(nb)
    assert expected in "\n".join(linter.problems(nb))


@pytest.mark.parametrize("text", ["{}", "<p>{}</p>", "| {} |"])
def test_a_quotation_is_noticed(text, tmp_path):
    words, path = REVIEW.split()[2:15], tmp_path / "page.md"
    text = text.format(" 7 |\n| ".join(words) if "|" in text else "<br>".join(words))
    path.write_text(text, "utf-8")
    (problem,) = linter.problems(linter.read(path), [REVIEW], chapter=False)
    assert problem.startswith("page: quotes")
