"""Writes a NumPy array as NumPy does: python3 write_npy.py FILE TYPE SHAPE VALUES, the last two as JSON."""

import json
import sys

import numpy

file, kind, shape, values = sys.argv[1:]
numpy.save(file, numpy.array(json.loads(values), kind).reshape(json.loads(shape)))
