"""The comparison of a new execution with the stored one: what it must let pass, and what it must notice."""

import copy
import sys

import nbformat
import pytest
from tools import verify
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output


def shown(text, kind="text/markdown"):
    return new_output("display_data", data={kind: text, "text/plain": "<object>"})


def notebook(
    text="The error is **8.10 years** after 12 minutes.", tolerance=None, **cell
):
    metadata = {"tolerance": tolerance} if tolerance else {}
    code = new_code_cell(
        "1", id="read", outputs=[shown(text)], metadata=metadata, **cell
    )
    return new_notebook(
        cells=[new_markdown_cell("Read **9.9 years**.", id="prose"), code]
    )


def verdicts(stored, now, **options):
    return [found[-1] for found in verify.compare(stored, now, **options)]


@pytest.mark.parametrize(
    ("now", "tolerance", "verdict"),
    [
        ("The error is **8.10 years** after 12 minutes.", {}, "same"),
        ("The error is **8.11 years** after 12 minutes.", {}, "DRIFTED"),
        ("The error is **8.40 years** after 12 minutes.", {"years": 0.3}, "within"),
        ("The error is **7.80 years** after 12 minutes.", {"years": 0.3}, "within"),
        ("The error is **8.41 years** after 12 minutes.", {"years": 0.3}, "DRIFTED"),
        ("The error is **8.10 years** after 99 minutes.", {"years": 0.3}, "DRIFTED"),
        ("The error is **8.10 years** after 99 minutes.", {"minutes": None}, "within"),
        ("The error is **8.41 years** after 99 minutes.", {"minutes": None}, "DRIFTED"),
        (
            "The error was **8.10 years** after 12 minutes.",
            {"years": 9, "minutes": None},
            "OTHER WORDS",
        ),
        ("The loss was **8.10 years** after 12 minutes.", {"words": None}, "within"),
        (
            "The loss was **8.10 years** after 12 minutes, 3 %.",
            {"words": None},
            "OTHER WORDS",
        ),
        ("The loss was **8.10 years**.", {"words": None}, "OTHER WORDS"),
        (
            "The loss was **8.10 %** after 12 minutes.",
            {"words": None, "%": 9},
            "OTHER WORDS",
        ),
        ("The error is **8.10 %** after 12 minutes.", {"years": 9}, "OTHER WORDS"),
        ("The error is **8.10 years**\nafter 12 minutes.", {"years": 9}, "OTHER LINES"),
    ],
)
def test_a_line_is_judged_by_the_tolerance_of_its_cell(now, tolerance, verdict):
    assert verdicts(notebook(tolerance=tolerance), notebook(now)) == [verdict]


def test_the_tolerance_that_counts_is_the_stored_one():
    assert verdicts(
        notebook(),
        notebook("The error is **8.11 years** after 12 minutes.", {"years": 9}),
    ) == ["DRIFTED"]


def test_numbers_are_read_with_sign_thousands_and_unit():
    line = "| +1.8 to −2.6 | 12,894,242 parameters, 11, 0 | **49.5%** | 1 year, 105 **big** seconds, conv_2, v1.5 | 94 times |"
    assert verify.numbers(line) == [
        (1.8, "decimal"), (-2.6, "decimal"), (12_894_242, "whole"), (11, "whole"), (0, "whole"),
        (49.5, "%"), (1, "years"), (105, "whole"), (94, "times"),
    ]  # fmt: skip


def test_a_unit_within_the_same_emphasis_or_behind_it_counts():
    assert verify.numbers("**8.1 years**, **8.1** years") == [(8.1, "years")] * 2


def test_tables_are_compared_by_their_text_and_not_by_their_style():
    table = "<style>#T_{0} td {{}}</style><table id='T_{0}'><tr><th>age</th><td> 5.5</td></tr>\n<tr><td>{1}</td></tr></table>"
    stored, now, other = (
        new_notebook(
            cells=[
                new_code_cell(
                    "1", id="a", outputs=[shown(table.format(name, value), "text/html")]
                )
            ]
        )
        for name, value in (("x1", 7), ("y2", 7), ("x1", 8))
    )
    assert verify.texts(stored.cells[0]) == ["age 5.5", "7"]
    assert verdicts(stored, now) == ["same", "same"] and verdicts(stored, other) == [
        "same",
        "DRIFTED",
    ]


def test_printed_lines_count_and_logs_of_training_do_not():
    stored, now = (notebook() for _ in range(2))
    stored.cells[1].outputs = [new_output("stream", text="accuracy 81 %\n")]
    now.cells[1].outputs = [new_output("stream", text="accuracy 82 %\n")]
    assert verdicts(stored, now) == ["DRIFTED"]
    stored.cells[1].metadata.tags = ["nbval-ignore-output"]
    assert verdicts(stored, now) == []


def test_a_cell_that_is_gone_is_noticed():
    now = notebook()
    now.cells[1].id = "renamed"
    assert verdicts(notebook(), now) == ["OTHER LINES"]


def test_exact_knows_no_tolerance_and_compares_pictures():
    stored = notebook(tolerance={"years": 9})
    now = notebook("The error is **8.11 years** after 12 minutes.")
    assert verdicts(stored, now) == ["within"] and verdicts(
        stored, now, exact=True
    ) == ["DRIFTED"]
    stored.cells[1].outputs.append(shown("aGVsbG8=", "image/png"))
    now = copy.deepcopy(stored)
    assert verdicts(stored, now, exact=True)[-1] == "same"
    now.cells[1].outputs[-1].data["image/png"] = "aGVsbG8h"
    assert verdicts(stored, now, exact=True)[-1] == "OTHER PICTURE"
    assert "OTHER PICTURE" not in verdicts(stored, now)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Return a function that runs the tool on a book of one chapter, and returns its exit status and what it printed."""
    (tmp_path / "book").mkdir()
    (tmp_path / "data" / "models").mkdir(parents=True)
    (tmp_path / "data" / "models" / "net.keras").write_text("stored")
    monkeypatch.setattr(verify, "ROOT", tmp_path)
    monkeypatch.setattr(verify, "COPY", tmp_path / "_build" / "verify")
    path = tmp_path / "book" / "99-short.ipynb"

    def run(source, text, *options):
        cell = new_code_cell(
            source, id="read", outputs=[new_output("stream", text=text)]
        )
        nbformat.write(
            new_notebook(
                cells=[cell],
                metadata={"kernelspec": {"name": "python3", "display_name": ""}},
            ),
            path,
        )
        before = path.read_bytes()
        monkeypatch.setattr(sys, "argv", ["verify.py", *options, str(path)])
        with pytest.raises(SystemExit) as ended:
            verify.main()
        assert (
            path.read_bytes() == before
            and (tmp_path / "data" / "models" / "net.keras").read_text() == "stored"
        )
        return ended.value.code, capsys.readouterr().out

    return run


def test_it_executes_a_copy_and_prints_a_table(run):
    code, out = run(
        "open('../data/models/net.keras', 'w').write('new'); print('error 8.2 years')",
        "error 8.1 years\n",
    )
    assert code == 1
    assert (
        "| 99 read: error # years | 8.1 years | 8.2 years | none | DRIFTED |" in out
        and "1 DRIFTED" in out
    )


def test_it_succeeds_where_nothing_drifted(run):
    code, out = run("print('error 8.1 years')", "error 8.1 years\n")
    assert code == 0 and "1 same" in out


def test_a_cell_that_fails_is_a_failure(run):
    code, _ = run("1 / 0", "")
    assert "99-short.ipynb: a cell failed" in code
