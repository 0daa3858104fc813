"""A network with code in it is refused when it is loaded as the book loads its own."""

import pytest
from cnnbook import quietly

with quietly():
    import keras


def test_a_lambda_is_refused(tmp_path):
    ran, path = tmp_path / "ran", tmp_path / "lambda.keras"
    layer = keras.layers.Lambda(  # only a lambda's code goes into the file
        lambda x, open=open, where=str(ran): (open(where, "w").close(), x)[1]
    )
    layers = [keras.layers.Input((2,)), layer]
    keras.Sequential(layers).save(path)
    ran.unlink()  # Keras called the layer to learn its shapes
    with pytest.raises(ValueError, match="safe_mode|unsafe"):
        keras.models.load_model(path)
    assert not ran.exists()
