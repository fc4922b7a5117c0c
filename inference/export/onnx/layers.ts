/** Each layer in ONNX's operators. tf.layers has channels last, ONNX has them first; values are turned where needed. */
import { PolyakError } from '../../../common/errors.js';
import type { GraphLayer, GraphWeight } from '../graph.js';
import { middle, placesOfPools } from '../../../worker/layers/fractional-max-pooling-2d.js';
import { activate } from './activations.js';
import { convolve, depthwise, pool, type Window } from './convolutions.js';
import { dataTypes, type Attributes, type GraphBuilder } from './graph-builder.js';
import { lstm } from './recurrent.js';
import { channelAxis, channelsFirst, channelsLast, type Value } from './value.js';

type Converter = (graph: GraphBuilder, layer: GraphLayer, inputs: [Value, ...Value[]]) => Value;

const converters: Record<string, Converter> = {
  Conv1D: (graph, layer, [x]) => finish(graph, layer, convolve(graph, layer, channelsFirst(graph, x), 'kernel')),
  Conv2D: (graph, layer, [x]) => finish(graph, layer, convolve(graph, layer, channelsFirst(graph, x), 'kernel')),
  DepthwiseConv2D: (graph, layer, [x]) => finish(graph, layer, depthwise(graph, layer, channelsFirst(graph, x))),
  SeparableConv2D: (graph, layer, [x]) => {
    const perChannel = depthwise(graph, layer, channelsFirst(graph, x));
    const point: Window = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1], padding: 'valid' };
    return finish(graph, layer, convolve(graph, layer, perChannel, 'pointwise_kernel', point));
  },
  MaxPooling1D: (graph, layer, [x]) => pool(graph, layer, channelsFirst(graph, x), 'MaxPool'),
  MaxPooling2D: (graph, layer, [x]) => pool(graph, layer, channelsFirst(graph, x), 'MaxPool'),
  FractionalMaxPooling2D: (graph, layer, [input]) => {
    const x = channelsFirst(graph, input);
    const window = layer.config['pool_size'] as [number, number];
    const pick = (name: string, axis: 0 | 1) => {
      const places = placesOfPools(x.shape[axis] ?? 1, layer.outputShape[axis] ?? 1, window[axis], middle);
      return graph.node('Gather', [name, graph.integers([...places])], { axis: axis + 2 });
    };
    const picked = pick(pick(x.name, 0), 1);
    const name = graph.node('MaxPool', [picked], { kernel_shape: window, strides: window });
    return { name, shape: layer.outputShape, layout: 'first' };
  },
  AveragePooling1D: (graph, layer, [x]) => pool(graph, layer, channelsFirst(graph, x), 'AveragePool'),
  AveragePooling2D: (graph, layer, [x]) => pool(graph, layer, channelsFirst(graph, x), 'AveragePool'),
  GlobalMaxPooling1D: (graph, layer, [x]) => poolWhole(graph, layer, x, 'GlobalMaxPool'),
  GlobalAveragePooling1D: (graph, layer, [x]) => poolWhole(graph, layer, x, 'GlobalAveragePool'),
  GlobalAveragePooling2D: (graph, layer, [x]) => poolWhole(graph, layer, x, 'GlobalAveragePool'),
  LSTM: (graph, layer, [x]) => lstm(graph, layer, x),
  Embedding: (graph, layer, [x]) => {
    // Tokens come as floats, as all samples do.
    const tokens = graph.node('Cast', [channelsLast(graph, x).name], { to: dataTypes.int64 });
    const name = graph.node('Gather', [weight(graph, layer, 'embeddings'), tokens], { axis: 0 });
    return { name, shape: layer.outputShape, layout: 'last' };
  },
  Dense: (graph, layer, [input]) => {
    const x = channelsLast(graph, input);
    const y = { ...x, shape: layer.outputShape, name: graph.node('MatMul', [x.name, weight(graph, layer, 'kernel')]) };
    return finish(graph, layer, y);
  },
  Flatten: (graph, layer, [x]) => {
    const name = graph.node('Flatten', [channelsLast(graph, x).name], { axis: 1 });
    return { name, shape: layer.outputShape, layout: 'last' };
  },
  Reshape: (graph, layer, [x]) => {
    // A 0 keeps the number of samples as it is.
    const target = graph.integers([0, ...layer.outputShape]);
    const name = graph.node('Reshape', [channelsLast(graph, x).name, target]);
    return { name, shape: layer.outputShape, layout: 'last' };
  },
  Activation: (graph, layer, [x]) => activated(graph, layer, x),
  ReLU: (graph, layer, [x]) => {
    const most = layer.config['max_value'];
    if (typeof most !== 'number') return activated(graph, layer, x, 'relu');
    return { ...x, name: graph.node('Clip', [x.name, graph.scalar(0), graph.scalar(most)]) };
  },
  LeakyReLU: (graph, layer, [x]) => unary(graph, 'LeakyRelu', x, { alpha: float(layer, 'alpha', 0.3) }),
  ELU: (graph, layer, [x]) => unary(graph, 'Elu', x, { alpha: float(layer, 'alpha', 1) }),
  PReLU: (graph, layer, [input]) => {
    const x = channelsLast(graph, input);
    const alpha = weightOf(layer, 'alpha');
    if (!alpha) throw new Error(`layer ${layer.name} has no alpha`);
    return { ...x, name: graph.node('PRelu', [x.name, graph.floats(alpha.name, alpha.shape, alpha.values)]) };
  },
  Maxout: (graph, layer, [input]) => {
    const x = channelsLast(graph, input);
    const pieces = Array.from({ length: Number(layer.config['pieces']) }, () => graph.fresh('piece'));
    graph.nodeWith('Split', [x.name], { axis: -1 }, pieces);
    return { ...x, shape: layer.outputShape, name: graph.node('Max', pieces) };
  },
  Softmax: (graph, layer, [x]) => activated(graph, requireLastAxis(layer), x, 'softmax'),
  BatchNormalization: (graph, layer, [x]) => normalise(graph, requireLastAxis(layer), x),
  LayerNormalization: (graph, layer, [input]) => {
    const x = channelsLast(graph, input);
    const scales = scalesOf(graph, requireLastAxis(layer), [layer.outputShape.at(-1) ?? 1]);
    const epsilon = float(layer, 'epsilon', 1e-3);
    return { ...x, name: graph.node('LayerNormalization', [x.name, ...scales], { axis: -1, epsilon }) };
  },
  GroupNormalization: (graph, layer, [x]) => normaliseGroups(graph, layer, channelsFirst(graph, x)),
  Add: (graph, _, inputs) => {
    const alike = inputs.every(({ layout }) => layout === 'first');
    const [first, ...rest] = alike
      ? inputs
      : (inputs.map((input) => channelsLast(graph, input)) as [Value, ...Value[]]);
    return { ...first, name: rest.reduce((sum, { name }) => graph.node('Add', [sum, name]), first.name) };
  },
  Concatenate: (graph, layer, inputs) => {
    const names = inputs.map((input) => channelsLast(graph, input).name);
    return {
      name: graph.node('Concat', names, { axis: -1 }),
      shape: requireLastAxis(layer).outputShape,
      layout: 'last',
    };
  },
  ZeroPadding2D: (graph, layer, [x]) => {
    const [[top, bottom], [left, right]] = layer.config['padding'] as [[number, number], [number, number]];
    const pads = graph.integers([0, 0, top, left, 0, 0, bottom, right]);
    const name = graph.node('Pad', [channelsFirst(graph, x).name, pads]);
    return { name, shape: layer.outputShape, layout: 'first' };
  },
  Rescaling: (graph, { config }, [x]) => {
    const scaled = graph.node('Mul', [x.name, graph.scalar(Number(config['scale']))]);
    return { ...x, name: graph.node('Add', [scaled, graph.scalar(Number(config['offset'] ?? 0))]) };
  },
};

