"""Writes arrays.npz (stored), arrays-deflated.npz, array.npy and arrays.json: what NumPy saves, and what is in it.

    python3 test/golden/arrays.py
"""

import json
from pathlib import Path

import numpy as np

folder = Path(__file__).parent
types = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]

arrays = {}
for name in types:
    for order in "<>":
        if order == ">" and np.dtype(name).itemsize == 1:
            continue
        values = np.arange(12) % 2 if name == "?" else np.arange(12) * (20 if name[0] == "u" else -9)
        if name[0] == "f":
            values = values / 8
        arrays[("big_" if order == ">" else "") + np.dtype(name).name] = values.reshape(4, 3).astype(order + name)

# The smallest halves of all, the largest, and 64 bits beyond 2^53.
arrays["halves"] = np.array([6e-8, -6.1e-5, 65504, -0.0, 1 / 3], dtype="<f2")
arrays["large"] = np.array([2**62, -(2**62), 3], dtype="<i8")

described = {
    name: {"type": array.dtype.name, "shape": array.shape, "floats": array.astype("f4").ravel().tolist()}
    for name, array in arrays.items()
}
(folder / "arrays.json").write_text(json.dumps(described, indent=1) + "\n")

unread = {
    "objects": np.array([{"a": 1}, None], dtype=object),
    "text": np.array(["a", "bc"]),
    "complex": np.array([1j]),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
}
np.savez(folder / "arrays.npz", **arrays, **unread)
np.savez_compressed(folder / "arrays-deflated.npz", **arrays, **unread)
np.save(folder / "array.npy", arrays["big_int32"])
