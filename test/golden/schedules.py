"""Makes schedules.json: the learning rate of every step by PyTorch's schedulers, stepped once a step.

    python schedules.py > schedules.json

Each case has the experiment's schedule and warm-up; the base rate is 0.1, an epoch has 10 steps, the training 100.
"""

import json
import sys

import torch
from torch.optim import lr_scheduler as by

BASE, PER_EPOCH, TOTAL = 0.1, 10, 100


def rates(make):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=BASE)
    scheduler = make(optimizer)
    seen = []
    for _ in range(TOTAL):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return seen


def warmed(optimizer):
    rise = by.LinearLR(optimizer, start_factor=1 / 20, end_factor=1, total_iters=19)
    fall = by.CosineAnnealingLR(optimizer, T_max=80, eta_min=0.01)
    return by.SequentialLR(optimizer, [rise, fall], milestones=[20])


one_cycle = {"max_lr": BASE, "total_steps": TOTAL, "cycle_momentum": False}
CASES = {
    "constant": ({"schedule": {"constant": {}}}, lambda o: by.ConstantLR(o, factor=1)),
    "step": ({"schedule": {"step": {"every": 3, "factor": 0.5}}}, lambda o: by.StepLR(o, 30, gamma=0.5)),
    "exponential": (
        {"schedule": {"exponential": {"factor": 0.8}}},
        lambda o: by.ExponentialLR(o, gamma=0.8 ** (1 / PER_EPOCH)),
    ),
    "inverseTime": (
        {"schedule": {"inverseTime": {"decay": 0.5}}},
        lambda o: by.LambdaLR(o, lambda step: 1 / (1 + 0.5 * step / PER_EPOCH)),
    ),
    "linear": (
        {"schedule": {"linear": {"final": 0.2}}},
        lambda o: by.LinearLR(o, start_factor=1, end_factor=0.2, total_iters=TOTAL),
    ),
    "cosine": ({"schedule": {"cosine": {"final": 0.2}}}, lambda o: by.CosineAnnealingLR(o, TOTAL, eta_min=0.02)),
    "cosineRestarts": (
        {"schedule": {"cosineRestarts": {"every": 3, "final": 0.2}}},
        lambda o: by.CosineAnnealingWarmRestarts(o, T_0=30, eta_min=0.02),
    ),
    "a warm-up before a cosine": ({"schedule": {"cosine": {"final": 0.1}}, "warmUp": {"epochs": 2}}, warmed),
    "oneCycle": (
        {"schedule": {"oneCycle": {"rise": 0.3, "initial": 1 / 25, "final": 1 / 25e4}}},
        lambda o: by.OneCycleLR(o, **one_cycle),
    ),
    "oneCycle of other shares": (
        {"schedule": {"oneCycle": {"rise": 0.455, "initial": 0.1, "final": 0.01}}},
        lambda o: by.OneCycleLR(o, pct_start=0.455, div_factor=10, final_div_factor=10, **one_cycle),
    ),
}

cases = [{"name": name, **options, "rates": rates(make)} for name, (options, make) in CASES.items()]


def objective(validation):
    """Falls, stands, falls a little, rises; the same in the reader, who reads it."""
    return 2 / (1 + min(validation, 12)) + ((validation * 7919) % 13) / 1e3 + max(0, validation - 40) / 50


PLATEAUS = {
    "the loss": ("minimise", {"factor": 0.5, "patience": 3, "minimum": 0.01, "threshold": 1e-4, "cooldown": 0}),
    "with a cooldown": ("minimise", {"factor": 0.3, "patience": 2, "minimum": 0, "threshold": 0.05, "cooldown": 4}),
    "at once": ("minimise", {"factor": 0.8, "patience": 0, "minimum": 0.2, "threshold": 0, "cooldown": 1}),
    "an accuracy": ("maximise", {"factor": 0.5, "patience": 4, "minimum": 0, "threshold": 1e-2, "cooldown": 2}),
}


def plateau(name, direction, options):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=BASE)
    scheduler = by.ReduceLROnPlateau(
        optimizer,
        mode=direction[:3],
        factor=options["factor"],
        patience=options["patience"],
        threshold=options["threshold"],
        cooldown=options["cooldown"],
        min_lr=BASE * options["minimum"],
        eps=0,
    )
    values = [objective(validation) for validation in range(60)]
    if direction == "maximise":
        values = [1 - value / 4 for value in values]
    seen = []
    for value in values:
        optimizer.step()
        scheduler.step(value)
        seen.append(optimizer.param_groups[0]["lr"])
    return {"name": name, "direction": direction, "options": options, "values": values, "rates": seen}


plateaus = [plateau(name, *case) for name, case in PLATEAUS.items()]
json.dump({"torch": torch.__version__, "cases": cases, "plateaus": plateaus}, sys.stdout)
