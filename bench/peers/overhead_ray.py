"""Seconds that Ray Tune takes for trials that wait, so many at once. Ray has been started before.

Each trial waits in two halves and reports after each. Ray Tune starts processes for trials as they begin; that counts.
Usage: overhead_ray.py TRIALS PROCESSES SECONDS-PER-TRIAL
"""

import json
import logging
import os
import signal
import sys
import tempfile
import time

os.environ.update(RAY_AIR_NEW_OUTPUT="0", RAY_DEDUP_LOGS="1", TUNE_DISABLE_AUTO_CALLBACK_LOGGERS="1", RAY_USAGE_STATS_ENABLED="0")
import ray
from ray import tune

# Given up after so long.
signal.alarm(150)
trials, processes, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])


def objective(config):
    for step in (1, 2):
        time.sleep(seconds / 2)
        tune.report({"value": config["x"] + 1 / step})


out = os.dup(1)
os.dup2(2, 1)
with tempfile.TemporaryDirectory() as folder:
    ray.init(num_cpus=processes, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    tuner = tune.Tuner(
        objective,
        param_space={"x": tune.uniform(0, 1)},
        tune_config=tune.TuneConfig(num_samples=trials, metric="value", mode="min", max_concurrent_trials=processes, reuse_actors=True),
        run_config=tune.RunConfig(storage_path=folder, verbose=0),
    )
    started = time.perf_counter()
    tuner.fit()
    taken = time.perf_counter() - started
    ray.shutdown()
os.write(out, (json.dumps(taken) + "\n").encode())
