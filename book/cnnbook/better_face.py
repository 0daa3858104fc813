"""The recipe of chapter 06, for the chapters after it.

Written by tools/save_cells.py from the cells of 06-better-face-cnn.ipynb that bear the tag
`saved`: change them there, where they are derived.
"""

import numpy as np

from . import quietly

with quietly():
    import keras
    from keras import layers, ops


def convolve(x, filters, size=3, stride=1):
    x = layers.Conv2D(filters, size, stride, padding="same", use_bias=False)(x)
    return layers.BatchNormalization(momentum=0.9)(x)


def residual_block(x, filters, stride=1):
    shortcut = layers.AveragePooling2D(stride)(x) if stride > 1 else x
    if filters != x.shape[-1]:
        shortcut = convolve(shortcut, filters, size=1)
    x = layers.ReLU()(convolve(x, filters, stride=stride))
    x = convolve(x, filters)
    return layers.ReLU()(layers.Add()([x, shortcut]))


BLOCKS = [(32, 1), (64, 2), (64, 1), (128, 2), (128, 1)]


def build_network(ages=101):
    pixels = keras.Input((None, None, 3), name="pixels")
    x = layers.Resizing(64, 64)(pixels)
    x = layers.Rescaling(1 / 64, offset=-2)(x)  # 0 to 255 becomes -2 to 2
    x = layers.ReLU()(convolve(x, 32, size=4, stride=2))
    for filters, stride in BLOCKS:
        x = residual_block(x, filters, stride)
    x = layers.Flatten()(layers.ReLU()(convolve(x, 32, size=1)))
    return keras.Model(pixels, heads(layers.Dropout(0.2)(x), ages))


def heads(x, ages):
    activation = "softmax" if ages > 1 else None
    return {
        "age": layers.Dense(ages, activation=activation, name="age")(x),
        "gender": layers.Dense(1, activation="sigmoid", name="gender")(x),
    }


YEARS = np.arange(101, dtype="float32")


def hills(ages):
    """For each age a distribution over YEARS, narrow for children: float32 (N, 101)."""
    ages = np.minimum(ages, 100)[:, None]
    width = np.clip(ages / 10, 0.5, 3)
    hill = np.exp(-0.5 * ((YEARS - ages) / width) ** 2)
    return (hill / hill.sum(axis=1, keepdims=True)).astype("float32")


def distribution_loss(label, answer):
    years_off = ops.abs(ops.sum((label - answer) * YEARS, axis=-1))
    return keras.losses.categorical_crossentropy(label, answer) + 0.1 * years_off


def median(distribution):
    """The age, (N, 1), that has half of the distribution on either side."""
    before = ops.cumsum(distribution, axis=1) - distribution
    share_below = ops.clip((0.5 - before) / (distribution + 1e-9), 0, 1)
    return ops.sum(share_below, axis=1, keepdims=True) - 0.5


def in_years(answer):
    ages = answer["age"]
    return {**answer, "age": median(ages) if ages.shape[1] > 1 else ages}


def schedule(steps, peak):
    warm_up = steps // 20
    return keras.optimizers.schedules.CosineDecay(
        peak / 10, steps - warm_up, 0.0, warmup_target=peak, warmup_steps=warm_up
    )


class ConvolutionMuon(keras.optimizers.Muon):
    def _should_use_adamw(self, variable):
        return len(variable.shape) != 4

    def zeropower_via_newtonschulz5(self, kernel, steps):
        matrix = ops.reshape(kernel, (-1, kernel.shape[-1]))
        update = super().zeropower_via_newtonschulz5(matrix, steps)
        scale = 0.2 * max(matrix.shape) ** 0.5
        return ops.reshape(scale * update, kernel.shape)


def muon(steps, peak=0.005, decay=0.2):
    optimiser = ConvolutionMuon(
        schedule(steps, peak),
        weight_decay=decay,
        adam_weight_decay=decay,
        rms_rate=None,
    )
    optimiser.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimiser


def answer_model(network):
    pixels = keras.Input((128, 128, 3), name="pixels")
    views = pixels, ops.flip(pixels, axis=2)
    both = [network(view, training=False) for view in views]
    mean = {name: (both[0][name] + both[1][name]) / 2 for name in ("age", "gender")}
    named = {name: layers.Identity(name=name)(y) for name, y in in_years(mean).items()}
    return keras.Model(pixels, named, name="face")
