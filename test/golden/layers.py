"""Makes layers.json: small networks, their loss and their gradients in PyTorch, for test/unit/layers-golden.test.ts.

Each case has the experiment's list of layers, the weights in the manifest's order and layout (kernels as height, width,
input, output), one batch, the summed loss, the gradients, and of each batch normalisation count * mean and
count * unbiased variance. What is dropped is drawn here as Polyak draws it, so that both have the same masks.
Each evaluation has the running statistics that two batches of training leave behind, and what a third batch is evaluated to
by them, for batch normalisation. Usage: python layers.py > layers.json
"""

import json
import math
import sys

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(231)
torch.set_default_dtype(torch.float64)


# Of the draws that the test computes with.
SEED, STEP, MICRO_BATCH = 1, 0, 0
DROPOUT = 5  # the purpose, in common/random.ts


def uniforms(layer, n):
    """n draws of a layer: Philox4x32-10 at the counters (block, step, micro-batch, layer), words divided by 2^32."""
    words = []
    for block in range((n + 3) // 4):
        x = [block, STEP, MICRO_BATCH, layer]
        key = [SEED & 0xFFFFFFFF, (SEED >> 32 | DROPOUT << 21) & 0xFFFFFFFF]
        for _ in range(10):
            first, second = x[0] * 0xD2511F53, x[2] * 0xCD9E8D57
            x = [second >> 32 ^ x[1] ^ key[0], second & 0xFFFFFFFF, first >> 32 ^ x[3] ^ key[1], first & 0xFFFFFFFF]
            key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
        words += x
    return [word / 2**32 for word in words[:n]]


class Network:
    """Builds the experiment's layers and the same computation in PyTorch side by side."""

    def __init__(self):
        self.layers = []
        self.weights = []  # leaf tensors in our layout, float32 values
        self.statistics = []
        self.drawing = 0  # layers so far that draw

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

    def conv1d(self, x, filters, size, padding="valid", strides=1):
        kernel, offset = self.weight(size, x.shape[1], filters), self.weight(filters)
        self.layers.append({"conv1d": {"filters": filters, "kernelSize": size, "padding": padding, "strides": strides}})
        pad = size // 2 if padding == "same" else 0
        return F.conv1d(x, kernel.permute(2, 1, 0), offset, stride=strides, padding=pad)

    def pool1d(self, x, kind, size, strides=None):
        options = {"poolSize": size, **({"strides": strides} if strides else {})}
        self.layers.append({f"{kind}Pooling1d": options})
        return (F.max_pool1d if kind == "max" else F.avg_pool1d)(x, size, strides)

    def global_pool1d(self, x, kind):
        self.layers.append(f"global{kind}Pooling1d")
        return x.max(2).values if kind == "Max" else x.mean(2)

    def lstm(self, x, units, sequences=False, bias=True):
        kernel, recurrent = self.weight(x.shape[1], 4 * units), self.weight(units, 4 * units)
        weights = {"weight_ih_l0": kernel.T, "weight_hh_l0": recurrent.T}
        if bias:
            weights |= {"bias_ih_l0": self.weight(4 * units), "bias_hh_l0": torch.zeros(4 * units)}
        self.layers.append({"lstm": {"units": units, "returnSequences": sequences, "useBias": bias}})
        layer = nn.LSTM(x.shape[1], units, batch_first=True, bias=bias)
        y, _ = torch.func.functional_call(layer, weights, (x.permute(0, 2, 1),))
        return y.permute(0, 2, 1) if sequences else y[:, -1]

    def embedding(self, x, tokens, size):
        table = self.weight(tokens, size)
        self.layers.append({"embedding": {"inputDim": tokens, "outputDim": size}})
        return F.embedding(x.long(), table).permute(0, 2, 1)

    def batch_normalization(self, x):
        gamma, beta = self.weight(x.shape[1], shift=1.0), self.weight(x.shape[1])
        axes = [0, 2, 3][: max(1, x.dim() - 1)]
        count = x.shape[0]
        self.statistics += [count * x.mean(axes), count * x.var(axes, unbiased=True)]
        self.layers.append({"batchNormalization": {"epsilon": 0.001}})
        return F.batch_norm(x, None, None, gamma, beta, training=True, eps=1e-3)

    def layer_normalization(self, x, epsilon=1e-5):
        gamma, beta = self.weight(x.shape[1], shift=1.0), self.weight(x.shape[1])
        self.layers.append({"layerNormalization": {"epsilon": epsilon}})
        return F.layer_norm(x.movedim(1, -1), x.shape[1:2], gamma, beta, epsilon).movedim(-1, 1)

    def group_normalization(self, x, groups, epsilon=1e-5):
        gamma, beta = self.weight(x.shape[1], shift=1.0), self.weight(x.shape[1])
        self.layers.append({"groupNormalization": {"groups": groups, "epsilon": epsilon}})
        return F.group_norm(x, groups, gamma, beta, epsilon)

    def activation(self, x, name, function):
        self.layers.append({"activation": name})
        return function(x)

    def prelu(self, x):
        self.layers.append("prelu")
        return F.prelu(x, self.weight(x.shape[1], scale=0.1, shift=0.25))

    def maxout(self, x, pieces):
        self.layers.append({"maxout": {"pieces": pieces}})
        return x.unflatten(1, (pieces, -1)).max(1).values

    def pool(self, x, kind, size, padding="valid"):
        self.layers.append({f"{kind}Pooling2d": {"poolSize": size, "padding": padding}})
        return (F.max_pool2d if kind == "max" else F.avg_pool2d)(x, size)

    def kept(self, shape, rate):
        """1 where the next layer that draws keeps, 0 where it drops; in the shape that our layer has."""
        drawn = torch.tensor(uniforms(self.drawing, math.prod(shape))).reshape(shape)
        self.drawing += 1
        return (drawn >= rate).to(torch.float64)

    def dropout(self, x, rate, form="inverted"):
        self.layers.append({"dropout": {"rate": rate, "form": form}})
        kept = self.kept(x.shape, rate)
        return x * kept if form == "plain" else x * kept / (1 - rate)

    def spatial_dropout(self, x, rate, form="inverted"):
        """One draw for each sample and channel, whatever places they have."""
        places = [1] * (x.dim() - 2)
        self.layers.append({f"spatialDropout{len(places)}d": {"rate": rate, "form": form}})
        kept = self.kept(x.shape[:2], rate).reshape(*x.shape[:2], *places)
        return x * kept if form == "plain" else x * kept / (1 - rate)

    def drop_connect(self, x, units, rate):
        kernel, offset = self.weight(x.shape[1], units), self.weight(units)
        self.layers.append({"dropConnect": {"units": units, "rate": rate}})
        return F.linear(x, (kernel * self.kept(kernel.shape, rate) / (1 - rate)).T, offset)

    def stochastic_depth(self, x, rate, per):
        shape = (x.shape[0] if per == "sample" else 1, 1, 1, 1)
        return x * self.kept(shape, rate) / (1 - rate)

    def fractional_pool(self, x, ratio, size=2):
        u, v = uniforms(self.drawing, 2)  # of rows, of columns
        self.drawing += 1
        self.layers.append({"fractionalMaxPooling2d": {"ratio": ratio, "poolSize": size}})
        outputs = [int(length / ratio) for length in x.shape[2:]]
        # PyTorch has columns first, for each sample and channel.
        samples = torch.tensor([v, u]).expand(x.shape[0], x.shape[1], 2)
        return F.fractional_max_pool2d(x, size, output_size=outputs, _random_samples=samples)

    def flatten(self, x):
        self.layers.append("flatten")
        return x.movedim(1, -1).flatten(1)

    def dense(self, x, units):
        kernel, offset = self.weight(x.shape[1], units), self.weight(units)
        self.layers.append({"dense": {"units": units}})
        return x @ kernel + offset


class Repeated(Network):
    """The same weights in every pass; batch normalisations keep PyTorch's running statistics, and use them in evaluation."""

    def __init__(self, momenta):
        super().__init__()
        self.momenta = momenta  # as PyTorch has them: what the new one counts
        self.running = []

    def begin(self, training):
        self.layers, self.taken, self.normalised, self.training = [], 0, 0, training

    def weight(self, *shape, **how):
        if self.taken == len(self.weights):
            super().weight(*shape, **how)
        self.taken += 1
        return self.weights[self.taken - 1]

    def batch_normalization(self, x):
        channels = x.shape[1]
        gamma, beta = self.weight(channels, shift=1.0), self.weight(channels)
        if self.normalised == len(self.running):
            self.running.append((torch.zeros(channels), torch.ones(channels)))
        momentum, (mean, variance) = self.momenta[self.normalised], self.running[self.normalised]
        self.normalised += 1
        self.layers.append({"batchNormalization": {"epsilon": 0.001, "momentum": 1 - momentum}})
        return F.batch_norm(x, mean, variance, gamma, beta, self.training, momentum, 1e-3)


def losses(loss, logits, labels, mixed=None):
    name, options = next(iter(loss.items())) if isinstance(loss, dict) else (loss, {})
    if mixed:
        others, shares = mixed
        own, other = (F.one_hot(each, logits.shape[1]) for each in (labels, others))
        probabilities = shares[:, None] * own + (1 - shares[:, None]) * other
        smoothing = options.get("labelSmoothing", 0)
        return F.cross_entropy(logits, probabilities, reduction="sum", label_smoothing=smoothing)
    if name == "softmaxCrossEntropy":
        return F.cross_entropy(logits, labels, reduction="sum", label_smoothing=options.get("labelSmoothing", 0))
    if name == "binaryCrossEntropy":
        smoothing = options.get("labelSmoothing", 0)
        targets = labels * (1 - smoothing) + smoothing / 2
        return F.binary_cross_entropy_with_logits(logits, targets, reduction="sum") / logits.shape[1]
    if name == "hinge":
        mean_over_classes = F.multi_margin_loss(logits, labels, margin=options.get("margin", 1), reduction="sum")
        return mean_over_classes * logits.shape[1]
    if name == "binaryHinge":
        return F.relu(options.get("margin", 1) - (2 * labels - 1) * logits).mean(1).sum()
    elementwise = {
        "meanSquaredError": F.mse_loss,
        "meanAbsoluteError": F.l1_loss,
        "huber": lambda *args, **kwargs: F.huber_loss(*args, delta=options.get("delta", 1), **kwargs),
    }[name]
    return elementwise(logits, labels, reduction="none").mean(1).sum()


def vector(tensors):
    return [float(v) for t in tensors for v in t.detach().flatten()]


def rounded(values):
    return [float(f"{v:.9g}") for v in values]


def mixed_labels(classes, count):
    """Of samples that are mixed of two: the second label, and what the first one counts."""
    shares = (torch.rand(count) / 2 + 0.5).to(torch.float32).to(torch.float64)
    return torch.randint(0, classes, (count,)), shares


def evaluation(name, input_shape, build, momenta, counts=(5, 7, 4), outputs=3):
    """Two steps of training move the running statistics, the weights stay; the third batch is evaluated by them."""
    network = Repeated(momenta)
    batches = []
    for count in counts:
        inputs = torch.randn(count, *input_shape).to(torch.float32).to(torch.float64)
        network.begin(training=len(batches) < len(counts) - 1)
        x = inputs.movedim(-1, 1) if len(input_shape) > 1 else inputs
        with torch.no_grad():
            put_out = build(network, x)
        batches.append({"count": count, "inputs": rounded(vector([inputs]))})
    return {
        "name": name,
        "model": network.layers,
        "inputShape": list(input_shape),
        "outputs": outputs,
        "weights": rounded(vector(network.weights)),
        "batches": batches,
        "running": rounded(vector([each for pair in network.running for each in pair])),
        "evaluated": rounded(vector([put_out])),
    }


def case(name, input_shape, build, loss="softmaxCrossEntropy", outputs=4, count=5, tokens=0, mixed=False):
    network = Network()
    drawn = torch.randint(0, tokens, (count, *input_shape)) if tokens else torch.randn(count, *input_shape)
    inputs = drawn.to(torch.float32).to(torch.float64)
    x = inputs.movedim(-1, 1) if len(input_shape) > 1 else inputs
    logits = build(network, x)
    name_of_loss = next(iter(loss)) if isinstance(loss, dict) else loss
    if name_of_loss in ("softmaxCrossEntropy", "hinge"):
        labels = torch.randint(0, outputs, (count,))
    elif name_of_loss in ("binaryCrossEntropy", "binaryHinge"):
        labels = torch.randint(0, 2, (count, outputs)).to(torch.float64)
    else:
        labels = torch.randn(count, outputs).to(torch.float32).to(torch.float64)
    pairs = mixed_labels(outputs, count) if mixed else None
    total = losses(loss, logits, labels, pairs)
    total.backward()
    return {
        "name": name,
        "model": network.layers,
        "loss": loss,
        "inputShape": list(input_shape),
        "outputs": outputs,
        "count": count,
        "inputs": rounded(vector([inputs])),
        "labels": rounded(vector([labels])),
        **({"mixed": {"labels": pairs[0].tolist(), "shares": pairs[1].tolist()}} if mixed else {}),
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


def sequences(n, x):
    x = n.activation(n.conv1d(x, 3, 3, "same"), "relu", F.relu)
    x = n.pool1d(n.batch_normalization(x), "max", 2)
    x = n.activation(n.conv1d(x, 4, 2, strides=2), "tanh", torch.tanh)
    return n.dense(n.flatten(n.pool1d(x, "average", 2, 1)), 4)


def most(n, x):
    return n.dense(n.global_pool1d(n.conv1d(x, 5, 3), "Max"), 4)


def mean(n, x):
    return n.dense(n.global_pool1d(n.conv1d(x, 5, 3, "same"), "Average"), 4)


def recurrent(n, x):
    return n.dense(n.lstm(n.lstm(x, 3, sequences=True), 4, bias=False), 4)


def tokens(n, x):
    return n.dense(n.lstm(n.embedding(x, 6, 3), 4), 4)


def activated(option, function):
    """The option as a dense layer has it, so that its gradient reaches a bias and a kernel."""

    def build(n, x):
        x = n.dense(x, 6)
        n.layers[-1]["dense"]["activation"] = option
        return n.dense(function(x), 4)

    return build


def learned_slopes(n, x):
    x = n.prelu(n.conv2d(x, 3, 3))
    return n.dense(n.prelu(n.dense(n.flatten(x), 6)), 4)


def maxouts(n, x):
    x = n.maxout(n.conv2d(x, 6, 3), 2)
    return n.dense(n.maxout(n.dense(n.flatten(x), 9), 3), 4)


def layer_normalized(n, x):
    x = n.activation(n.layer_normalization(n.conv2d(x, 4, 3)), "tanh", torch.tanh)
    return n.dense(n.layer_normalization(n.dense(n.flatten(x), 6), 0.1), 4)


def group_normalized(n, x):
    x = n.activation(n.group_normalization(n.conv2d(x, 6, 3), 2), "tanh", torch.tanh)
    x = n.group_normalization(n.group_normalization(n.conv2d(x, 4, 2), 1), 4)
    return n.dense(n.group_normalization(n.dense(n.flatten(x), 9), 3, 0.1), 4)


def sequence_normalized(n, x):
    return n.dense(n.flatten(n.group_normalization(n.layer_normalization(n.conv1d(x, 4, 3)), 2)), 4)


def dropped(n, x):
    x = n.activation(n.dense(n.dropout(x, 0.3, "plain"), 8), "relu", F.relu)
    x = n.activation(n.drop_connect(x, 7, 0.4), "tanh", torch.tanh)
    return n.drop_connect(n.dropout(x, 0.2), 4, 0.5)


def dropped_of_images(n, x):
    x = n.activation(n.conv2d(n.spatial_dropout(x, 0.4), 6, 3), "tanh", torch.tanh)
    return n.dense(n.flatten(n.spatial_dropout(x, 0.3, "plain")), 4)


def dropped_of_sequences(n, x):
    x = n.activation(n.conv1d(n.spatial_dropout(x, 0.3, "plain"), 6, 3), "tanh", torch.tanh)
    return n.dense(n.flatten(n.spatial_dropout(x, 0.4)), 4)


def stochastic(n, x):
    x = n.conv2d(x, 3, 3, "same")
    for survival, per in ((0.75, "sample"), (0.5, "microBatch"), (0.4, "sample")):
        outer, n.layers = n.layers, []
        y = n.activation(n.conv2d(x, 3, 3, "same"), "tanh", torch.tanh)
        block = {"layers": n.layers, "survival": survival, "survivalPer": per}
        n.layers = [*outer, {"residual": block}]
        x = x + n.stochastic_depth(y, 1 - survival, per)
    return n.dense(n.flatten(x), 4)


def fractional(n, x):
    x = n.fractional_pool(n.conv2d(x, 3, 3, "same"), 1.3)
    return n.dense(n.flatten(n.fractional_pool(n.conv2d(x, 4, 2), 1.7, 3)), 4)


def normalized_images(n, x):
    x = n.activation(n.batch_normalization(n.conv2d(x, 4, 3)), "relu", F.relu)
    return n.dense(n.batch_normalization(n.dense(n.flatten(x), 6)), 3)


def normalized_sequences(n, x):
    return n.dense(n.flatten(n.batch_normalization(n.conv1d(n.batch_normalization(x), 4, 3))), 3)


# hardSigmoid is that of Keras 2 and tfjs, whose slope is 0.2 and not a sixth.
ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": F.relu,
    "relu6": F.relu6,
    "leakyReLU": F.leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "sigmoid": torch.sigmoid,
    "hardSigmoid": lambda x: (0.2 * x + 0.5).clamp(0, 1),
    "tanh": torch.tanh,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "softmax": lambda x: F.softmax(x, 1),
    "logSoftmax": lambda x: F.log_softmax(x, 1),
    "gelu": F.gelu,
    "swish": F.silu,
    "mish": F.mish,
}


def linear(outputs):
    return lambda n, x: n.dense(x, outputs)


cases = [
    case("convolutions, max pooling and a dense layer", (6, 6, 2), convolutions),
    case("batch normalisation after a convolution and after a dense layer", (6, 6, 2), normalized),
    case("depthwise and pointwise convolutions with average pooling", (6, 6, 2), separable),
    case("repeated residual blocks", (5, 5, 2), residual),
    case("a strided convolution", (7, 7, 2), strided),
    case("mean squared error over two outputs", (3,), regression, "meanSquaredError", 2),
    case("binary cross-entropy", (3,), binary, "binaryCrossEntropy", 1),
    case("convolutions, pooling and batch normalisation over steps", (13, 2), sequences),
    case("the largest of each feature over steps", (6, 2), most),
    case("the mean of each feature over steps", (6, 2), mean),
    case("an LSTM that puts out every step, and one without biases behind it", (5, 2), recurrent),
    case("an embedding of tokens before an LSTM", (5,), tokens, tokens=6),
    case("mean absolute error", (3,), regression, "meanAbsoluteError", 2, count=9),
    case("the Huber loss on both sides of its delta", (3,), linear(2), {"huber": {"delta": 0.6}}, 2, count=9),
    case("the hinge loss of several classes", (3,), linear(4), "hinge", count=9),
    case("the hinge loss with a margin", (3,), linear(4), {"hinge": {"margin": 0.25}}, count=9),
    case("the hinge loss of two classes", (3,), linear(1), {"binaryHinge": {"margin": 0.5}}, 1, count=9),
    *[case(f"the activation {name}", (5,), activated(name, f), count=9) for name, f in ACTIVATIONS.items()],
    case(
        "a leaky ReLU with an alpha",
        (5,),
        activated({"leakyReLU": {"alpha": 0.3}}, lambda x: F.leaky_relu(x, 0.3)),
        count=9,
    ),
    case("an ELU with an alpha", (5,), activated({"elu": {"alpha": 1.7}}, lambda x: F.elu(x, 1.7)), count=9),
    case("slopes that are learned", (5, 5, 2), learned_slopes),
    case("maxout of a convolution and of a dense layer", (5, 5, 2), maxouts),
    case("layer normalisation of a convolution and of a dense layer", (5, 5, 2), layer_normalized),
    case("group normalisation: of a few, of one, of every channel, and of a dense layer", (5, 5, 2), group_normalized),
    case("smoothed labels of classes", (3,), linear(4), {"softmaxCrossEntropy": {"labelSmoothing": 0.1}}, count=9),
    case("smoothed labels of two classes", (3,), binary, {"binaryCrossEntropy": {"labelSmoothing": 0.2}}, 1, count=9),
    case("layer and group normalisation over steps", (9, 2), sequence_normalized),
    case("dropout in both forms and DropConnect", (6,), dropped, count=9),
    case("stochastic depth of samples and of a micro-batch", (5, 5, 2), stochastic),
    case("fractional max pooling", (11, 13, 2), fractional),
    case("spatial dropout of images in both forms", (6, 6, 5), dropped_of_images),
    case("spatial dropout of sequences in both forms", (7, 5), dropped_of_sequences),
    case("mixed labels", (3,), linear(4), count=9, mixed=True),
    case("mixed and smoothed labels", (3,), linear(4), {"softmaxCrossEntropy": {"labelSmoothing": 0.1}}, count=9, mixed=True),
]
# As PyTorch has it, momentum is what the new statistics count: 0.25 is our 0.75. Both are exact in binary.
evaluations = [
    evaluation("of images and of vectors", (5, 5, 2), normalized_images, (0.25, 0.5)),
    evaluation("of sequences", (7, 2), normalized_sequences, (0.125, 0.25)),
]
json.dump({"torch": torch.__version__, "cases": cases, "evaluations": evaluations}, sys.stdout)
