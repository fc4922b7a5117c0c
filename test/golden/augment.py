"""Makes augment.json: what augmentation does, by Pillow, NumPy and SciPy, for test/unit/augment-golden.test.ts.

    python augment.py > augment.json

Geometry is Pillow's own: rotation, affine transform and resizing of a box, of float pictures. Colours are those of NumPy
in float64, and once more of Pillow's ImageEnhance, whose bytes are rounded after every step. Principal components are
those of numpy.linalg.eigh, the distribution function of Beta is SciPy's. What is erased are rectangles of NumPy arrays, at
places drawn here as Polyak draws them.
"""

import json
import math
import platform
import sys

import numpy as np
import PIL
import scipy
from PIL import Image, ImageEnhance
from scipy import stats

random = np.random.default_rng(231)


def floats(values):
    return [float(f"{value:.9g}") for value in np.asarray(values, dtype=np.float64).ravel()]


def each_channel(picture, change):
    """Pillow has no float pictures of several channels."""
    channels = [np.asarray(change(Image.fromarray(picture[:, :, c]))) for c in range(picture.shape[2])]
    return np.stack(channels, axis=2)


def geometry():
    cases = []
    for height, width, channels in ((7, 7, 1), (6, 9, 3), (12, 5, 2)):
        picture = random.uniform(-1, 1, (height, width, channels)).astype(np.float32)
        common = {"shape": [height, width, channels], "picture": floats(picture)}
        for degrees in (17.0, -63.5, 144.25):
            turned = each_channel(picture, lambda image: image.rotate(degrees, Image.Resampling.BILINEAR))
            cases.append({**common, "name": f"rotation by {degrees}", "degrees": degrees, "expected": floats(turned)})
        for left, top, across, down in ((0, 0, 3.25, 4.5), (0.5, 1.25, 3.75, 2.5), (1.75, 2.5, width - 1.75, height - 2.5)):
            box = (left, top, left + across, top + down)
            resized = each_channel(
                picture, lambda image: image.resize((width, height), Image.Resampling.BILINEAR, box=box)
            )
            cases.append(
                {
                    **common,
                    "name": f"box at {left}, {top} of {across} x {down}",
                    "box": {"left": left, "top": top, "width": across, "height": down},
                    "expected": floats(resized),
                }
            )
        for x, y in ((1.3, -0.45), (-2, 3), (0.125, 0.375)):
            shifted = each_channel(
                picture,
                lambda image: image.transform(
                    image.size, Image.Transform.AFFINE, (1, 0, x, 0, 1, y), Image.Resampling.BILINEAR
                ),
            )
            cases.append({**common, "name": f"shift by {x}, {y}", "shift": [x, y], "expected": floats(shifted)})
        mirrored = each_channel(picture, lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
        cases.append({**common, "name": "mirror", "mirror": True, "expected": floats(mirrored)})
    return cases


GREY = np.array([0.299, 0.587, 0.114])


def coloured(pixels, brightness, contrast, saturation, light):
    pixels = pixels * brightness
    grey = (pixels @ GREY).mean()
    pixels = contrast * pixels + (1 - contrast) * grey
    each = (pixels @ GREY)[..., None]
    return saturation * pixels + (1 - saturation) * each + light


def enhanced(picture, brightness, contrast, saturation):
    image = Image.fromarray(picture)
    image = ImageEnhance.Brightness(image).enhance(brightness)
    image = ImageEnhance.Contrast(image).enhance(contrast)
    return np.asarray(ImageEnhance.Color(image).enhance(saturation))


def colours():
    cases = []
    # Far enough from 0 and 255 that Pillow cuts nothing off.
    picture = random.integers(80, 140, (5, 4, 3)).astype(np.uint8)
    for brightness, contrast, saturation in ((1.2, 1, 1), (1, 0.6, 1), (1, 1, 1.4), (0.9, 1.3, 0.5)):
        light = random.normal(0, 0.05, 3)
        pixels = picture.astype(np.float64) / 255
        cases.append(
            {
                "name": f"brightness {brightness}, contrast {contrast}, saturation {saturation}",
                "shape": [5, 4, 3],
                "bytes": picture.ravel().tolist(),
                "factors": {"brightness": brightness, "contrast": contrast, "saturation": saturation},
                "light": floats(light),
                "expected": floats(coloured(pixels, brightness, contrast, saturation, light)),
                "enhanced": enhanced(picture, brightness, contrast, saturation).ravel().tolist(),
            }
        )
    return cases


def components():
    """Covariances of correlated colours, over all pixels, with the divisor n."""
    mixing = np.array([[0.3, 0.1, 0.02], [0.28, -0.02, -0.05], [0.25, -0.09, 0.04]])
    pixels = 0.45 + random.normal(size=(240, 3)) @ mixing.T * 0.5
    pixels = pixels.astype(np.float32).astype(np.float64)
    values, vectors = np.linalg.eigh(np.cov(pixels, rowvar=False, bias=True))
    order = np.argsort(-values)
    directions = []
    for index in order:
        vector = vectors[:, index]
        directions.append(floats(vector * np.sign(vector[np.argmax(np.abs(vector))])))
    return {"shape": [6, 5, 3], "pixels": floats(pixels), "variances": floats(values[order]), "directions": directions}


def beta():
    points = np.linspace(0.05, 0.95, 19)
    return [
        {"alpha": alpha, "points": floats(points), "cumulative": floats(stats.beta.cdf(points, alpha, alpha))}
        for alpha in (0.1, 0.2, 0.5, 1.0, 3.0)
    ]


def cross_entropy():
    cases = []
    for smoothing in (0.0, 0.1):
        logits = random.normal(0, 2, (4, 5)).astype(np.float32).astype(np.float64)
        labels, others = random.integers(0, 5, 4), random.integers(0, 5, 4)
        shares = random.uniform(0.5, 1, 4).astype(np.float32).astype(np.float64)
        weights = random.uniform(0.5, 2, 4).astype(np.float32).astype(np.float64)
        one_hot = np.eye(5)
        targets = shares[:, None] * one_hot[labels] + (1 - shares[:, None]) * one_hot[others]
        targets = (1 - smoothing) * targets + smoothing / 5
        log_softmax = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        cases.append(
            {
                "smoothing": smoothing,
                "logits": floats(logits),
                "labels": labels.tolist(),
                "others": others.tolist(),
                "shares": floats(shares),
                "weights": floats(weights),
                "lossSum": floats([(weights * -(targets * log_softmax).sum(axis=1)).sum()])[0],
                "gradient": floats(weights[:, None] * (np.exp(log_softmax) - targets)),
            }
        )
    return cases


AUGMENT = 4  # the purpose, in common/random.ts
ERASE, CUTOUT = 160, 256  # the first words, in worker/data/augment/words.ts


class Words:
    """The words of one sample: Philox4x32-10 at the counters (block, step, micro-batch, sample)."""

    def __init__(self, draws, sample, first):
        self.draws, self.sample, self.position = draws, sample, first

    def uint32(self):
        block, word = divmod(self.position, 4)
        self.position += 1
        seed = self.draws["seed"]
        x = [block, self.draws["step"], self.draws["microBatch"], self.sample]
        key = [seed & 0xFFFFFFFF, (seed >> 32 | AUGMENT << 21) & 0xFFFFFFFF]
        for _ in range(10):
            one, two = x[0] * 0xD2511F53, x[2] * 0xCD9E8D57
            x = [two >> 32 ^ x[1] ^ key[0], two & 0xFFFFFFFF, one >> 32 ^ x[3] ^ key[1], one & 0xFFFFFFFF]
            key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
        return x[word]

    def uniform(self):
        return self.uint32() / 2**32

    def integer(self, n):
        limit = 2**32 - 2**32 % n
        while (word := self.uint32()) >= limit:
            pass
        return word % n


def erased_rectangle(words, height, width, probability, area, aspect):
    """A rectangle within the picture, of an area that is uniform and an aspect whose logarithm is: the first of ten that fits."""
    is_erased = words.uniform() < probability
    sizes = []
    for _ in range(10):
        pixels = (area[0] + (area[1] - area[0]) * words.uniform()) * height * width
        least, largest = math.log(aspect[0]), math.log(aspect[1])
        ratio = math.exp(least + (largest - least) * words.uniform())
        sizes.append((math.sqrt(pixels / ratio), math.sqrt(pixels * ratio)))
    fitting = [(tall, wide) for tall, wide in sizes if tall <= height and wide <= width]
    if not is_erased or not fitting:
        return None
    tall, wide = (math.floor(side + 0.5) for side in fitting[0])
    top, left = words.integer(height - tall + 1), words.integer(width - wide + 1)
    return top, left, top + tall, left + wide


def cut_out(words, height, width, size):
    """A square whose middle is anywhere in the picture, and what of it is inside."""
    top, left = words.integer(height) - size // 2, words.integer(width) - size // 2
    return max(0, top), max(0, left), min(height, top + size), min(width, left + size)


def erased():
    """Of pictures from which the mean picture has been subtracted, so that what is erased is filled with the mean."""
    shape = (6, 5, 3)
    pictures = random.integers(100, 900, (8, *shape)) / 1000
    prepared = pictures - pictures.mean(axis=0)
    cases = []
    for step, options in enumerate(
        (
            {"erase": {"probability": 1.0, "area": [0.02, 0.33], "aspect": [0.3, 3.3]}},
            {"erase": {"probability": 0.5, "area": [0.2, 0.8], "aspect": [0.2, 5.0]}},
            {"cutout": {"size": 3}},
            {"cutout": {"size": 4}},
        )
    ):
        draws = {"seed": 231, "step": step, "microBatch": 2}
        expected = prepared.copy()
        for sample, picture in enumerate(expected):
            if "erase" in options:
                given = options["erase"]
                words = Words(draws, sample, ERASE)
                box = erased_rectangle(words, *shape[:2], given["probability"], given["area"], given["aspect"])
            else:
                box = cut_out(Words(draws, sample, CUTOUT), *shape[:2], options["cutout"]["size"])
            if box:
                top, left, bottom, right = box
                picture[top:bottom, left:right] = 0
        cases.append({"augment": options, "draws": draws, "expected": floats(expected)})
    return {"shape": list(shape), "pictures": floats(pictures), "cases": cases}


json.dump(
    {
        "pillow": PIL.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "python": platform.python_version(),
        "geometry": geometry(),
        "colours": colours(),
        "components": components(),
        "beta": beta(),
        "crossEntropy": cross_entropy(),
        "erased": erased(),
    },
    sys.stdout,
)
sys.stdout.write("\n")
