"""Makes coordinates.json: random numbers of trials as the comments of coordinator/search define them, for
test/unit/search-coordinates.test.ts. Philox, the hash of places, and Owen's scrambling are written here once more.

Usage: python coordinates.py > coordinates.json
"""

import json
import sys

MASK = 0xFFFFFFFF
HYPERPARAMETERS = 6


def philox(counter, key):
    x, k = list(counter), list(key)
    for _ in range(10):
        first, second = 0xD2511F53 * x[0], 0xCD9E8D57 * x[2]
        x = [(second >> 32) ^ x[1] ^ k[0], second & MASK, (first >> 32) ^ x[3] ^ k[1], first & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return x


def words(seed, a, b, c):
    """The first four words of the stream."""
    return philox([0, a, b, c], [seed & MASK, seed >> 32 | HYPERPARAMETERS << 21])


def coordinate(seed, a, b, stream):
    high, low, *_ = words(seed, a, b, stream)
    bits = high << 20 | low >> 12
    return (2 * bits + 1) / 2**53


def place_hash(text):
    value = 0x811C9DC5
    for unit in text:
        value = ((value ^ ord(unit)) * 0x01000193) & MASK
    return value


def scrambled(seed, stream, word):
    result = 0
    for bit in range(32):
        before = word >> (32 - bit)
        coin = words(seed, before, bit + 1, stream)[0] & 1
        result = result << 1 | (word >> (31 - bit) & 1) ^ coin
    return (result + 0.5) / 2**32


PLACES = ["rate", "width", "optimizer/choice/0/space/rate", "optimizer/choice/1/momentum/momentum"]
SEEDS = [0, 231, 2**40 + 12345]

json.dump(
    {
        "hashes": [[place, place_hash(place)] for place in PLACES],
        "random": [
            [seed, number, attempt, place_hash(PLACES[0]), coordinate(seed, number, attempt, place_hash(PLACES[0]))]
            for seed in SEEDS
            for number, attempt in ((0, 0), (1, 0), (0, 1), (4294967295, 9999))
        ],
        "scrambled": [
            [seed, stream, word, scrambled(seed, stream, word)]
            for seed in SEEDS
            for stream, word in ((1, 0), (place_hash(PLACES[1]), 0x80000000), (MASK, 0xDEADBEEF))
        ],
    },
    sys.stdout,
)
print()
