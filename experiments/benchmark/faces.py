"""Training on faces: the source network of chapter 03 against the recipes of chapter 05."""

from tools import chapters
from tools import make_models

from . import comparison, harness

DIRECTIONS = {"age_mae": -1, "gender_accuracy": 1}
TUTORIAL = {"age_mae": 8.11, "gender_accuracy": 0.8770}
# Its cells define train_fast and train_best, given images, age and gender.
OUR_CHAPTER, OUR_CELLS = "05", make_models.FACE_CELLS
RECIPES = ("fast", "best")


def measure(settings):
    """Return the part's results."""
    recipes = settings["recipes"]
    source = [
        (train_source, seed, settings["source_epochs"])
        for seed in harness.seeds(settings["source_seeds"])
    ]
    rivals = [
        (train_ours, recipe, seed)
        for seed in harness.seeds(settings["seeds"])
        for recipe in recipes
    ]
    source, rivals = harness.interleave(source, rivals)
    runs = {
        "source": source,
        **{
            recipe: [run for run in rivals if run["recipe"] == recipe]
            for recipe in recipes
        },
    }
    summary = comparison.compare(runs, DIRECTIONS, {"tutorial": TUTORIAL})
    return {"runs": source + rivals, **summary}


def source_network(seed):
    """Chapter 03's names with this seed, up to its pipeline; the network is not yet compiled."""
    names = chapters.load("face-cnn", ["set-up", "split"])
    names["keras"].utils.set_random_seed(seed)
    names = chapters.load(
        "face-cnn", ["network", "loss-sizes", "pipeline"], **{**names, "SEED": seed}
    )
    # Chapter 05 declines TensorFlow's tuner for its own pipeline, so it must not slow down the rival's either.
    untuned = names["tf"].data.Options()
    untuned.autotune.enabled = False
    batches = names["training_batches"].with_options(untuned)
    return {
        **names,
        "network": names["build_source_network"](),
        "training_batches": batches,
    }


def our_recipes():
    """Chapter 03's split, and chapter 05's names for the same faces."""
    split = chapters.load("face-cnn", ["set-up", "split"])
    given = {name: split[name] for name in ("images", "age", "gender")}
    return split, chapters.load(OUR_CHAPTER, OUR_CELLS, **given)


def train_source(seed, epochs):
    from . import training

    names = source_network(seed)

    def score(network):
        answers = network.predict(names["test_images"], batch_size=100, verbose=0)
        return _scores(answers["dense_age"], answers["dense_gender"], names)

    watch = training.Watch(f"faces, source, seed {seed}", score)
    with training.replaced_fit(
        training.watched(watch, epochs=epochs, validation_data=None)
    ):
        chapters.load("face-cnn", ["fit"], **names)
    return watch.run("source", seed, names["network"])


def train_ours(recipe, seed):
    from . import training

    split, names = our_recipes()
    pictures = split["images"][split["test"]].astype("float32")

    def score(model):
        answers = model.predict(pictures, batch_size=100, verbose=0)
        return _scores(answers["age"], answers["gender"], split)

    def answer_model(network):
        return names["answer_model"](
            network, names[recipe.upper()]
        )  # the recipes' settings: FAST, BEST

    watch = training.Watch(f"faces, {recipe}, seed {seed}", score, answer_model)
    model, _ = names[f"train_{recipe}"](seed, split["train"], callbacks=[watch])
    return watch.run(recipe, seed, model)


def _scores(age, gender, names):
    true_age, true_gender = (
        names[name][names["test"], None] for name in ("age", "gender")
    )
    return {
        "age_mae": round(float(abs(age - true_age).mean()), 4),
        "gender_accuracy": round(
            float(((gender > 0.5) == (true_gender == 1)).mean()), 4
        ),
    }
