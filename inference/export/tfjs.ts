/**
 * A layers model that plain @tensorflow/tfjs loads: model.json and shards of weights. Every layer in it is one of
 * tfjs's own; preprocessing and the final activation are layers too.
 */
import { PolyakError } from '../../common/errors.js';
import type { ExportedFile } from './export-run.js';
import type { GraphLayer, InferenceGraph } from './graph.js';
import { store, type Quantisation, type Tensor } from './quantise.js';

/** Browsers cache files of this size. */
const shardBytesMax = 4 << 20;
/** (x - mean) / sqrt(variance + epsilon) with these two is x - mean; no kernel takes an epsilon of 0 everywhere. */
const epsilon = 1e-3;
const variance = 1 - epsilon;

export function toTfjs(
  graph: InferenceGraph,
  quantisation: Quantisation | undefined,
  metadata: Record<string, unknown>,
): ExportedFile[] {
  const own = graph.layers.find(({ isOfModule }) => isOfModule);
  if (own) {
    const instead = 'which plain TensorFlow.js does not have; --format safetensors keeps its weights';
    throw new PolyakError(
      'usage',
      `--format tfjs: layer '${own.name}' is a ${own.type} of the run's module, ${instead}`,
    );
  }
  const foreign = graph.layers.find((layer) => isForeign(layer));
  if (foreign) {
    const what = foreign.type === 'ELU' ? `ELU of alpha ${Number(foreign.config['alpha'])}` : foreign.type;
    const instead = 'which plain TensorFlow.js does not have; --format onnx has it';
    throw new PolyakError('usage', `--format tfjs: layer '${foreign.name}' is a ${what}, ${instead}`);
  }
  const layers = withFinalActivation(withPreprocessing(graph), graph);
  const shards = new Shards();
  const weights = layers.flatMap((layer) => layer.weights).map((weight) => shards.add(weight, quantisation));
  const files = shards.files();
  const model = {
    format: 'layers-model',
    generatedBy: `polyak ${String(metadata['polyak'])}`,
    convertedBy: null,
    modelTopology: {
      class_name: 'Model',
      config: {
        name: 'model',
        layers: layers.map(layerJson),
        input_layers: [[layers[0]?.name, 0, 0]],
        output_layers: [[layers.at(-1)?.name, 0, 0]],
      },
    },
    weightsManifest: [{ paths: files.map(({ name }) => name), weights }],
    userDefinedMetadata: metadata,
  };
  return [{ name: 'model.json', parts: [Buffer.from(JSON.stringify(model))] }, ...files];
}

function isForeign({ type, config }: GraphLayer): boolean {
  const none = type === 'Maxout' || type === 'GroupNormalization' || type === 'FractionalMaxPooling2D';
  return none || (type === 'ELU' && (config['alpha'] ?? 1) !== 1);
}

function layerJson({ name, type, config, inputs, outputShape }: GraphLayer) {
  const inbound = inputs.length > 0 ? [inputs.map((input) => [input, 0, 0, {}])] : [];
  // Of the data, where the model's own input is what preprocessing makes of them.
  const input = type === 'InputLayer' ? { batch_input_shape: [null, ...outputShape] } : {};
  return { name, class_name: type, config: { ...config, ...input, name }, inbound_nodes: inbound };
}

