"""Makes full-batch.json: iterates of PyTorch's L-BFGS with a strong Wolfe line search in float64, SciPy's updates of a BFGS matrix,
Newton directions by PyTorch's exact Hessian, and SciPy's minima of L2 logistic regressions of the digits and wines that are
bundled.

    python full-batch.py > full-batch.json

needs torch, numpy and scipy.
"""

import gzip
import json
import platform
import sys
from pathlib import Path

import numpy
import scipy
import scipy.optimize
import torch

ITERATIONS = 12
HISTORY = 5
L2 = 1e-2


def rosenbrock(x):
    return ((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2).sum()


def quartic(x):
    """Convex, badly conditioned, not quadratic."""
    scale = 10.0 ** (torch.arange(len(x), dtype=torch.float64) / 2)
    return (scale * x**2).sum() / 2 + (x**4).sum() + x.sum()


def iterates(objective, start):
    """PyTorch's first step has the length 1 / |g|_1, ours and SciPy's 1 / |g|_2: the rate of that step makes it up."""
    x = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64))
    optimizer = torch.optim.LBFGS(
        [x],
        lr=1,
        max_iter=1,
        # A line search gets what is left of these: 25, as ours.
        max_eval=26,
        history_size=HISTORY,
        line_search_fn="strong_wolfe",
        tolerance_grad=0,
        tolerance_change=1e-12,
    )

    def closure():
        optimizer.zero_grad()
        loss = objective(x)
        loss.backward()
        return loss

    closure()
    ours = min(1.0, 1 / x.grad.norm().item())
    theirs = min(1.0, 1 / x.grad.abs().sum().item())
    found = []
    for iteration in range(ITERATIONS):
        optimizer.param_groups[0]["lr"] = ours / theirs if iteration == 0 else 1
        optimizer.step(closure)
        found.append(x.detach().tolist())
    return {"start": start, "iterates": found}


def digits():
    path = Path(__file__).parents[2] / "examples/data/digits.csv.gz"
    with gzip.open(path, "rt") as file:
        table = numpy.loadtxt(file, delimiter=",")
    # The experiment scales by 0.0625.
    return table[:, :-1] / 16, table[:, -1].astype(int)


def wine():
    path = Path(__file__).parents[2] / "examples/data/wine.csv"
    table = numpy.loadtxt(path, delimiter=",", skiprows=1)
    x = table[:, :-1]
    # The experiment standardises each feature.
    return (x - x.mean(0)) / x.std(0), table[:, -1].astype(int)


def logistic_regression(data):
    """(1 / n) sum of -log softmax(x K + b)[label] + L2 / 2 |K|^2, without a penalty on b."""
    x, labels = data
    count, features = x.shape
    classes = labels.max() + 1
    onehot = numpy.eye(classes)[labels]

    def objective(flat):
        kernel, bias = flat[: features * classes].reshape(features, classes), flat[features * classes :]
        logits = x @ kernel + bias
        logits -= logits.max(1, keepdims=True)
        log_sum = numpy.log(numpy.exp(logits).sum(1, keepdims=True))
        loss = -((logits - log_sum) * onehot).sum() / count + L2 / 2 * (kernel**2).sum()
        error = (numpy.exp(logits - log_sum) - onehot) / count
        return loss, numpy.concatenate([(x.T @ error + L2 * kernel).ravel(), error.sum(0)])

    options = {"gtol": 1e-10, "ftol": 0, "maxiter": 10_000, "maxfun": 100_000}
    found = scipy.optimize.minimize(objective, numpy.zeros((features + 1) * classes), jac=True, method="L-BFGS-B", options=options)
    return {"samples": count, "l2": L2, "loss": found.fun, "gradientMax": float(abs(found.jac).max())}


def bfgs_updates():
    """SciPy's inverse matrix after each pair of a step and a change of the gradient; the third has a negative curvature."""
    random = numpy.random.default_rng(231)
    n = 5
    factor = random.normal(size=(n, n))
    hessian = factor @ factor.T + numpy.eye(n)
    update = scipy.optimize.BFGS(exception_strategy="skip_update", init_scale="auto")
    update.initialize(n, "inv_hess")
    pairs = []
    for index in range(6):
        step = random.normal(size=n)
        change = hessian @ step * (-1 if index == 2 else 1) + 0.05 * random.normal(size=n)
        update.update(step, change)
        pairs.append({"step": step.tolist(), "change": change.tolist(), "inverse": update.get_matrix().tolist()})
    return pairs


def newton(objective, start):
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(objective(x), x)
    hessian = torch.autograd.functional.hessian(objective, x)
    eigenvalues = torch.linalg.eigvalsh(hessian)
    assert eigenvalues[0] > 0, eigenvalues
    return {"start": start, "direction": (-torch.linalg.solve(hessian, gradient)).tolist()}


result = {
    "versions": {
        "torch": torch.__version__,
        "scipy": scipy.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
    },
    "history": HISTORY,
    "lbfgs": {
        "rosenbrock": iterates(rosenbrock, [-1.2, 1.0]),
        "rosenbrock of six": iterates(rosenbrock, [-1.2, 1.0, -0.5, 0.3, 1.5, -0.7]),
        "quartic": iterates(quartic, [1.0, -0.5, 0.25, 2.0, -1.0]),
    },
    "bfgs": bfgs_updates(),
    "newton": {
        "rosenbrock": newton(rosenbrock, [-1.2, 1.0]),
        "rosenbrock of six": newton(rosenbrock, [1.1, 1.0, 0.9, 1.2, 1.05, 0.95]),
        "quartic": newton(quartic, [1.0, -0.5, 0.25, 2.0, -1.0]),
    },
    "logisticRegression": logistic_regression(digits()),
    "logisticRegressionOfWines": logistic_regression(wine()),
}
json.dump(result, sys.stdout, indent=1)
