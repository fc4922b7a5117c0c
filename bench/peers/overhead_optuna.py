"""Seconds that Optuna takes for trials that wait, run by processes that share one SQLite file.

Each trial waits in two halves and reports after each. SQLite is as Optuna opens it: a rollback journal, synchronous = FULL.
Usage: overhead_optuna.py TRIALS PROCESSES SECONDS-PER-TRIAL
"""

import json
import multiprocessing
import os
import sys
import tempfile
import time

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)


def work(url, count, seconds, barrier):
    study = optuna.load_study(study_name="overhead", storage=optuna.storages.RDBStorage(url, engine_kwargs={"connect_args": {"timeout": 100}}), sampler=optuna.samplers.RandomSampler())

    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        for step in (1, 2):
            time.sleep(seconds / 2)
            trial.report(x + 1 / step, step)
        return x

    barrier.wait()
    # As many for each process, for a limit that they share would be passed.
    study.optimize(objective, n_trials=count)


if __name__ == "__main__":
    trials, processes, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    with tempfile.TemporaryDirectory() as folder:
        url = "sqlite:///" + os.path.join(folder, "optuna.db")
        optuna.create_study(study_name="overhead", storage=url)
        context = multiprocessing.get_context("spawn")
        barrier = context.Barrier(processes + 1)
        workers = [context.Process(target=work, args=(url, trials // processes, seconds, barrier)) for _ in range(processes)]
        for worker in workers:
            worker.start()
        barrier.wait()
        started = time.perf_counter()
        for worker in workers:
            worker.join()
        print(json.dumps(time.perf_counter() - started), flush=True)
