/** A value in the graph, and how it lies: as tf.layers has it, with the channels last, or as ONNX's operators take images. */
import type { GraphBuilder } from './graph-builder.js';

export interface Value {
  name: string;
  /** Of one sample, channels last, however it lies. */
  shape: number[];
  /** `first` only for images and sequences. */
  layout: 'first' | 'last';
}

/** Images and sequences with the channels first; a vector stays. */
export function channelsFirst(graph: GraphBuilder, value: Value): Value {
  const { length } = value.shape;
  if (value.layout === 'first' || length < 2) return value;
  const perm = [0, length, ...value.shape.slice(1).map((_, axis) => axis + 1)];
  return { ...value, layout: 'first', name: graph.node('Transpose', [value.name], { perm }) };
}

export function channelsLast(graph: GraphBuilder, value: Value): Value {
  if (value.layout === 'last') return value;
  const perm = [0, ...value.shape.slice(1).map((_, axis) => axis + 2), 1];
  return { ...value, layout: 'last', name: graph.node('Transpose', [value.name], { perm }) };
}

export function channelAxis({ layout }: Value): number {
  return layout === 'first' ? 1 : -1;
}
