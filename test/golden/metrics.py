"""Makes metrics.json: metrics of scikit-learn, for test/unit/metric.test.ts. Usage: python metrics.py > metrics.json"""

import json
import sys

import numpy as np
import sklearn
from sklearn import metrics as m

random = np.random.default_rng(231)


def classes(name, count, number, noise):
    labels = random.integers(0, number, count)
    logits = (np.eye(number)[labels] + noise * random.standard_normal((count, number))).astype(np.float32)
    predicted = logits.argmax(1)
    every = list(range(number))
    precision, recall, f1, support = m.precision_recall_fscore_support(labels, predicted, labels=every, zero_division=np.nan)
    numbers = lambda values: [None if np.isnan(v) else float(v) for v in values]
    return {
        "name": name,
        "labels": labels.tolist(),
        "logits": logits.flatten().astype(float).tolist(),
        "classes": number,
        "accuracy": m.accuracy_score(labels, predicted),
        "topKAccuracy": {k: m.top_k_accuracy_score(labels, logits, k=k, labels=every) for k in (1, 2, 3)},
        "precision": numbers(precision),
        "recall": numbers(recall),
        "f1": numbers(f1),
        "support": support.tolist(),
        "confusion": m.confusion_matrix(labels, predicted, labels=every).tolist(),
    }


def numbers(name, count, middle, spread, noise):
    labels = (middle + spread * random.standard_normal(count)).astype(np.float32)
    predicted = (labels + noise * random.standard_normal(count)).astype(np.float32)
    y, z = labels.astype(float), predicted.astype(float)
    return {
        "name": name,
        "labels": y.tolist(),
        "predicted": z.tolist(),
        "meanAbsoluteError": m.mean_absolute_error(y, z),
        "meanSquaredError": m.mean_squared_error(y, z),
        "rootMeanSquaredError": m.root_mean_squared_error(y, z),
        "rSquared": m.r2_score(y, z),
    }


json.dump(
    {
        "scikit-learn": sklearn.__version__,
        "classes": [classes("four classes", 60, 4, 0.6), classes("a class that never occurs", 7, 6, 0.8)],
        "numbers": [
            numbers("numbers around 0", 40, 0, 1, 0.5),
            numbers("worse than their mean", 40, 0, 1, 3),
            numbers("far from 0 for their spread", 40, 30000, 0.5, 0.2),
        ],
    },
    sys.stdout,
)
