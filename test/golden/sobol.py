"""Makes sobol.json: SciPy's Sobol points without scrambling, for test/unit/search-sobol.test.ts.

Points are multiples of 2^-32, so whole numbers are written. `points` are the first 64 in 12 dimensions, `late` single
points of high number in the last of the dimensions, one row each: number, dimension from 0, value.
Usage: python sobol.py > sobol.json
"""

import json
import sys

import scipy
from scipy.stats import qmc

DIMENSIONS = 100
LATE = [1000, 4095, 65_537]


def whole(value):
    return int(round(value * 2**32))


first = qmc.Sobol(d=12, scramble=False, bits=32).random(64)
late = []
for number in LATE:
    sequence = qmc.Sobol(d=DIMENSIONS, scramble=False, bits=32)
    sequence.fast_forward(number)
    point = sequence.random(1)[0]
    late += [[number, dimension, whole(point[dimension])] for dimension in (0, 1, 17, 42, 71, DIMENSIONS - 1)]

json.dump(
    {"scipy": scipy.__version__, "points": [[whole(value) for value in point] for point in first], "late": late},
    sys.stdout,
)
print()
