"""Microseconds that torchvision takes to augment and normalise a picture of 32x32x3 bytes, by name, as one line of JSON.

One thread, as a DataLoader's process has it: each picture by itself, with draws of its own, a tensor of bytes; mixup is of a
batch of 128, with labels. Collating is part of it, since a batch is what is wanted. Nothing, where
there is no torchvision.
"""

import json
import sys
import time

import torch
from torch.utils.data import default_collate

try:
    from torchvision.transforms import InterpolationMode, v2
except ImportError:
    print("{}")
    sys.exit()

torch.set_num_threads(1)
torch.manual_seed(231)
COUNT = 128
SECONDS = 0.5
BILINEAR = InterpolationMode.BILINEAR

pictures = torch.randint(0, 256, (COUNT, 3, 32, 32), dtype=torch.uint8)
labels = torch.arange(COUNT) % 10
normalise = [v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25])]

transforms = {
    "nothing": [],
    "flip": [v2.RandomHorizontalFlip()],
    "crop": [v2.RandomCrop(32, padding=4)],
    "resizedCrop": [v2.RandomResizedCrop(32, scale=(0.3, 1.0), antialias=False)],
    "rotate": [v2.RandomRotation(15, interpolation=BILINEAR)],
    "translate": [v2.RandomAffine(0, translate=(0.1, 0.1), interpolation=BILINEAR)],
    "brightness": [v2.ColorJitter(brightness=0.2)],
    "contrast": [v2.ColorJitter(contrast=0.2)],
    "saturation": [v2.ColorJitter(saturation=0.2)],
    "flip, crop and all three colours": [
        v2.RandomHorizontalFlip(),
        v2.RandomCrop(32, padding=4),
        v2.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2),
    ],
}
# After the normalisation, as Polyak erases.
after = {"erase": [v2.RandomErasing(p=0.5)]}


def timed(batch):
    batch()
    begun = time.perf_counter()
    batches = 0
    while time.perf_counter() - begun < SECONDS:
        batch()
        batches += 1
    return (time.perf_counter() - begun) * 1e6 / (batches * COUNT)


def each(steps):
    transform = v2.Compose(steps)
    return lambda: default_collate([(transform(picture), label) for picture, label in zip(pictures, labels)])


figures = {name: timed(each([*steps, *normalise])) for name, steps in transforms.items()}
figures |= {name: timed(each([*normalise, *steps])) for name, steps in after.items()}
plain, mixup = each(normalise), v2.MixUp(alpha=0.2, num_classes=10)
figures["mixup"] = timed(lambda: mixup(*plain()))
print(json.dumps(figures))