/** Errors: `usage` for a layer that is not in the table, by its name. */
export function convertLayer(graph: GraphBuilder, layer: GraphLayer, inputs: [Value, ...Value[]]): Value {
  const converter = Object.hasOwn(converters, layer.type) ? converters[layer.type] : undefined;
  if (!converter) {
    const known = `it can: ${Object.keys(converters).join(', ')}`;
    throw new PolyakError(
      'usage',
      `--format onnx: layer '${layer.name}' is a ${layer.type}, which it cannot say; ${known}`,
    );
  }
  if (layer.config['data_format'] === 'channels_first') {
    throw new PolyakError(
      'usage',
      `--format onnx: layer '${layer.name}' has channels_first; only channels_last can be exported`,
    );
  }
  return converter(graph, layer, inputs);
}

function weightOf(layer: GraphLayer, role: string): GraphWeight | undefined {
  return layer.weights.find((candidate) => candidate.role === role);
}

function weight(graph: GraphBuilder, layer: GraphLayer, role: string): string {
  const found = weightOf(layer, role);
  if (!found) throw new Error(`layer ${layer.name} has no ${role}`);
  return graph.weight(found);
}

function poolWhole(graph: GraphBuilder, layer: GraphLayer, x: Value, opType: string): Value {
  const pooled = graph.node(opType, [channelsFirst(graph, x).name]);
  return { name: graph.node('Flatten', [pooled], { axis: 1 }), shape: layer.outputShape, layout: 'last' };
}

