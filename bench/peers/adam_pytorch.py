"""Median milliseconds of a step of torch.optim.Adam on 10 million parameters, one thread, as one JSON line."""

import json
import statistics
import time

import torch

torch.set_num_threads(1)
PARAMETERS = 10_000_000
REPEATS = 15


def median_ms(**options):
    weights = torch.nn.Parameter(torch.full((PARAMETERS,), 0.5))
    weights.grad = torch.full((PARAMETERS,), 0.01)
    optimizer = torch.optim.Adam([weights], lr=1e-3, **options)
    times = []
    for _ in range(REPEATS + 5):
        start = time.perf_counter()
        optimizer.step()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times[5:])


def whole_median_ms():
    """Also the mean gradient with weight decay, its norm, that of the weights, and their running average."""
    weights = torch.nn.Parameter(torch.full((PARAMETERS,), 0.5))
    average = torch.full((PARAMETERS,), 0.5)
    weights.grad = torch.full((PARAMETERS,), 0.01)
    optimizer = torch.optim.Adam([weights], lr=1e-3, fused=True)
    times = []
    with torch.no_grad():
        for _ in range(REPEATS + 5):
            start = time.perf_counter()
            weights.grad.mul_(0.999).add_(weights, alpha=1e-4)
            torch.linalg.vector_norm(weights.grad)
            torch.linalg.vector_norm(weights)
            optimizer.step()
            average.lerp_(weights, 0.005)
            times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times[5:])


print(
    json.dumps(
        {
            "torch": torch.__version__,
            "fusedMs": median_ms(fused=True),
            "wholeMs": whole_median_ms(),
            "foreachMs": median_ms(foreach=True),
            "defaultMs": median_ms(),
        }
    )
)
