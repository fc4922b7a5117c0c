"""Makes efficientnet-lite0.json: the logits of EfficientNet-Lite0 for two pictures, by numpy in float64 and nothing else.

It is written from the network's description (Tan and Le 2019; the Lite variants have no squeeze-and-excitation, relu6, and a
stem and head that do not grow), reads the weights' file by itself, and shares nothing with Polyak, for
test/unit/efficientnet.test.ts. Usage: python efficientnet-lite0.py WEIGHTS.safetensors > efficientnet-lite0.json
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np
from PIL import Image

pictures = Path(__file__).parent / "pictures"
# repeats, kernel, strides, expansion, channels
stages = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]


def read(path):
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[8 + length + begin : 8 + length + end], "<f4")
        tensors[name] = values.reshape(entry["shape"]).astype(np.float64)
    return tensors


def windows(x, size, strides):
    """[channels, height, width] with TensorFlow's padding `same`, as [channels, size, size, height, width]."""
    out, pads = [], []
    for length in x.shape[1:]:
        steps = -(-length // strides)
        pad = max(0, (steps - 1) * strides + size - length)
        out.append(steps)
        pads.append((pad // 2, pad - pad // 2))
    x = np.pad(x, [(0, 0), *pads])
    view = np.empty((x.shape[0], size, size, *out))
    for row in range(size):
        for column in range(size):
            view[:, row, column] = x[:, row : row + strides * out[0] : strides, column : column + strides * out[1] : strides][
                :, : out[0], : out[1]
            ]
    return view


class Network:
    def __init__(self, weights):
        self.weights = weights

    def convolution(self, x, name, strides=1):
        kernel = self.weights[f"{name}.weight"]
        return np.einsum("chwyx,ochw->oyx", windows(x, kernel.shape[2], strides), kernel, optimize=True)

    def depthwise(self, x, name, strides):
        kernel = self.weights[f"{name}.weight"][:, 0]
        return np.einsum("chwyx,chw->cyx", windows(x, kernel.shape[1], strides), kernel, optimize=True)

    def norm(self, x, name):
        mean, variance, gamma, beta = (
            self.weights[f"{name}.{each}"][:, None, None] for each in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta

    def block(self, x, name, strides, expansion):
        y = x
        if expansion != 1:
            y = relu6(self.norm(self.convolution(y, f"{name}._expand_conv"), f"{name}._bn0"))
        y = relu6(self.norm(self.depthwise(y, f"{name}._depthwise_conv", strides), f"{name}._bn1"))
        y = self.norm(self.convolution(y, f"{name}._project_conv"), f"{name}._bn2")
        return x + y if strides == 1 and x.shape == y.shape else y

    def logits(self, pixels):
        x = (pixels.astype(np.float64).transpose(2, 0, 1) - 127) / 128
        x = relu6(self.norm(self.convolution(x, "_conv_stem", 2), "_bn0"))
        number = 0
        for repeats, _, strides, expansion, _ in stages:
            for repeat in range(repeats):
                x = self.block(x, f"_blocks.{number}", strides if repeat == 0 else 1, expansion)
                number += 1
        x = relu6(self.norm(self.convolution(x, "_conv_head"), "_bn1")).mean(axis=(1, 2))
        return self.weights["_fc.weight"] @ x + self.weights["_fc.bias"]


def relu6(x):
    return np.clip(x, 0, 6)


def main():
    network = Network(read(sys.argv[1]))
    cases = []
    for path in sorted(pictures.glob("*.jpg")):
        pixels = np.asarray(Image.open(path).convert("RGB"))
        logits = network.logits(pixels)
        cases.append(
            {
                "picture": path.name,
                # That both decode it to the same bytes.
                "byteSum": int(pixels.astype(np.int64).sum()),
                "class": int(logits.argmax()),
                "logits": [round(float(value), 5) for value in logits],
            }
        )
    json.dump({"cases": cases}, sys.stdout)
    print()


main()
