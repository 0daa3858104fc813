"""The pages that sum the chapters up say what the chapters say, and their code runs."""

import re
import runpy

import pytest
from tools.chapters import BOOK

MINUTES = {"five": 5, "ten": 10, "fifteen": 15, "twenty": 20, "half an hour": 30}
EXERCISE = rf"\*(?:Easy|Medium|Hard), ({'|'.join(MINUTES)})"


def test_the_code_of_the_pattern_runs_from_top_to_bottom(tmp_path, capsys):
    code = re.findall(
        r"```python\n(.*?)```", (BOOK / "the-pattern.md").read_text(), re.S
    )
    (tmp_path / "page.py").write_text("\n".join(code))
    ran = runpy.run_path(str(tmp_path / "page.py"))
    assert 0 < ran["low"] < (ran["right"].mean() - ran["guessed"].mean()) < ran["high"]


@pytest.mark.parametrize(
    "chapter", sorted(BOOK.glob("[0-9]*.ipynb")), ids=lambda p: p.stem
)
def test_teachers_are_told_how_long_the_exercises_take(chapter):
    row = re.search(rf"\]\({chapter.name}\).*", (BOOK / "for-teachers.md").read_text())[
        0
    ]
    minutes = [MINUTES[time] for time in re.findall(EXERCISE, chapter.read_text())]
    assert f"| {', '.join(map(str, minutes))} |" in row or "| three |" in row
