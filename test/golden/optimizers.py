"""Makes optimizers.json: weights after 1, 10 and 50 steps of PyTorch's optimizers on gradients given by a formula.

    python optimizers.py > optimizers.json

Weights and gradients are exact in float32, so that the reader computes the same ones (see optimizers.test.ts).
"""

import json
import platform
import sys

import torch

COUNT = 37
STEPS = 50
RECORDED = (1, 10, 50)


def first_weight(i):
    return 1 + i / 32


def gradient(step, i):
    return ((step * 7919 + i * 104729) % 1021 - 480) / 256 * 2.0 ** -(i % 12)


OPTIMIZERS = {
    "sgd": ({"learningRate": 0.01}, lambda p: torch.optim.SGD(p, lr=0.01)),
    "momentum": ({"learningRate": 0.01, "momentum": 0.9}, lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9)),
    "nesterov": (
        {"learningRate": 0.01, "momentum": 0.9},
        lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True),
    ),
    "adam": (
        {"learningRate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
        lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.9, 0.999), eps=1e-8),
    ),
}


def run(make):
    weights = torch.nn.Parameter(torch.tensor([first_weight(i) for i in range(COUNT)], dtype=torch.float32))
    optimizer = make([weights])
    recorded = {}
    for step in range(1, STEPS + 1):
        weights.grad = torch.tensor([gradient(step, i) for i in range(COUNT)], dtype=torch.float32)
        optimizer.step()
        if step in RECORDED:
            recorded[step] = weights.detach().tolist()
    return recorded


result = {
    "versions": {"torch": torch.__version__, "python": platform.python_version()},
    "count": COUNT,
    "optimizers": {name: {"options": options, "weights": run(make)} for name, (options, make) in OPTIMIZERS.items()},
}
json.dump(result, sys.stdout, indent=1)