/** The layers with what goes between the input and the layers that take it. */
function withPreprocessing({ layers, preprocess }: InferenceGraph): GraphLayer[] {
  const [input, ...rest] = layers;
  if (!input) return layers;
  const chain = new Chain(input, layers);
  let shape = input.outputShape;
  const features = shape.reduce((product, size) => product * size, 1);
  const { mean, factors, matrix } = preprocess;
  if (mean) {
    if (shape.length > 1) chain.add('preprocess_flat', 'Reshape', { target_shape: [features] }, [features]);
    const statistics = { moving_mean: mean, moving_variance: new Float32Array(features).fill(variance) };
    const config = { axis: -1, momentum: 0.99, epsilon, center: false, scale: factors !== null };
    const weights = factors ? { gamma: factors, ...statistics } : statistics;
    chain.add('preprocess_mean', 'BatchNormalization', config, [features], weights);
    if (matrix) {
      const { width: units, values } = matrix;
      const kernel = { values, shape: [features, units] };
      shape = [units];
      chain.add('preprocess_matrix', 'Dense', { units, use_bias: false, activation: 'linear' }, shape, { kernel });
    } else if (shape.length > 1) chain.add('preprocess_shape', 'Reshape', { target_shape: shape }, shape);
  }
  if (preprocess.scale !== 1) {
    chain.add('preprocess_scale', 'Rescaling', { scale: preprocess.scale, offset: 0 }, shape);
  }
  const last = chain.last;
  const rewired = rest.map((layer) => ({
    ...layer,
    inputs: layer.inputs.map((name) => (name === input.name ? last.name : name)),
  }));
  return [...chain.layers, ...rewired];
}

/** The output comes last, by whatever name. */
function withFinalActivation(layers: GraphLayer[], { output, finalActivation, outputs }: InferenceGraph): GraphLayer[] {
  const last = layers.find(({ name }) => name === output) ?? layers.at(-1);
  if (!last) return layers;
  const chain = new Chain(last, layers);
  chain.add(finalActivation ? 'probabilities' : 'output', 'Activation', { activation: finalActivation ?? 'linear' }, [
    outputs,
  ]);
  return [...layers, chain.last];
}

/** Layers one behind the other, with names that nothing else has. */
class Chain {
  readonly layers: GraphLayer[];
  private readonly names: Set<string>;

  constructor(first: GraphLayer, all: readonly GraphLayer[]) {
    this.layers = [first];
    this.names = new Set(all.map(({ name }) => name));
  }

  get last(): GraphLayer {
    return this.layers.at(-1) as GraphLayer;
  }

  add(
    wanted: string,
    type: string,
    config: Record<string, unknown>,
    outputShape: number[],
    weights: Record<string, Float32Array | { values: Float32Array; shape: number[] }> = {},
  ): void {
    let name = wanted;
    for (let number = 1; this.names.has(name); number++) name = `${wanted}_${number}`;
    this.names.add(name);
    const named = Object.entries(weights).map(([role, weight]) => {
      const { values, shape } =
        'values' in weight && 'shape' in weight ? weight : { values: weight, shape: [weight.length] };
      return { name: `${name}/${role}`, role, shape, values };
    });
    const trained = { trainable: true };
    this.layers.push({
      ...{ name, type, outputShape, weights: named },
      config: { ...config, ...trained },
      inputs: [this.last.name],
    });
  }
}

/** All weights one behind the other, cut into files. */
class Shards {
  private readonly parts: Uint8Array[] = [];

  /** Answers with the weight's entry in the manifest. */
  add(tensor: Tensor, quantisation: Quantisation | undefined) {
    const stored = store(tensor, quantisation);
    this.parts.push(stored.bytes);
    const entry = { name: tensor.name, shape: tensor.shape, dtype: 'float32' };
    if (stored.type === 'float32') return entry;
    if (stored.type === 'float16') return { ...entry, quantization: { dtype: 'float16', original_dtype: 'float32' } };
    const { scale, zeroPoint } = stored;
    const quantization = { dtype: 'uint8', scale, min: -zeroPoint * scale, original_dtype: 'float32' };
    return { ...entry, quantization };
  }

  files(): ExportedFile[] {
    const all = Buffer.concat(this.parts);
    const count = Math.max(1, Math.ceil(all.length / shardBytesMax));
    return Array.from({ length: count }, (_, index) => ({
      name: `group1-shard${index + 1}of${count}.bin`,
      parts: [all.subarray(index * shardBytesMax, (index + 1) * shardBytesMax)],
    }));
  }
}
