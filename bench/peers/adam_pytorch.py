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


print(
    json.dumps(
        {
            "torch": torch.__version__,
            "fusedMs": median_ms(fused=True),
            "foreachMs": median_ms(foreach=True),
            "defaultMs": median_ms(),
        }
    )
)
