/** A value in the graph, and how it lies: as tf.layers has it, with the channels last, or as ONNX's operators take images. */
import type { GraphBuilder } from './graph-builder.js';

export interface Value {
  name: string;
  /** Of one sample, channels last, however it lies. */
  shape: number[];
  /** `first` only for images. */
  layout: 'first' | 'last';
}

/** Images with the channels first; what is no image stays. */
export function channelsFirst(graph: GraphBuilder, value: Value): Value {
  if (value.layout === 'first' || value.shape.length !== 3) return value;
  return { ...value, layout: 'first', name: graph.node('Transpose', [value.name], { perm: [0, 3, 1, 2] }) };
}

export function channelsLast(graph: GraphBuilder, value: Value): Value {
  if (value.layout === 'last') return value;
  return { ...value, layout: 'last', name: graph.node('Transpose', [value.name], { perm: [0, 2, 3, 1] }) };
}

export function channelAxis({ layout }: Value): number {
  return layout === 'first' ? 1 : -1;
}
