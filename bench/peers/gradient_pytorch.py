"""The gradients of bench/gradient.ts in PyTorch, channels-last. Reads one command a line, answers with one line.

`MODEL COUNT` runs the model's forward and backward COUNT times and prints the milliseconds of each as JSON.
Usage: gradient_pytorch.py THREADS
"""

import json
import sys
import time

import torch
from torch import nn


def convolution(inputs, outputs, normalized):
    layers = [nn.Conv2d(inputs, outputs, 3, padding=1, bias=not normalized)]
    if normalized:
        layers.append(nn.BatchNorm2d(outputs, eps=1e-3))
    return [*layers, nn.ReLU(), nn.MaxPool2d(2)]


def network(normalized):
    head = [nn.Flatten(), nn.Linear(4096, 128), nn.ReLU(), nn.Linear(128, 10)]
    return nn.Sequential(*convolution(3, 32, normalized), *convolution(32, 64, normalized), *head)


def perceptron():
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))


def prepare(name):
    if name == "perceptron":
        return perceptron(), torch.rand(256, 784), torch.randint(0, 10, (256,))
    model = network(name == "batchNormalization").to(memory_format=torch.channels_last)
    images = torch.rand(128, 3, 32, 32).to(memory_format=torch.channels_last)
    return model, images, torch.randint(0, 10, (128,))


def main(threads):
    torch.set_num_threads(threads)
    loss = nn.CrossEntropyLoss(reduction="sum")
    prepared = {}
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        name, count = line.split()
        if name not in prepared:
            prepared[name] = prepare(name)
        model, inputs, labels = prepared[name]
        times = []
        for _ in range(int(count)):
            started = time.perf_counter()
            model.zero_grad(set_to_none=True)
            loss(model(inputs), labels).backward()
            times.append((time.perf_counter() - started) * 1000)
        print(json.dumps(times), flush=True)


main(int(sys.argv[1]))
