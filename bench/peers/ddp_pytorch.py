"""Training in PyTorch with DistributedDataParallel over gloo: samples a second with one process and with two.

Each process has one thread and its share of the global batch; Adam. One process computes the whole batch without DDP.
Usage: ddp_pytorch.py convolutional|perceptron GLOBAL_BATCH
"""

import json
import os
import statistics
import sys
import time
import socket

import torch
from torch import nn
from torch.multiprocessing import get_context

STEPS, WARM_UP = 60, 10


def network(name):
    if name == "perceptron":
        return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    model = nn.Sequential(
        *[nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)],
        *[nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)],
        *[nn.Flatten(), nn.Linear(4096, 128), nn.ReLU(), nn.Linear(128, 10)],
    )
    return model.to(memory_format=torch.channels_last)


def train(rank, processes, port, name, batch, queue):
    torch.set_num_threads(1)
    torch.manual_seed(231)
    model = network(name)
    if processes > 1:
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
        torch.distributed.init_process_group("gloo", rank=rank, world_size=processes)
        model = nn.parallel.DistributedDataParallel(model)
    share = batch // processes
    inputs = torch.rand(share, 784) if name == "perceptron" else torch.rand(share, 3, 32, 32)
    if inputs.dim() == 4:
        inputs = inputs.to(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (share,))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)
    loss = nn.CrossEntropyLoss()
    times = []
    for _ in range(STEPS + WARM_UP):
        started = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss(model(inputs), labels).backward()
        optimizer.step()
        times.append(time.perf_counter() - started)
    if rank == 0:
        queue.put(batch / statistics.mean(times[WARM_UP:]))
    if processes > 1:
        torch.distributed.destroy_process_group()


def samples_per_second(processes, name, batch):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    context = get_context("spawn")
    queue = context.Queue()
    workers = [
        context.Process(target=train, args=(rank, processes, port, name, batch, queue)) for rank in range(processes)
    ]
    for worker in workers:
        worker.start()
    result = queue.get()
    for worker in workers:
        worker.join()
    return result


if __name__ == "__main__":
    model_name, global_batch = sys.argv[1], int(sys.argv[2])
    print(json.dumps({str(key): samples_per_second(n, model_name, global_batch) for key, n in (("one", 1), ("two", 2))}))
