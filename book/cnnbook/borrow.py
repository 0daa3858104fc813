"""The recipe of chapter 08, for the chapters after it.

Written by tools/save_cells.py from the cells of 08-borrow.ipynb that bear the tag
`saved`: change them there, where they are derived.
"""

from . import quietly

with quietly():
    import keras
    from keras import layers


def normalise(x, active=True):
    x = layers.BatchNormalization(epsilon=1e-3)(x)
    return layers.ReLU(6)(x) if active else x


def inverted_residual(x, filters, kernel, stride, widen):
    came = x
    if widen > 1:
        x = normalise(layers.Conv2D(widen * x.shape[-1], 1, use_bias=False)(x))
    look = layers.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False)
    x = normalise(look(x))
    # No ReLU at the narrow end: in so few maps it would wipe out too much.
    x = normalise(layers.Conv2D(filters, 1, use_bias=False)(x), active=False)
    return layers.Add()([came, x]) if came.shape == x.shape else x


STAGES = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80)]


STAGES += [(3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)]


def build_body(size):
    pixels = keras.Input((None, None, 3), name="pixels")
    x = layers.Resizing(size, size)(pixels)
    x = layers.Rescaling(1 / 128, offset=-127 / 128)(x)
    x = normalise(layers.Conv2D(32, 3, 2, padding="same", use_bias=False)(x))
    for repeats, kernel, stride, widen, filters in STAGES:
        for i in range(repeats):
            step = stride if i == 0 else 1
            x = inverted_residual(x, filters, kernel, step, widen)
    x = normalise(layers.Conv2D(1280, 1, use_bias=False)(x))
    return keras.Model(pixels, layers.GlobalAveragePooling2D()(x), name="body")
