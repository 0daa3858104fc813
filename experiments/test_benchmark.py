"""The benchmark: its processes take turns, its results keep their documented form, its page says what they say."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from experiments.benchmark import __main__ as program
from experiments.benchmark import comparison, faces, harness, inputs, page, reviews

ROOT = Path(__file__).resolve().parents[1]
RESULTS = json.loads((ROOT / "tests" / "benchmark" / "results.json").read_text("utf-8"))
SCHEMA = json.loads(
    (ROOT / "tests" / "benchmark" / "results.schema.json").read_text("utf-8")
)

# --- Processes -----------------------------------------------------------------------------------


def work(log, name, turns):
    """Append the name once for each turn."""
    for turn in range(turns):
        if turn:
            harness.pause()
        with open(log, "a", encoding="utf-8") as file:
            file.write(name)
        print("what a chapter prints is not shown")
    return {"name": name}


def hold(megabytes):
    return {"held": len(bytes(range(256)) * (megabytes * 2**12))}


def fail():
    raise KeyError("the reason")


def die():
    os._exit(7)


def test_lanes_take_turns_and_one_goes_on_when_the_other_is_done(tmp_path, capfd):
    log = tmp_path / "log"
    first, second = harness.interleave(
        [(work, log, "a", 4)], [(work, log, "b", 1), (work, log, "c", 2)]
    )
    assert log.read_text() == "abacaca"
    assert [run["name"] for run in first] == ["a"] and [
        run["name"] for run in second
    ] == ["b", "c"]
    assert capfd.readouterr().out == ""


def test_the_peak_memory_is_that_of_the_process_alone():
    held_here = bytes(range(256)) * (600 * 2**12)
    large, small = harness.alone(hold, 300), harness.alone(hold, 1)
    assert (
        250 < large["peak_mb"] - small["peak_mb"] < 350
        and small["peak_mb"] < len(held_here) / 2**20
    )


@pytest.mark.parametrize(
    ("function", "reason"), [(fail, "the reason"), (die, "exit code 7")]
)
def test_a_process_that_fails_says_why(function, reason):
    with pytest.raises(RuntimeError, match=reason):
        harness.alone(function)


# --- Figures -------------------------------------------------------------------------------------


def test_spread_gives_the_range_of_few_and_the_quartiles_of_many():
    few = {"median": 2.0, "low": 1.0, "high": 9.0, "spread": "range", "count": 3}
    many = {
        "median": 50.0,
        "low": 25.0,
        "high": 75.0,
        "spread": "quartiles",
        "count": 101,
    }
    assert harness.spread([9, 1, 2]) == few and harness.spread(range(101)) == many
    assert harness.ratio(few, many) == 0.04


def run(recipe, seed, *epochs):
    """A training of epochs (error, accuracy), ten seconds each for the source and one for ours."""
    seconds = 10 if recipe == "source" else 1
    scores = [
        {"age_mae": error, "gender_accuracy": accuracy} for error, accuracy in epochs
    ]
    times = [
        {"epoch_seconds": seconds, "seconds": seconds * i}
        for i in range(1, len(epochs) + 1)
    ]
    end = {
        "seconds": seconds * len(epochs) + 0.5,
        "peak_mb": 1000,
        "parameters": 10**6 * seconds,
    }
    return {
        "recipe": recipe,
        "seed": seed,
        **scores[-1],
        **end,
        "epochs": [{**t, **s} for t, s in zip(times, scores)],
    }


SOURCE = [run("source", 42, (9, 0.8), (7.9, 0.87), (8, 0.88), (7.9, 0.86))]
FAST = [
    run("fast", 42, (7, 0.85), (8, 0.9), (7.5, 0.87)),
    run("fast", 43, (9, 0.9), (9, 0.9)),
]


def compared():
    return comparison.compare(
        {"source": SOURCE, "fast": FAST}, faces.DIRECTIONS, {"tutorial": faces.TUTORIAL}
    )


def test_a_level_is_reached_when_all_scores_are_there_at_once():
    summary = compared()
    assert summary["levels"]["source"] == {"age_mae": 7.9, "gender_accuracy": 0.86}
    to_level = {
        design: figures["to_level"] for design, figures in summary["designs"].items()
    }
    assert to_level["source"]["source"] == {
        "reached": 1,
        "seconds": harness.spread([20]),
    }
    assert to_level["source"]["tutorial"] == {
        "reached": 1,
        "seconds": harness.spread([30]),
    }
    assert to_level["fast"]["source"] == {"reached": 1, "seconds": harness.spread([3])}
    assert to_level["fast"]["tutorial"] == {
        "reached": 1,
        "seconds": harness.spread([2]),
    }
    assert (
        summary["ratios"]["fast"]["to_tutorial_level"] == 15
        and summary["ratios"]["fast"]["epoch_seconds"] == 10
    )


def test_a_level_that_nobody_reaches_gives_no_ratio():
    perfect = {"age_mae": 0, "gender_accuracy": 1}
    summary = comparison.compare(
        {"source": SOURCE, "fast": FAST}, faces.DIRECTIONS, {"tutorial": perfect}
    )
    assert summary["designs"]["fast"]["to_level"]["tutorial"] == {
        "reached": 0,
        "seconds": None,
    }
    assert summary["ratios"]["fast"]["to_tutorial_level"] is None


def test_scores_that_come_only_at_the_end_count_at_the_end():
    late = {**FAST[0], "epochs": [{"epoch_seconds": 1, "seconds": 1}]}
    assert (
        comparison.time_to(
            {"age_mae": 7.5, "gender_accuracy": 0.8}, late, faces.DIRECTIONS
        )
        == late["seconds"]
    )


# --- Results and page ----------------------------------------------------------------------------


def training_part():
    return {**RESULTS["input"], "runs": SOURCE + FAST, **compared()}


def test_the_results_keep_their_documented_form():
    jsonschema.validate(RESULTS, SCHEMA)
    jsonschema.validate({**RESULTS, "faces": training_part()}, SCHEMA)
    assert {name: part["settings"]["data"] for name, part in RESULTS.items()} == {
        **dict.fromkeys(RESULTS, "real"), "notebooks": "sample",
    }  # fmt: skip


@pytest.mark.parametrize("key", ["measured", "decoding", "pipelines"])
def test_a_missing_key_is_noticed(key):
    broken = copy.deepcopy(RESULTS)
    del broken["input"][key]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, SCHEMA)


def test_the_page_is_what_the_results_give():
    assert page.PAGE.read_text("utf-8") == page.rendered(RESULTS), (
        "run make benchmark ARGS=--page"
    )


def test_the_page_shows_a_training_and_says_what_is_missing():
    text = page.rendered({"faces": training_part()})
    assert (
        "| seconds to the level of the tutorial | 30.0, reached by 1 of 1 | 2.00, reached by 1 of 2 | 15.0 |"
        in text
    )
    assert "| gender accuracy (%) at the end | 86.0 | 88.5 (87.0 to 90.0) |" in text
    assert "Not measured yet (`make benchmark ARGS='--only reviews'`)" in text
    assert "Scored at the end alone" not in text


def test_the_page_says_which_design_was_scored_at_the_end_alone():
    part = training_part()
    blind = [{**run, "epochs": [{"epoch_seconds": 1, "seconds": 1}]} for run in FAST]
    text = page.rendered({"faces": {**part, "runs": SOURCE + blind}})
    assert (
        "Scored at the end alone, so that a level is reached there or not at all: ours, the short recipe."
        in text
    )


@pytest.fixture
def without_data(tmp_path, monkeypatch):
    """Return a function that runs the program on a machine without the real data, and returns what it wrote."""
    monkeypatch.delenv("CNNBOOK_DATA", raising=False)
    monkeypatch.setattr(program, "set_environment", lambda smoke: None)
    monkeypatch.setitem(
        program.PARTS, "faces", None
    )  # whatever it would measure, it must not

    def run(*options):
        monkeypatch.setattr(
            sys, "argv", ["benchmark", *options, "--to", str(tmp_path / "made")]
        )
        program.main()

    return run


def test_the_page_needs_no_data(without_data, tmp_path):
    without_data("--page")
    assert (tmp_path / "made" / "performance.md").read_text("utf-8") == page.rendered(
        {}
    )


def test_a_measuring_that_needs_the_real_data_says_so_before_it_begins(
    without_data, tmp_path
):
    with pytest.raises(SystemExit, match="Set CNNBOOK_DATA"):
        without_data("--only", "faces")
    assert not (tmp_path / "made").exists()


# --- The measuring itself, tiny and on the sample ------------------------------------------------


def train_once():
    """Each training of the benchmark once."""
    return {
        "faces": {
            "source": faces.train_source(42, 1),
            "fast": faces.train_ours("fast", 43),
        },
        "reviews": {"source": reviews.train_source(42), "ours": reviews.train_ours(42)},
        "pipeline": inputs.feed("fast", 1, 1),
    }


@pytest.fixture
def sample(monkeypatch):
    monkeypatch.delenv("CNNBOOK_DATA", raising=False)
    monkeypatch.setenv("CNNBOOK_OFFLINE", "1")
    monkeypatch.setenv("CNNBOOK_PROFILE", "quick")


def test_all_designs_are_watched_epoch_by_epoch(sample):
    trained = harness.alone(train_once)
    runs = {**trained["faces"], **trained["reviews"]}
    assert (
        trained["faces"]["source"]["parameters"] == 12_894_242
        and runs["fast"]["parameters"] < 1_500_000
    )
    assert (
        trained["reviews"]["source"]["parameters"] > 0
        and runs["ours"]["parameters"] > 2**18
    )
    for some, score in [
        (trained["faces"], "age_mae"),
        (trained["reviews"], "accuracy"),
    ]:
        for run in some.values():
            last = run["epochs"][-1]
            assert run["seconds"] >= last["seconds"] >= last["epoch_seconds"] > 0
            assert run["recipe"] == "ours" or run[score] == last[score]
    assert [len(run["epochs"]) for run in trained["faces"].values()] == [1, 2]
    assert (
        len(runs["ours"]["epochs"]) == 12
        and "accuracy" not in runs["ours"]["epochs"][-1]
    )
    assert trained["pipeline"]["fed"][0] > 0 and trained["pipeline"]["eaten"][0] > 0


def test_the_program_measures_and_writes_its_page(tmp_path, sample):
    command = [
        sys.executable,
        "-m",
        "benchmark",
        "--smoke",
        "--only",
        "notebooks",
        "--to",
        str(tmp_path),
    ]
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("tests", "tools", "book"))
    earlier = {"inference": RESULTS["inference"]}
    (tmp_path / "results.json").write_text(json.dumps(earlier), "utf-8")
    subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": paths},
        check=True,
        capture_output=True,
    )
    results = json.loads((tmp_path / "results.json").read_text("utf-8"))
    jsonschema.validate(results, SCHEMA)
    assert (
        set(results) == {"inference", "notebooks"}
        and results["inference"] == RESULTS["inference"]
    )
    assert len(results["notebooks"]["notebooks"]) == 1
    assert (tmp_path / "performance.md").read_text("utf-8") == page.rendered(results)
