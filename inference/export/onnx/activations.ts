/** tf.layers' activations in ONNX's operators. */
import { PolyakError } from '../../../common/errors.js';
import type { GraphBuilder } from './graph-builder.js';

/** Answers with the output's name; `axis` is that of the channels. */
type Activation = (graph: GraphBuilder, x: string, axis: number) => string;

const activations: Record<string, Activation> = {
  linear: (_, x) => x,
  relu: (graph, x) => graph.node('Relu', [x]),
  relu6: (graph, x) => graph.node('Clip', [x, graph.scalar(0), graph.scalar(6)]),
  elu: (graph, x) => graph.node('Elu', [x]),
  selu: (graph, x) => graph.node('Selu', [x]),
  sigmoid: (graph, x) => graph.node('Sigmoid', [x]),
  hardSigmoid: (graph, x) => graph.node('HardSigmoid', [x], { alpha: { float: 0.2 }, beta: { float: 0.5 } }),
  tanh: (graph, x) => graph.node('Tanh', [x]),
  softplus: (graph, x) => graph.node('Softplus', [x]),
  softsign: (graph, x) => graph.node('Softsign', [x]),
  softmax: (graph, x, axis) => graph.node('Softmax', [x], { axis }),
  logSoftmax: (graph, x, axis) => graph.node('LogSoftmax', [x], { axis }),
  /** x (1 + erf(x / sqrt 2)) / 2 */
  gelu: (graph, x) => {
    const erf = graph.node('Erf', [graph.node('Mul', [x, graph.scalar(Math.SQRT1_2)])]);
    const twice = graph.node('Mul', [x, graph.node('Add', [erf, graph.scalar(1)])]);
    return graph.node('Mul', [twice, graph.scalar(0.5)]);
  },
  swish: (graph, x) => graph.node('Mul', [x, graph.node('Sigmoid', [x])]),
  mish: (graph, x) => graph.node('Mul', [x, graph.node('Tanh', [graph.node('Softplus', [x])])]),
};

/** `name` as tfjs or Keras spells it. Errors: `usage`. */
export function activate(graph: GraphBuilder, name: string, x: string, axis: number, layer: string): string {
  const camel = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const activation = Object.hasOwn(activations, camel) ? activations[camel] : undefined;
  if (activation) return activation(graph, x, axis);
  throw new PolyakError('usage', `--format onnx: layer '${layer}' has activation '${name}', which cannot be exported`);
}
