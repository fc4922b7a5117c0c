"""Makes augment.json: what augmentation does, by Pillow, NumPy and SciPy, for test/unit/augment-golden.test.ts.

    python augment.py > augment.json

Geometry is Pillow's own: rotation, affine transform and resizing of a box, of float pictures. Colours are those of NumPy
in float64, and once more of Pillow's ImageEnhance, whose bytes are rounded after every step. Principal components are
those of numpy.linalg.eigh, the distribution function of Beta is SciPy's.
"""

import json
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
    },
    sys.stdout,
)
sys.stdout.write("\n")
