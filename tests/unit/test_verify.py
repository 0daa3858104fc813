"""The comparison of a new execution with the stored one: what passes, what is noticed."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import verify

STORED = "error **8.10 years** after 12 minutes"


def shown(text, kind="text/markdown"):
    return new_output("display_data", data={kind: text, "text/plain": "<object>"})


def notebook(text=STORED, tolerance=None, kind="text/markdown"):
    metadata = {"tolerance": tolerance} if tolerance else {}
    outputs = [shown(text, kind)]
    code = new_code_cell("1", id="read", outputs=outputs, metadata=metadata)
    return new_notebook(cells=[new_markdown_cell("9.9 years", id="prose"), code])


def verdicts(stored, now):
    return [found[-1] for found in verify.compare(stored, now)]


@pytest.mark.parametrize(
    ("now", "tolerance", "verdict"),
    [
        (STORED, {}, "same"),
        ("error **8.40 years** after 12 minutes", {"years": 0.3}, "within"),
        ("error **7.80 years** after 12 minutes", {"years": 0.3}, "within"),
        ("error **8.41 years** after 12 minutes", {"years": 0.3}, "DRIFTED"),
        ("error **8.10 years** after 99 minutes", {"years": 0.3}, "DRIFTED"),
        ("error **8.10 years** after 99 minutes", {"minutes": None}, "within"),
        ("fault **8.10 years** after 12 minutes", {"years": 9}, "OTHER WORDS"),
        ("fault **8.10 years** after 12 minutes", {"words": None}, "within"),
        ("fault **8.10 years**", {"words": None}, "OTHER WORDS"),
        ("fault **8.10 %** after 12 minutes", {"words": None, "%": 9}, "OTHER WORDS"),
        ("error **8.10 years**\nafter 12 minutes", {"years": 9}, "OTHER LINES"),
    ],
)
def test_a_line_is_judged_by_the_tolerance_of_its_cell(now, tolerance, verdict):
    assert verdicts(notebook(tolerance=tolerance), notebook(now)) == [verdict]
    # The tolerance that counts is the stored one.
    assert "within" not in verdicts(notebook(), notebook(now, tolerance))


def test_numbers_are_read_with_sign_thousands_and_unit():
    line = (
        "+1.8 to −2.6 | 12,894,242 stems, 0 | **49.5%** | 105 **big** seconds, conv_2"
    )
    numbers = [1.8, -2.6, 12_894_242, 0, 49.5, 105]
    units = "decimal decimal whole whole % whole".split()
    assert verify.numbers(line) == list(zip(numbers, units))
    line = verify.texts(notebook("**1 year**, **8.1** years, v1.5, 94 times").cells[1])
    assert verify.numbers(*line) == [(1, "years"), (8.1, "years"), (94, "times")]


def test_tables_are_compared_by_their_text_and_not_by_their_style():
    table = """<style>#T_{0} td {{}}</style><table id='T_{0}'>
    <tr><th>age</th><td> 5.5</td></tr>\n<tr><td>{1}</td></tr></table>"""
    stored, now, other = (
        notebook(table.format(name, value), kind="text/html")
        for name, value in (("x1", 7), ("y2", 7), ("x1", 8))
    )
    assert verify.texts(stored.cells[1]) == ["age 5.5", "7"]
    assert verdicts(stored, now) == ["same", "same"]
    assert verdicts(stored, other) == ["same", "DRIFTED"]


def test_printed_lines_and_lost_cells_count_and_logs_of_training_do_not():
    stored, now = notebook(), notebook()
    for notes, percent in ((stored, 81), (now, 82)):
        printed = new_output("stream", text=f"accuracy {percent} %\n")
        notes.cells[1].outputs = [printed]
    assert verdicts(stored, now) == ["DRIFTED"]
    now.cells[1].id = "renamed"
    assert verdicts(stored, now) == ["OTHER LINES"]
    stored.cells[1].metadata.tags = ["nbval-ignore-output"]
    assert verdicts(stored, now) == []
