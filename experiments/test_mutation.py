"""The mutation check itself: its list fits the book, and its page says what came of each mutant."""

import re
import sys

import pytest
from experiments.mutation import __main__ as mutation

MUTANTS = mutation.load()


def test_there_are_many_mutants_of_modules_and_notebooks():
    names = [mutant["name"] for mutant in MUTANTS]
    assert len(names) == len(set(names)) >= 40
    notebooks = {mutant["file"] for mutant in MUTANTS if "cell" in mutant}
    assert len(notebooks) == 6 and sum("cell" not in mutant for mutant in MUTANTS) >= 20


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant["name"])
def test_a_mutant_changes_one_place_of_the_book_and_still_parses(mutant, tmp_path):
    path = tmp_path / mutant["file"]
    path.parent.mkdir(parents=True)
    path.write_bytes((mutation.ROOT / mutant["file"]).read_bytes())
    before = mutation.apply(mutant, tmp_path)
    assert path.read_text("utf-8") != before
    if path.suffix == ".py":
        compile(path.read_text("utf-8"), path.name, "exec")
    assert all(
        (mutation.ROOT / "tests" / f"test_{name}.py").exists()
        for name in mutant["tests"]
    )


def test_the_page_is_what_the_results_say_and_nearly_all_were_caught():
    found = mutation.known()
    assert mutation.shown(found) == mutation.CAUGHT.read_text("utf-8")
    assert set(found) == {mutant["name"] for mutant in MUTANTS}
    assert sum(map(bool, found.values())) >= 0.95 * len(found)


def test_the_page_names_tests_that_are_there():
    named = {
        test.removeprefix("real data, ") for test in mutation.known().values() if test
    }
    for file, function in {
        re.match(r"([^:]+)(?:::([^\[:]+))?", test).groups() for test in named
    }:
        text = (mutation.ROOT / file).read_text("utf-8")
        assert file.endswith(".ipynb") or re.search(
            rf"^def {function}\(", text, flags=re.M
        ), f"{file}::{function}"


def test_a_mutant_that_does_not_fit_is_refused(tmp_path):
    (tmp_path / "some.py").write_text("a = 1\na = 1\n")
    for old in ("a = 1", "b = 1"):
        with pytest.raises(LookupError, match="not there once"):
            mutation.apply(
                {"name": "odd", "file": "some.py", "old": old, "new": "c"}, tmp_path
            )


def test_a_failing_test_is_named_and_a_passing_one_is_not(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "def test_good():\n    pass\n\n\ndef test_bad():\n    assert False, 'a - b'\n"
    )
    assert (
        mutation.first_failure({}, ["test_it.py"], tmp_path) == "test_it.py::test_bad"
    )
    assert mutation.first_failure({}, ["test_it.py::test_good"], tmp_path) is None
    with pytest.raises(RuntimeError, match="pytest ended with 4"):
        mutation.first_failure({}, ["test_nowhere.py"], tmp_path)


def test_it_asks_for_the_real_data_before_it_begins_and_not_when_asked_for_help(
    monkeypatch, capsys
):
    monkeypatch.delenv("CNNBOOK_DATA", raising=False)
    monkeypatch.setattr(sys, "argv", ["mutation", "--help"])
    with pytest.raises(SystemExit) as ended:
        mutation.main()
    assert ended.value.code == 0 and "--only" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["mutation"])
    with pytest.raises(SystemExit, match="Set CNNBOOK_DATA"):
        mutation.main()
