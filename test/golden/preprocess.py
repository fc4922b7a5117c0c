"""Makes preprocess.json: standardised, rotated and whitened data by NumPy, for test/unit/preprocess.test.ts.

As the lecture has it: cov = XᵀX / N of centred data, U and S of its decomposition, XU and XU / sqrt(S + epsilon). A
direction's component of largest size is positive. Usage: python preprocess.py > preprocess.json
"""

import json
import sys

import numpy as np

rng = np.random.default_rng(231)
features, count = 5, 30
data = (rng.normal(size=(count, features)) @ rng.normal(size=(features, features)) + 10 * rng.normal(size=features)).round(3)


def directions(x):
    values, vectors = np.linalg.eigh(x.T @ x / len(x))
    values, vectors = values[::-1], vectors[:, ::-1]
    return values, vectors * np.sign(vectors[np.abs(vectors).argmax(0), range(features)])


centred = data - data.mean(0)
standard = centred / data.std(0)
(s, u), (t, v) = directions(centred), directions(standard)
json.dump(
    {
        "numpy": np.__version__,
        "data": data.tolist(),
        "standardised": standard.tolist(),
        "rotated": (centred @ u).tolist(),
        "whitened": (centred @ u / np.sqrt(s + 1e-5)).tolist(),
        "threeOfStandardised": (standard @ v[:, :3] / np.sqrt(t[:3] + 0.01)).tolist(),
        "shares": (s.cumsum() / s.sum()).tolist(),
    },
    sys.stdout,
)
