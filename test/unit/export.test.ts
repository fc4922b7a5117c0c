import { describe, expect, it } from 'vitest';
import { toFloat16 } from '../../inference/export/float16.js';
import type { GraphLayer, InferenceGraph } from '../../inference/export/graph.js';
import { toOnnx } from '../../inference/export/onnx/onnx.js';
import { store } from '../../inference/export/quantise.js';
import { toTfjs } from '../../inference/export/tfjs.js';

const input: GraphLayer = { name: 'input', type: 'InputLayer', config: {}, inputs: [], weights: [], outputShape: [4] };

function graphOf(layer: Partial<GraphLayer>): InferenceGraph {
  const whole = { ...input, name: 'last', type: 'Activation', inputs: ['input'], ...layer };
  return {
    ...{ name: 'test', layers: [input, whole], output: whole.name, outputs: 4, finalActivation: undefined },
    preprocess: { mean: null, factors: null, matrix: null, scale: 1 },
  };
}

describe('halves', () => {
  // By hand, sign 1 bit, exponent 5, fraction 10: the smallest half is 2^-24, the smallest with a leading 1 is 2^-14.
  it.each([
    { value: 0, half: 0x0000 },
    { value: -0, half: 0x8000 },
    { value: 1, half: 0x3c00 },
    { value: -2, half: 0xc000 },
    { value: 65504, half: 0x7bff },
    { value: 2 ** -14, half: 0x0400 },
    { value: 2 ** -24, half: 0x0001 },
    { value: 2 ** -25, half: 0x0000 },
    { value: 3 * 2 ** -25, half: 0x0002 },
    { value: 2 ** -14 - 2 ** -25, half: 0x0400 },
    { value: 1 + 2 ** -11, half: 0x3c00 },
    { value: 1 + 3 * 2 ** -11, half: 0x3c02 },
    { value: 1 + 2 ** -11 + 2 ** -20, half: 0x3c01 },
    { value: 2 - 2 ** -12, half: 0x4000 },
  ])('of $value are the nearest, ties to even', ({ value, half }) => {
    expect([...toFloat16(Float32Array.of(value), 'w')]).toEqual([half]);
  });

  it.each([65505, -1e30, Number.NaN])('of %d do not exist, and the message says where it is', (value) => {
    expect(() => toFloat16(Float32Array.of(1, value), 'dense_1/kernel')).toThrow(
      `--quantise float16: dense_1/kernel has a ${Math.fround(value)}, a half has at most 65504`,
    );
  });
});

describe('bytes', () => {
  it('have 0 among them, so that what was 0 is 0', () => {
    const stored = store({ name: 'w', shape: [1, 3], values: Float32Array.of(2, 0, 5.1) }, 'uint8');
    // From 0 to 5.1 in 255 steps of 0.02.
    expect(stored).toEqual({
      type: 'uint8',
      bytes: Uint8Array.of(100, 0, 255),
      scale: Math.fround(0.02),
      zeroPoint: 0,
    });
  });

  it('of a tensor of zeros are zeros', () => {
    const stored = store({ name: 'w', shape: [1, 2], values: Float32Array.of(0, 0) }, 'uint8');
    expect(stored).toEqual({ type: 'uint8', bytes: Uint8Array.of(0, 0), scale: 1, zeroPoint: 0 });
  });

  it('cannot be what is not finite, and the message says where it is', () => {
    const tensor = { name: 'dense_1/kernel', shape: [1, 1], values: Float32Array.of(Number.POSITIVE_INFINITY) };
    expect(() => store(tensor, 'uint8')).toThrow('--quantise uint8: dense_1/kernel has a Infinity');
  });
});

describe('ONNX refuses by name', () => {
  it.each([
    {
      layer: { name: 'memory', type: 'GRU' },
      message: "layer 'memory' is a GRU, which it cannot say; it can: Conv1D, Conv2D",
    },
    { layer: { config: { activation: 'hexagonal' } }, message: "layer 'last' has activation 'hexagonal'" },
    {
      layer: { type: 'Flatten', config: { data_format: 'channels_first' } },
      message: "layer 'last' has channels_first",
    },
    { layer: { type: 'Softmax', config: { axis: 2 } }, message: "layer 'last' has axis 2; only the last can be" },
  ])('$message', ({ layer, message }) => {
    expect(() => toOnnx(graphOf(layer), undefined, {})).toThrow(message);
  });
});

describe('TensorFlow.js as it comes has no', () => {
  it.each([
    { layer: { name: 'pieces', type: 'Maxout' }, message: "layer 'pieces' is a Maxout, which plain TensorFlow.js" },
    { layer: { type: 'GroupNormalization' }, message: "layer 'last' is a GroupNormalization, which plain" },
    { layer: { type: 'ELU', config: { alpha: 0.5 } }, message: "layer 'last' is a ELU of alpha 0.5, which plain" },
  ])('$message', ({ layer, message }) => {
    expect(() => toTfjs(graphOf(layer), undefined, {})).toThrow(message);
  });
});

it('a layer that has the name of one of ours keeps it in tfjs', () => {
  const graph = graphOf({ name: 'preprocess_scale', config: { activation: 'relu' } });
  const [model] = toTfjs({ ...graph, preprocess: { ...graph.preprocess, scale: 2 } }, undefined, {});
  const { modelTopology } = JSON.parse(String(model?.parts[0])) as {
    modelTopology: { config: { layers: { name: string; inbound_nodes: unknown[][][] }[] } };
  };
  const { layers } = modelTopology.config;
  expect(layers.map(({ name }) => name)).toEqual(['input', 'preprocess_scale_1', 'preprocess_scale', 'output']);
  expect(layers[2]?.inbound_nodes[0]?.[0]?.[0]).toBe('preprocess_scale_1');
});
