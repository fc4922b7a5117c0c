"""Predicts with an exported model by ONNX Runtime: python3 run_onnx.py MODEL INPUTS OUTPUTS, both little-endian float32.
The first sample is predicted by itself, the others together: the number of samples is open."""

import sys

import numpy
import onnxruntime

model, inputs, outputs = sys.argv[1:]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
(taken,) = session.get_inputs()
samples = numpy.fromfile(inputs, "<f4").reshape(-1, *taken.shape[1:])
batches = [samples[:1], samples[1:]]
predicted = [session.run(None, {taken.name: batch})[0] for batch in batches]
numpy.concatenate(predicted).astype("<f4").tofile(outputs)
