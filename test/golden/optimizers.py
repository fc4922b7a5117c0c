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


class Lamb(torch.optim.Optimizer):
    """Algorithm 2 of You et al. 2020 as it stands there; PyTorch has none."""

    def __init__(self, params, lr, betas, eps, weight_decay):
        super().__init__(params, {})
        self.lr, (self.beta1, self.beta2), self.eps, self.decay = lr, betas, eps, weight_decay
        self.m = self.v = 0
        self.t = 0

    @torch.no_grad()
    def step(self):
        (x,) = self.param_groups[0]["params"]
        g, self.t = x.grad, self.t + 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * g**2
        m, v = self.m / (1 - self.beta1**self.t), self.v / (1 - self.beta2**self.t)
        u = m / (v.sqrt() + self.eps) + self.decay * x
        x -= self.lr * x.norm() / u.norm() * u


RATE = {"learningRate": 0.01}
MOMENTUM = {**RATE, "momentum": 0.9}
MOMENTS = {**RATE, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}
ADAM = {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-7}
SGD = torch.optim.SGD

# At a constant rate the two forms of momentum are one.
OPTIMIZERS = {
    "sgd": (RATE, lambda p: SGD(p, lr=0.01)),
    "momentum": (MOMENTUM, lambda p: SGD(p, lr=0.01, momentum=0.9)),
    "momentum of steps": ({**MOMENTUM, "velocity": "steps"}, lambda p: SGD(p, lr=0.01, momentum=0.9)),
    "nesterov": (MOMENTUM, lambda p: SGD(p, lr=0.01, momentum=0.9, nesterov=True)),
    "nesterov of steps": ({**MOMENTUM, "velocity": "steps"}, lambda p: SGD(p, lr=0.01, momentum=0.9, nesterov=True)),
    "adagrad": ({**RATE, "epsilon": 1e-7}, lambda p: torch.optim.Adagrad(p, lr=0.01, eps=1e-7)),
    "rmsprop": (
        {**RATE, "decay": 0.99, "epsilon": 1e-7},
        lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.99, eps=1e-7),
    ),
    "adam": (MOMENTS, lambda p: torch.optim.Adam(p, **ADAM)),
    "adam with a large epsilon": ({**MOMENTS, "epsilon": 0.1}, lambda p: torch.optim.Adam(p, **{**ADAM, "eps": 0.1})),
    "adamw": ({**MOMENTS, "weightDecay": 0.3}, lambda p: torch.optim.AdamW(p, weight_decay=0.3, **ADAM)),
    "amsgrad": (MOMENTS, lambda p: torch.optim.Adam(p, amsgrad=True, **ADAM)),
    "lamb": ({**MOMENTS, "weightDecay": 0.3}, lambda p: Lamb(p, weight_decay=0.3, **ADAM)),
    "nadam": ({**MOMENTS, "momentumDecay": 4e-3}, lambda p: torch.optim.NAdam(p, momentum_decay=4e-3, **ADAM)),
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
