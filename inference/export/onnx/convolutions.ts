/** Convolutions and pooling over images or sequences with the channels first. Padding is written out, as TensorFlow counts it. */
import type { GraphLayer } from '../graph.js';
import type { Attributes, GraphBuilder } from './graph-builder.js';
import type { Value } from './value.js';

/** One size for each axis: of an image two, of a sequence one. */
export interface Window {
  kernel: number[];
  strides: number[];
  dilations: number[];
  padding: 'valid' | 'same';
}

/** The weight's shape is [height, width, in, out], or [steps, in, out]. */
export function convolve(
  graph: GraphBuilder,
  layer: GraphLayer,
  x: Value,
  role: string,
  window = windowOf(layer, 'kernel_size'),
): Value {
  const weight = weightNamed(layer, role);
  const size = weight.shape.slice(0, -2);
  const [inputs = 1, outputs = 1] = weight.shape.slice(-2);
  const places = size.reduce((product, each) => product * each, 1);
  const values = transposed(weight.values, [1, places, inputs, outputs], [3, 2, 0, 1]);
  const kernel = graph.weight({ name: weight.name, shape: [outputs, inputs, ...size], values });
  return convolved(graph, layer, x, kernel, window, 1);
}

/** The weight's shape is [height, width, channels, multiplier]; channel c gives outputs c * multiplier and on. */
export function depthwise(graph: GraphBuilder, layer: GraphLayer, x: Value): Value {
  const weight = weightNamed(layer, 'depthwise_kernel');
  const [height = 1, width = 1, channels = 1, multiplier = 1] = weight.shape;
  const values = transposed(weight.values, [height, width, channels, multiplier], [2, 3, 0, 1]);
  const shape = [channels * multiplier, 1, height, width];
  const kernel = graph.weight({ name: weight.name, shape, values });
  const y = convolved(graph, layer, x, kernel, windowOf(layer, 'kernel_size'), channels);
  return { ...y, shape: [...layer.outputShape.slice(0, 2), channels * multiplier] };
}

export function pool(graph: GraphBuilder, layer: GraphLayer, x: Value, opType: 'MaxPool' | 'AveragePool'): Value {
  const window = windowOf(layer, 'pool_size');
  const { kernel, strides } = window;
  const name = graph.node(opType, [x.name], { kernel_shape: kernel, strides, pads: padsOf(x.shape, window) });
  return { ...x, name, shape: layer.outputShape };
}

function convolved(
  graph: GraphBuilder,
  layer: GraphLayer,
  x: Value,
  kernel: string,
  window: Window,
  group: number,
): Value {
  const { kernel: size, strides, dilations } = window;
  const attributes: Attributes = { kernel_shape: size, strides, dilations, group, pads: padsOf(x.shape, window) };
  return { ...x, name: graph.node('Conv', [x.name, kernel], attributes), shape: layer.outputShape };
}

function weightNamed(layer: GraphLayer, role: string) {
  const found = layer.weights.find((weight) => weight.role === role);
  if (!found) throw new Error(`layer ${layer.name} has no ${role}`);
  return found;
}

function windowOf({ type, config }: GraphLayer, sizeKey: string): Window {
  const axes = type.endsWith('1D') ? 1 : 2;
  const kernel = sizesOf(config[sizeKey], axes);
  const strides = sizesOf(config['strides'] ?? (sizeKey === 'pool_size' ? kernel : 1), axes);
  const padding = config['padding'] === 'same' ? 'same' : 'valid';
  return { kernel, strides, dilations: sizesOf(config['dilation_rate'] ?? 1, axes), padding };
}

function sizesOf(value: unknown, axes: number): number[] {
  const sizes = [value].flat() as number[];
  return Array.from({ length: axes }, (_, axis) => sizes[axis] ?? sizes[0] ?? 1);
}

/** [top, left, bottom, right]: so much that ceil(size / stride) windows fit, the odd one at the end. */
function padsOf(shape: number[], { kernel, strides, dilations, padding }: Window): number[] {
  const sizes = shape.slice(0, -1);
  if (padding === 'valid') return sizes.flatMap(() => [0, 0]);
  const pads = sizes.map((size, axis) => {
    const [stride = 1, window = 1, dilation = 1] = [strides[axis], kernel[axis], dilations[axis]];
    const covered = (Math.ceil(size / stride) - 1) * stride + (window - 1) * dilation + 1;
    const all = Math.max(0, covered - size);
    return [Math.floor(all / 2), Math.ceil(all / 2)] as const;
  });
  return [...pads.map(([before]) => before), ...pads.map(([, after]) => after)];
}

/** `order` names for each axis of the result the axis that it was; of four. */
function transposed(values: Float32Array, shape: number[], order: number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const sizes = order.map((axis) => shape[axis] ?? 1);
  const steps = order.map((axis) => strides[axis] ?? 1);
  const [a = 1, b = 1, c = 1, d = 1] = sizes;
  const [stepA = 1, stepB = 1, stepC = 1, stepD = 1] = steps;
  const result = new Float32Array(values.length);
  let at = 0;
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      for (let k = 0; k < c; k++) {
        for (let l = 0; l < d; l++) result[at++] = values[i * stepA + j * stepB + k * stepC + l * stepD] ?? 0;
      }
    }
  }
  return result;
}