/** Bias and activation. */
function finish(graph: GraphBuilder, layer: GraphLayer, x: Value): Value {
  const bias = weightOf(layer, 'bias');
  if (!bias) return activated(graph, layer, x);
  const shape = x.layout === 'first' ? [bias.values.length, ...x.shape.slice(1).map(() => 1)] : bias.shape;
  const name = graph.node('Add', [x.name, graph.floats(bias.name, shape, bias.values)]);
  return activated(graph, layer, { ...x, name });
}

function activated(graph: GraphBuilder, layer: GraphLayer, x: Value, name?: string): Value {
  const { activation = 'linear' } = layer.config as { activation?: string };
  return { ...x, name: activate(graph, name ?? activation, x.name, channelAxis(x), layer.name) };
}

function unary(graph: GraphBuilder, opType: string, x: Value, attributes: Attributes): Value {
  return { ...x, name: graph.node(opType, [x.name], attributes) };
}

function float({ config }: GraphLayer, key: string, otherwise: number): { float: number } {
  const value = config[key];
  return { float: typeof value === 'number' ? value : otherwise };
}

function requireLastAxis(layer: GraphLayer): GraphLayer {
  const axis = Number(layer.config['axis'] ?? -1);
  if (axis === -1 || axis === layer.outputShape.length) return layer;
  throw new PolyakError(
    'usage',
    `--format onnx: layer '${layer.name}' has axis ${axis}; only the last can be exported`,
  );
}

/** Gamma and beta, in this shape. */
function scalesOf(graph: GraphBuilder, layer: GraphLayer, shape: number[]): [string, string] {
  const channels = layer.outputShape.at(-1) ?? 1;
  const valuesOf = (role: string, otherwise: number) =>
    weightOf(layer, role)?.values ?? new Float32Array(channels).fill(otherwise);
  return [
    graph.floats(`${layer.name}/gamma`, shape, valuesOf('gamma', 1)),
    graph.floats(`${layer.name}/beta`, shape, valuesOf('beta', 0)),
  ];
}

/** As instance normalisation of groups that are laid out as channels; an operator of its own is newer than our opset. */
function normaliseGroups(graph: GraphBuilder, layer: GraphLayer, x: Value): Value {
  const groups = Number(layer.config['groups']);
  const places = layer.outputShape.slice(0, -1);
  const channels = layer.outputShape.at(-1) ?? 1;
  const asChannels = graph.node('Reshape', [x.name, graph.integers([0, groups, -1])]);
  const ones = graph.floats(`${layer.name}/ones`, [groups], new Float32Array(groups).fill(1));
  const zeros = graph.floats(`${layer.name}/zeros`, [groups], new Float32Array(groups));
  const epsilon = float(layer, 'epsilon', 1e-3);
  const normalised = graph.node('InstanceNormalization', [asChannels, ones, zeros], { epsilon });
  const back = graph.node('Reshape', [normalised, graph.integers([0, channels, ...places])]);
  const [gamma, beta] = scalesOf(graph, layer, [channels, ...places.map(() => 1)]);
  return { ...x, name: graph.node('Add', [graph.node('Mul', [back, gamma]), beta]) };
}

/** ONNX's operator has the channels second; a sample of two dimensions has no place for them there. */
function normalise(graph: GraphBuilder, layer: GraphLayer, input: Value): Value {
  const channels = layer.outputShape.at(-1) ?? 1;
  const valuesOf = (role: string, otherwise: number) =>
    weightOf(layer, role)?.values ?? new Float32Array(channels).fill(otherwise);
  const parts = { gamma: valuesOf('gamma', 1), beta: valuesOf('beta', 0) };
  const statistics = { moving_mean: valuesOf('moving_mean', 0), moving_variance: valuesOf('moving_variance', 1) };
  const inputs = Object.entries({ ...parts, ...statistics }).map(([role, values]) =>
    graph.floats(`${layer.name}/${role}`, [channels], values),
  );
  const epsilon = float(layer, 'epsilon', 1e-3);
  const flat = layer.outputShape.length === 2;
  const x = flat ? channelsLast(graph, input) : channelsFirst(graph, input);
  if (!flat) return { ...x, name: graph.node('BatchNormalization', [x.name, ...inputs], { epsilon }) };
  // [samples * rows, channels]
  const rows = graph.node('Reshape', [x.name, graph.integers([-1, channels])]);
  const normalised = graph.node('BatchNormalization', [rows, ...inputs], { epsilon });
  return { ...x, name: graph.node('Reshape', [normalised, graph.integers([-1, ...layer.outputShape])]) };
}
