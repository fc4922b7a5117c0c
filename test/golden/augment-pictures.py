"""Makes augment-pictures.json, for test/unit/augment-pictures.test.ts: what torchvision and NumPy make of colour pictures.

    python augment-pictures.py FOLDER/cifar10-jpeg-full.tar.gz > augment-pictures.json

The pictures are the first four of each class of CIFAR-10's training split. Saturation is torchvision's `adjust_saturation` of
float tensors, at a few places of each picture; principal components are those of numpy.linalg.eigh over all their pixels. What
is erased is counted of 20,000 draws of torchvision's `RandomErasing.get_params`, which needs no pictures.
"""

import hashlib
import io
import json
import re
import sys
import tarfile

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision.transforms import RandomErasing
from torchvision.transforms import functional

NAMES = re.compile(r"train/[a-z]+/000[0-3]\.jpg$")
FACTORS = (0.0, 0.4, 1.0, 1.6)
PLACES = ((0, 0), (9, 21), (16, 16), (31, 4))
ERASED = 20_000


def floats(values):
    return [float(f"{value:.9g}") for value in np.asarray(values, dtype=np.float64).ravel()]


def read(archive):
    with tarfile.open(archive) as tar:
        found = {m.name: tar.extractfile(m).read() for m in tar if NAMES.search(m.name)}
    return np.stack([np.asarray(Image.open(io.BytesIO(found[name])).convert("RGB")) for name in sorted(found)])


def components(pictures):
    pixels = pictures.reshape(-1, 3).astype(np.float64) / 255
    values, vectors = np.linalg.eigh(np.cov(pixels, rowvar=False, bias=True))
    order = np.argsort(-values)
    directions = []
    for index in order:
        vector = vectors[:, index]
        directions.append(floats(vector * np.sign(vector[np.argmax(np.abs(vector))])))
    return {"variances": floats(values[order]), "directions": directions}


def saturation(pictures):
    """[picture, place, channel]"""
    tensors = torch.from_numpy(pictures).permute(0, 3, 1, 2).double() / 255
    cases = []
    for factor in FACTORS:
        changed = functional.adjust_saturation(tensors, factor)
        expected = [[picture[:, y, x].tolist() for y, x in PLACES] for picture in changed]
        cases.append({"factor": factor, "expected": floats(expected)})
    return {"places": PLACES, "cases": cases}


def erased():
    """How many rectangles have a top, a left, a height, a width of at most each number of pixels, of those that erase anything."""
    torch.manual_seed(231)
    picture = torch.zeros(3, 32, 32)
    drawn = []
    for _ in range(ERASED):
        top, left, height, width, _ = RandomErasing.get_params(picture, (0.02, 0.33), (0.3, 3.3), [0.0])
        if (height, width) != (32, 32):
            drawn.append((top, left, height, width))
    counted = {}
    for index, name in enumerate(("top", "left", "height", "width")):
        values = np.array([each[index] for each in drawn])
        counted[name] = [int((values <= pixels).sum()) for pixels in range(33)]
    return {"size": 32, "drawn": len(drawn), "cumulative": counted}


pictures = read(sys.argv[1])
json.dump(
    {
        "pillow": PIL.__version__,
        "numpy": np.__version__,
        "torchvision": torchvision.__version__,
        "count": len(pictures),
        "sha256": hashlib.sha256(pictures.tobytes()).hexdigest(),
        "components": components(pictures),
        "saturation": saturation(pictures),
        "erased": erased(),
    },
    sys.stdout,
)
sys.stdout.write("\n")
