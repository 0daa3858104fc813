"""Training on reviews: the source network of chapter 04 against the recipe of chapter 06."""

from types import SimpleNamespace

import chapter_code

from . import comparison, harness

DIRECTIONS = {"accuracy": 1}
TUTORIAL = {"accuracy": 0.8303}
# The cells of chapter 06 that define train_best(texts, labels, seed). What it returns has
# predict(texts), which gives P(positive), and count_params().
OUR_CHAPTER, OUR_CELLS = "06", ["set-up", "recipe"]


def measure(settings):
    ours = chapter_code.exists(OUR_CHAPTER)
    designs = {"source": train_source, **({"best": train_ours} if ours else {})}
    lanes = [[(train, seed) for seed in harness.seeds(settings["review_seeds"])] for train in designs.values()]
    runs = dict(zip(designs, harness.interleave(*lanes)))
    left_out = [] if ours else [f"chapter {OUR_CHAPTER} is not in the book yet"]
    summary = comparison.compare(runs, DIRECTIONS, {"tutorial": TUTORIAL})
    return {"runs": [run for some in runs.values() for run in some], **summary, "left_out": left_out}


def _accuracy(answers, truth):
    return {"accuracy": round(float(((answers.ravel() > 0.5) == (truth == 1)).mean()), 4)}


def train_source(seed):
    from . import training

    # The cell that defines train_network also calls it, for the chapter's first figure: not here.
    with training.replaced_fit(lambda *_, **__: SimpleNamespace(history={})):
        names = chapter_code.load("04", ["set-up", "encode", "build-network", "train-network"])

    def score(network):
        return _accuracy(network.predict(names["x_test"], verbose=0), names["y_test"])

    watch = training.Watch(f"reviews, source, seed {seed}", score)
    with training.replaced_fit(training.watched(watch, validation_data=None)):
        network, _ = names["train_network"](seed)
    return watch.run("source", seed, network)


def train_ours(seed):
    from . import training

    split = chapter_code.load("04", ["set-up", "encode"])
    names = chapter_code.load(OUR_CHAPTER, OUR_CELLS)
    texts, truth = split["test"]["Review"].tolist(), split["y_test"]

    def score(model):
        return _accuracy(model.predict(texts), truth)

    watch = training.Watch(f"reviews, best, seed {seed}", score, answer_model=None)
    with training.replaced_fit(training.watched(watch)):
        model = names["train_best"](split["train"]["Review"].tolist(), split["y_train"], seed)
    return watch.run("best", seed, model)
