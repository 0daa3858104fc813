"""Training on reviews: the source network of chapter 04 against the recipe of chapter 06."""

from types import SimpleNamespace

from tools import chapters

from . import comparison, harness

DIRECTIONS = {"accuracy": 1}
TUTORIAL = {"accuracy": 0.8303}
# Its cells define train_shipped, which trains the network of data/models.
OUR_CHAPTER, OUR_CELLS = "06", ["recipe"]


def measure(settings):
    """Return the part's results."""
    seeds = harness.seeds(settings["review_seeds"])
    source, ours = harness.interleave(
        *[[(train, seed) for seed in seeds] for train in (train_source, train_ours)]
    )
    summary = comparison.compare(
        {"source": source, "ours": ours}, DIRECTIONS, {"tutorial": TUTORIAL}
    )
    return {"runs": source + ours, **summary}


def _accuracy(answers, truth):
    return {
        "accuracy": round(float(((answers.ravel() > 0.5) == (truth == 1)).mean()), 4)
    }


def train_source(seed):
    from . import training

    # The cell that defines train_network also calls it, for the chapter's first figure: not here.
    with training.replaced_fit(lambda *_, **__: SimpleNamespace(history={})):
        names = chapters.load(
            "sentiment-cnn", ["set-up", "encode", "build-network", "train-network"]
        )

    def score(network):
        return _accuracy(network.predict(names["x_test"], verbose=0), names["y_test"])

    watch = training.Watch(f"reviews, source, seed {seed}", score)
    with training.replaced_fit(training.watched(watch, validation_data=None)):
        network, _ = names["train_network"](seed)
    return watch.run("source", seed, network)


def train_ours(seed):
    from . import training

    split = chapters.load("sentiment-cnn", ["set-up", "encode"])
    names = chapters.load(OUR_CHAPTER, OUR_CELLS)
    watch = training.Watch(f"reviews, ours, seed {seed}", None, answer_model=None)
    with training.replaced_fit(training.watched(watch)):
        network, vocabulary = names["train_shipped"](
            split["train"]["Review"].to_numpy(), split["y_train"], seed
        )

    def score(network):
        encoded = names["encode"](split["test"]["Review"], vocabulary)
        return _accuracy(network.predict(encoded, verbose=0), split["y_test"])

    return watch.run("ours", seed, network, score)
