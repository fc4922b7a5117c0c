"""Makes regularisation.json: trainings in PyTorch with penalties and with a largest norm, for regularisation.test.ts and for
test/cluster/regularised-loss.test.ts.

L2 is the optimizer's weight_decay, on kernels alone; L1 is differentiated by autograd; max-norm is torch.renorm after every
step. The loss is the mean squared error and l2 / 2 times the squares and l1 times the absolute values of the kernels, as they
were before the step. All in float64, from values that are exact in float32.

    python regularisation.py > regularisation.json
"""

import json
import platform
import sys

import torch

STEPS = 50
RECORDED = (1, 2, 10, 50)
FEATURES, UNITS, SAMPLES = 3, 4, 12
RATE = 0.1

torch.manual_seed(231)
torch.set_default_dtype(torch.float64)


def drawn(*shape, scale=1.0):
    return (torch.randn(*shape) * scale).to(torch.float32).to(torch.float64)


# Rounded so that a csv has them to the digit.
inputs = (drawn(SAMPLES, FEATURES) * 1000).round() / 1000
targets = (drawn(SAMPLES, 1) * 1000).round() / 1000
initial = {
    "first/kernel": drawn(FEATURES, UNITS, scale=0.5),
    "first/bias": drawn(UNITS, scale=0.1),
    "second/kernel": drawn(UNITS, 1, scale=0.5),
    "second/bias": drawn(1, scale=0.1),
}
EXACT = inputs.to(torch.float32).to(torch.float64), targets.to(torch.float32).to(torch.float64)


def penalised(l1, l2):
    weights = {name: value.clone().requires_grad_(True) for name, value in initial.items()}
    kernels = [value for name, value in weights.items() if name.endswith("kernel")]
    biases = [value for name, value in weights.items() if name.endswith("bias")]
    optimizer = torch.optim.SGD([{"params": kernels, "weight_decay": l2}, {"params": biases}], lr=RATE)
    x, y = EXACT
    recorded = {}
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        hidden = torch.tanh(x @ weights["first/kernel"] + weights["first/bias"])
        error = torch.nn.functional.mse_loss(hidden @ weights["second/kernel"] + weights["second/bias"], y)
        lasso = l1 * sum(kernel.abs().sum() for kernel in kernels)
        (error + lasso).backward()
        with torch.no_grad():
            loss = error + lasso + l2 / 2 * sum((kernel**2).sum() for kernel in kernels)
        optimizer.step()
        if step in RECORDED:
            flat = torch.cat([value.detach().flatten() for value in weights.values()])
            recorded[step] = {"error": error.item(), "loss": loss.item(), "weights": flat.tolist()}
    return {"l1": l1, "l2": l2, "steps": recorded}


INPUTS_OF_UNITS, LIMITED = 6, 4
LIMIT = 0.5


def max_norm(optimizer):
    """A kernel whose units, its columns, are kept to a norm."""
    kernel = torch.tensor([[(i * LIMITED + j) % 7 / 8 - 0.25 for j in range(LIMITED)] for i in range(INPUTS_OF_UNITS)])
    kernel.requires_grad_(True)
    optimizer = optimizer([kernel])
    recorded = {}
    for step in range(1, STEPS + 1):
        at = torch.arange(kernel.numel()).reshape(kernel.shape)
        kernel.grad = ((step * 7919 + at * 104729) % 1021 - 480) / 256 * 2.0 ** -(at % 12)
        optimizer.step()
        with torch.no_grad():
            norms = kernel.norm(dim=0)
            kernel.copy_(torch.renorm(kernel, 2, 1, LIMIT))
        if step in RECORDED:
            recorded[step] = {"weights": kernel.detach().flatten().tolist(), "limited": int((norms > LIMIT).sum())}
    return recorded


json.dump(
    {
        "versions": {"torch": torch.__version__, "python": platform.python_version()},
        "rate": RATE,
        "inputs": inputs.flatten().tolist(),
        "targets": targets.flatten().tolist(),
        "initial": {name: {"shape": list(value.shape), "values": value.flatten().tolist()} for name, value in initial.items()},
        "penalties": {
            "l1": penalised(0.02, 0.0),
            "l2": penalised(0.0, 0.05),
            "elastic": penalised(0.01, 0.03),
        },
        "maxNorm": {
            "shape": [INPUTS_OF_UNITS, LIMITED],
            "limit": LIMIT,
            "optimizers": {
                "sgd": {
                    "options": {"learningRate": 0.05},
                    "steps": max_norm(lambda p: torch.optim.SGD(p, lr=0.05)),
                },
                "momentum": {
                    "options": {"learningRate": 0.02, "momentum": 0.9},
                    "steps": max_norm(lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9)),
                },
            },
        },
    },
    sys.stdout,
    indent=1,
)
sys.stdout.write("\n")
