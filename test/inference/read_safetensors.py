"""Reads an exported file by the format's own library: python3 read_safetensors.py FILE VALUES prints names, types, shapes
and metadata as JSON, and writes all values, one tensor behind the other in the order of names, as float32."""

import json
import sys

import numpy
from safetensors import safe_open

file, values = sys.argv[1:]
with safe_open(file, framework="numpy") as tensors:
    metadata = tensors.metadata()
    names = sorted(tensors.keys())
    found = {name: tensors.get_tensor(name) for name in names}


def real(name):
    tensor = found[name].astype(numpy.float32)
    stored = metadata.get("quantisation:" + name)
    if stored is None:
        return tensor
    scale, zero_point = (json.loads(stored)[key] for key in ("scale", "zeroPoint"))
    return numpy.float32(scale) * (tensor - numpy.float32(zero_point))


numpy.concatenate([real(name).ravel() for name in names]).astype("<f4").tofile(values)
described = {name: {"type": str(found[name].dtype), "shape": found[name].shape} for name in names}
print(json.dumps({"metadata": metadata, "tensors": described}))
