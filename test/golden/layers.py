"""Makes layers.json: small networks, their loss and their gradients in PyTorch, for test/unit/layers-golden.test.ts.

Each case has the experiment's list of layers, the weights in the manifest's order and layout (kernels as height, width,
input, output), one batch, the summed loss, the gradients, and of each batch normalisation count * mean and
count * unbiased variance. Usage: python layers.py > layers.json
"""

import json
import sys

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(231)
torch.set_default_dtype(torch.float64)


class Network:
    """Builds the experiment's layers and the same computation in PyTorch side by side."""

    def __init__(self):
        self.layers = []
        self.weights = []  # leaf tensors in our layout, float32 values
        self.statistics = []

    def weight(self, *shape, scale=0.4, shift=0.0):
        values = (torch.randn(*shape) * scale + shift).to(torch.float32).to(torch.float64)
        values.requires_grad_(True)
        self.weights.append(values)
        return values

    def conv2d(self, x, filters, size, padding="valid", strides=1, bias=True, groups=1, emit=True):
        depthwise = groups > 1
        kernel = self.weight(size, size, x.shape[1], 1) if depthwise else self.weight(size, size, x.shape[1], filters)
        torch_kernel = kernel.permute(2, 3, 0, 1) if depthwise else kernel.permute(3, 2, 0, 1)
        offset = self.weight(x.shape[1] if depthwise else filters) if bias else None
        pad = size // 2 if padding == "same" else 0
        options = {"kernelSize": size, "padding": padding, "strides": strides, "useBias": bias}
        if emit:
            name = "depthwiseConv2d" if depthwise else "conv2d"
            self.layers.append({name: options if depthwise else {"filters": filters, **options}})
        return F.conv2d(x, torch_kernel, offset, stride=strides, padding=pad, groups=groups)

    def batch_normalization(self, x):
        gamma, beta = self.weight(x.shape[1], shift=1.0), self.weight(x.shape[1])
        axes = [0, 2, 3] if x.dim() == 4 else [0]
        count = x.shape[0]
        self.statistics += [count * x.mean(axes), count * x.var(axes, unbiased=True)]
        self.layers.append({"batchNormalization": {"epsilon": 0.001}})
        return F.batch_norm(x, None, None, gamma, beta, training=True, eps=1e-3)

    def activation(self, x, name, function):
        self.layers.append({"activation": name})
        return function(x)

    def pool(self, x, kind, size, padding="valid"):
        self.layers.append({f"{kind}Pooling2d": {"poolSize": size, "padding": padding}})
        return (F.max_pool2d if kind == "max" else F.avg_pool2d)(x, size)

    def flatten(self, x):
        self.layers.append("flatten")
        return x.permute(0, 2, 3, 1).flatten(1) if x.dim() == 4 else x

    def dense(self, x, units):
        kernel, offset = self.weight(x.shape[1], units), self.weight(units)
        self.layers.append({"dense": {"units": units}})
        return x @ kernel + offset


def losses(name, logits, labels):
    if name == "softmaxCrossEntropy":
        return F.cross_entropy(logits, labels, reduction="sum")
    if name == "binaryCrossEntropy":
        return F.binary_cross_entropy_with_logits(logits, labels, reduction="sum") / logits.shape[1]
    return ((logits - labels) ** 2).mean(1).sum()


def case(name, input_shape, build, loss="softmaxCrossEntropy", outputs=4, count=5):
    network = Network()
    inputs = torch.randn(count, *input_shape).to(torch.float32).to(torch.float64)
    x = inputs.permute(0, 3, 1, 2) if len(input_shape) == 3 else inputs
    logits = build(network, x)
    if loss == "softmaxCrossEntropy":
        labels = torch.randint(0, outputs, (count,))
    elif loss == "binaryCrossEntropy":
        labels = torch.randint(0, 2, (count, outputs)).to(torch.float64)
    else:
        labels = torch.randn(count, outputs).to(torch.float32).to(torch.float64)
    total = losses(loss, logits, labels)
    total.backward()
    vector = lambda tensors: [float(v) for t in tensors for v in t.detach().flatten()]
    rounded = lambda values: [float(f"{v:.9g}") for v in values]
    return {
        "name": name,
        "model": network.layers,
        "loss": loss,
        "inputShape": list(input_shape),
        "outputs": outputs,
        "count": count,
        "inputs": rounded(vector([inputs])),
        "labels": rounded(vector([labels])),
        "weights": rounded(vector(network.weights)),
        "lossSum": total.item(),
        "gradient": rounded(vector([w.grad for w in network.weights])),
        "statistics": rounded(vector(network.statistics)),
    }


def convolutions(n, x):
    x = n.activation(n.conv2d(x, 3, 3, "same"), "relu", F.relu)
    x = n.pool(x, "max", 2)
    x = n.activation(n.conv2d(x, 4, 2, "valid", strides=1, bias=False), "tanh", torch.tanh)
    return n.dense(n.flatten(x), 4)


def normalized(n, x):
    x = n.batch_normalization(n.conv2d(x, 3, 3, "same", bias=False))
    x = n.pool(n.activation(x, "relu", F.relu), "max", 2)
    x = n.dense(n.flatten(x), 6)
    return n.dense(n.activation(n.batch_normalization(x), "relu", F.relu), 4)


def separable(n, x):
    x = n.conv2d(x, x.shape[1], 3, "same", groups=x.shape[1])
    x = n.activation(n.conv2d(x, 4, 1), "elu", F.elu)
    x = n.pool(x, "average", 2)
    n.layers.append("globalAveragePooling2d")
    return n.dense(x.mean([2, 3]), 4)


def residual(n, x):
    x = n.conv2d(x, 3, 3, "same")
    for _ in range(2):
        outer, n.layers = n.layers, []
        y = n.activation(n.conv2d(x, 3, 3, "same"), "softplus", F.softplus)
        n.layers = [*outer, {"residual": {"layers": n.layers}}]
        x = x + y
    repeated = n.layers.pop()
    n.layers[-1] = {"repeat": {"times": 2, "layers": [repeated]}}
    return n.dense(n.flatten(x), 4)


def strided(n, x):
    x = n.activation(n.conv2d(x, 3, 3, "valid", strides=2), "sigmoid", torch.sigmoid)
    return n.dense(n.flatten(x), 4)


def regression(n, x):
    x = n.activation(n.dense(x, 5), "selu", F.selu)
    return n.dense(n.activation(n.dense(x, 5), "swish", F.silu), 2)


def binary(n, x):
    return n.dense(n.activation(n.dense(x, 5), "relu6", F.relu6), 1)


cases = [
    case("convolutions, max pooling and a dense layer", (6, 6, 2), convolutions),
    case("batch normalisation after a convolution and after a dense layer", (6, 6, 2), normalized),
    case("depthwise and pointwise convolutions with average pooling", (6, 6, 2), separable),
    case("repeated residual blocks", (5, 5, 2), residual),
    case("a strided convolution", (7, 7, 2), strided),
    case("mean squared error over two outputs", (3,), regression, "meanSquaredError", 2),
    case("binary cross-entropy", (3,), binary, "binaryCrossEntropy", 1),
]
json.dump({"torch": torch.__version__, "cases": cases}, sys.stdout)
