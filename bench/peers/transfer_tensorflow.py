"""Pushing and pulling 40 MB with TensorFlow's own parameter server over gRPC on loopback, as bench/transfer.ts does.

Reads a number of repeats a line, answers with one line: the seconds of each push (a gradient-descent step on the
server's variable), each pull, and each push followed by a pull, as JSON.
"""

import json
import os
import socket
import subprocess
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
FLOATS = 10_000_000


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def serve(cluster):
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.distribute.Server(tf.train.ClusterSpec(json.loads(cluster)), job_name="ps", task_index=0).join()


def measure(action, repeats):
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return times


def main():
    cluster = {"ps": [f"127.0.0.1:{free_port()}"], "worker": [f"127.0.0.1:{free_port()}"]}
    server = subprocess.Popen([sys.executable, __file__, json.dumps(cluster)], stdout=subprocess.DEVNULL)
    try:
        drive(cluster)
    finally:
        server.terminate()
        server.wait()


def drive(cluster):
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    spec = tf.train.ClusterSpec(cluster)
    tf.config.experimental_connect_to_cluster(spec, job_name="worker", task_index=0)
    server, worker = "/job:ps/replica:0/task:0/device:CPU:0", "/job:worker/replica:0/task:0/device:CPU:0"
    with tf.device(server):
        weights = tf.Variable(tf.zeros([FLOATS]))
    with tf.device(worker):
        gradient = tf.fill([FLOATS], 0.25)

    @tf.function
    def push_step():
        with tf.device(server):
            weights.assign_sub(0.1 * tf.identity(gradient))
            return tf.identity(weights[0])

    @tf.function
    def pull_step():
        with tf.device(worker):
            return tf.identity(weights)

    def push():
        push_step().numpy()

    def pull():
        pull_step().numpy()

    def step():
        push()
        pull()

    push(), pull()
    print(json.dumps({"tensorflow": tf.__version__}), flush=True)
    for line in sys.stdin:
        repeats = int(line)
        times = {"push": [], "pull": []}
        for _ in range(repeats):
            times["push"] += measure(push, 1)
            times["pull"] += measure(pull, 1)
        print(json.dumps({**times, "step": measure(step, repeats)}), flush=True)


serve(sys.argv[1]) if len(sys.argv) > 1 else main()
