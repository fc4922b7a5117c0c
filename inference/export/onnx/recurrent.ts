/** Layers over sequences that carry a state. ONNX has steps first, and an axis for directions, of which there is one. */
import type { GraphLayer, GraphWeight } from '../graph.js';
import type { GraphBuilder } from './graph-builder.js';
import { channelsLast, type Value } from './value.js';

/** Keras's gates i, f, c, o in ONNX's order i, o, f, c. */
const gateOrder = [0, 3, 1, 2];

/** W is [1, 4 units, features], R [1, 4 units, units], B [1, 8 units], of which the second half is the bias of R. */
export function lstm(graph: GraphBuilder, layer: GraphLayer, input: Value): Value {
  const x = channelsLast(graph, input);
  const weight = (role: string) => layer.weights.find((each) => each.role === role);
  const units = layer.outputShape.at(-1) ?? 1;
  const steps = graph.node('Transpose', [x.name], { perm: [1, 0, 2] });
  const inputs = [steps, gatesFirst(graph, weight('kernel')), gatesFirst(graph, weight('recurrent_kernel'))];
  const bias = weight('bias');
  if (bias) {
    const values = new Float32Array(8 * units);
    gateOrder.forEach((gate, to) => values.set(bias.values.subarray(gate * units, (gate + 1) * units), to * units));
    inputs.push(graph.floats(bias.name, [1, 8 * units], values));
  }
  const attributes = { hidden_size: units };
  if (layer.outputShape.length === 1) {
    const last = graph.nodeWith('LSTM', inputs, attributes, ['', graph.fresh('lstm')]);
    return { name: graph.node('Squeeze', [last, graph.integers([0])]), shape: layer.outputShape, layout: 'last' };
  }
  const all = graph.node('Squeeze', [graph.node('LSTM', inputs, attributes), graph.integers([1])]);
  return { name: graph.node('Transpose', [all], { perm: [1, 0, 2] }), shape: layer.outputShape, layout: 'last' };
}

/** [in, 4 units] in Keras's order of gates as [1, 4 units, in] in ONNX's. */
function gatesFirst(graph: GraphBuilder, weight: GraphWeight | undefined): string {
  if (!weight) throw new Error('an LSTM has a kernel and a recurrent kernel');
  const [inputs = 1, outputs = 1] = weight.shape;
  const units = outputs / 4;
  const values = new Float32Array(weight.values.length);
  for (let row = 0; row < outputs; row++) {
    const column = (gateOrder[Math.floor(row / units)] ?? 0) * units + (row % units);
    for (let i = 0; i < inputs; i++) values[row * inputs + i] = weight.values[i * outputs + column] ?? 0;
  }
  return graph.weight({ name: weight.name, shape: [1, outputs, inputs], values });
}
