"""Trials a second by Optuna's ask and tell with random sampling of four parameters, and reports a second, in an SQLite file.

SQLite is as Optuna opens it: a rollback journal with synchronous = FULL, each call a transaction that is on disk when it ends.
Usage: ask_tell_optuna.py TRIALS
"""

import json
import os
import sys
import tempfile
import time

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
count = int(sys.argv[1])

with tempfile.TemporaryDirectory() as folder:
    url = "sqlite:///" + os.path.join(folder, "optuna.db")
    study = optuna.create_study(storage=url, sampler=optuna.samplers.RandomSampler(seed=1))

    def ask_and_tell():
        trial = study.ask()
        values = [trial.suggest_float(name, 0, 1) for name in "xyzu"]
        study.tell(trial, values[0])

    for _ in range(10):
        ask_and_tell()
    started = time.perf_counter()
    for _ in range(count):
        ask_and_tell()
    trials = count / (time.perf_counter() - started)
    trial = study.ask()
    started = time.perf_counter()
    for step in range(count):
        trial.report(1 / (step + 1), step)
    reports = count / (time.perf_counter() - started)
    print(json.dumps({"trials": trials, "reports": reports}), flush=True)
