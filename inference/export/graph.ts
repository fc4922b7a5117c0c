/**
 * A trained model as the exporters see it: layers in an order in which each comes after its inputs, their options in
 * Keras's spelling, weights by name, and what training does before and behind the layers. What only training needs is
 * gone.
 */
import type { LayersModel } from '@tensorflow/tfjs';
import { PolyakError } from '../../common/errors.js';
import type { Manifest } from '../../common/manifest.js';
import { preprocessPlan, widthOf } from '../../common/preprocessing/preprocess-plan.js';
import type { InferenceModel } from '../inference-model.js';
import { Preprocessor } from '../preprocessor.js';
import type { TrainedRun } from '../trained-run.js';

export interface GraphWeight {
  /** In the manifest, such as `conv2d_1/kernel`. */
  name: string;
  /** In the layer, such as `kernel`. */
  role: string;
  shape: number[];
  values: Float32Array;
}

export interface GraphLayer {
  name: string;
  /** Class in Keras, such as `Conv2D`. */
  type: string;
  /** As Keras writes it in JSON, such as `kernel_size`. */
  config: Record<string, unknown>;
  /** Names of layers. */
  inputs: string[];
  weights: GraphWeight[];
  /** Of one sample. */
  outputShape: number[];
  /** Its class is one of the experiment's module. */
  isOfModule?: boolean;
}

export interface InferenceGraph {
  name: string;
  /** The first is the input. */
  layers: GraphLayer[];
  /** Name of the layer that puts out logits, or numbers. */
  output: string;
  outputs: number;
  /** Comes behind the output. */
  finalActivation: 'softmax' | 'sigmoid' | undefined;
  preprocess: GraphPreprocess;
}

/** What comes before the first layer: (input - mean) * factors, or matrix (input - mean) as a vector; then times the scale. */
export interface GraphPreprocess {
  /** Per feature. */
  mean: Float32Array | null;
  factors: Float32Array | null;
  /** [features, width] */
  matrix: { width: number; values: Float32Array } | null;
  scale: number;
}

interface LayerJson {
  name?: string;
  class_name: string;
  config: Record<string, unknown>;
  inbound_nodes?: [string, number, number, unknown][][];
}

/** Do nothing when predicting. */
const trainingOnly = new Set([
  'Dropout',
  'SpatialDropout1D',
  'SpatialDropout2D',
  'StochasticDepth',
  'GaussianDropout',
  'GaussianNoise',
  'AlphaDropout',
]);

/** Errors: `usage` for a model whose layers are models, or are used twice. */
export async function inferenceGraph(run: TrainedRun): Promise<InferenceGraph> {
  const model = await run.model();
  const all = layersOf(model, run).map(asPredicting);
  const passed = new Map<string, string>();
  const origin = (name: string): string => {
    const before = passed.get(name);
    return before === undefined ? name : origin(before);
  };
  for (const { name, type, inputs } of all) if (trainingOnly.has(type)) passed.set(name, inputs[0] ?? '');
  const layers = all
    .filter(({ name }) => !passed.has(name))
    .map((layer) => ({ ...layer, inputs: layer.inputs.map(origin) }));
  return {
    name: run.experiment.name,
    layers,
    output: origin(model.layers.outputNames[0] ?? ''),
    outputs: run.dataShape.outputs,
    finalActivation: model.finalActivation,
    preprocess: preprocessOf(run),
  };
}

/** What a layer of training's own is when predicting. */
function asPredicting(layer: GraphLayer): GraphLayer {
  const { type, config } = layer;
  if (type === 'DropConnect') {
    const { rate: _, ...dense } = config;
    return { ...layer, type: 'Dense', config: dense };
  }
  if (!trainingOnly.has(type) || config['form'] !== 'plain') return layer;
  return { ...layer, type: 'Rescaling', config: { scale: 1 - Number(config['rate']), offset: 0, trainable: true } };
}

function layersOf(built: InferenceModel, run: TrainedRun): GraphLayer[] {
  const model = built.layers;
  const json = model.toJSON(null, false) as unknown as { class_name: string; config: { layers: LayerJson[] } };
  const { layers } = json.config;
  const described = json.class_name === 'Sequential' ? chained(layers, model) : layers.map(functional);
  return described.map((layer) => {
    if (layer.type === 'Sequential' || layer.type === 'Model' || layer.type === 'Functional') {
      throw new PolyakError('usage', `model: layer '${layer.name}' is a model itself, which cannot be exported`);
    }
    const outputShape = layer.type === 'InputLayer' ? run.inputShape : shapeOf(model, layer.name);
    const weights = weightsOf(layer.name, run.manifest, run.vector);
    const config = wholeConfig(layer, weights);
    return { ...layer, outputShape, weights, config, isOfModule: built.isOfModule(layer.type) };
  });
}

/** tfjs's getConfig leaves a separable convolution's multiplier out. */
function wholeConfig({ type, config }: Described, weights: GraphWeight[]): GraphLayer['config'] {
  if (type !== 'SeparableConv2D') return config;
  const kernel = weights.find(({ role }) => role === 'depthwise_kernel');
  return { ...config, depth_multiplier: kernel?.shape[3] ?? 1 };
}

type Described = Omit<GraphLayer, 'outputShape' | 'weights' | 'isOfModule'>;

function functional({ name = '', class_name: type, config, inbound_nodes: nodes = [] }: LayerJson): Described {
  if (nodes.length > 1) {
    throw new PolyakError('usage', `model: layer '${name}' is used ${nodes.length} times, which cannot be exported`);
  }
  return { name, type, config, inputs: (nodes[0] ?? []).map(([input]) => input) };
}

/** A Sequential has no input layer of its own, or has it in the list. */
function chained(layers: LayerJson[], model: LayersModel): Described[] {
  const own = layers.map(({ class_name: type, config }) => ({ type, config, name: String(config['name']) }));
  const first = own[0]?.type === 'InputLayer' ? [] : [inputOf(model)];
  return [...first, ...own].map((layer, index, list) => ({
    ...layer,
    inputs: index === 0 ? [] : [list[index - 1]?.name ?? ''],
  }));
}

function inputOf(model: LayersModel) {
  const name = model.inputNames[0] ?? 'input';
  return {
    name,
    type: 'InputLayer',
    config: { batch_input_shape: model.inputs[0]?.shape, dtype: 'float32', sparse: false, name },
  };
}

function shapeOf(model: LayersModel, name: string): number[] {
  return (model.getLayer(name).outputShape as (number | null)[]).slice(1).map(Number);
}

function weightsOf(layer: string, manifest: Manifest, vector: Float32Array): GraphWeight[] {
  const take = (specs: Manifest['parameters'], base: number) =>
    specs
      .filter(({ name }) => name.slice(0, name.lastIndexOf('/')) === layer)
      .map(({ name, shape, offset, length }) => {
        const values = vector.slice(base + offset, base + offset + length);
        return { name, role: name.slice(layer.length + 1), shape, values };
      });
  return [...take(manifest.parameters, 0), ...take(manifest.statistics, manifest.parameterCount)];
}

function preprocessOf({ experiment, inputShape: shape, preprocess: vector, features }: TrainedRun): GraphPreprocess {
  const entries = experiment.preprocess;
  const { scale, standardise, rotates } = preprocessPlan(entries);
  const none = { mean: null, factors: null, matrix: null, scale };
  if (vector === null) return none;
  const behind = vector.slice(features);
  if (rotates) {
    const width = widthOf(entries, features);
    const values = Float32Array.from(behind, (_, at) => behind[(at % width) * features + Math.floor(at / width)] ?? 0);
    return { ...none, mean: vector.slice(0, features), matrix: { width, values } };
  }
  if (standardise) return { ...none, mean: vector.slice(0, features), factors: behind };
  // What preprocessing makes of zeros is the mean with its sign turned, be it of an image or of channels.
  const preprocess = entries.filter((entry) => 'subtractMean' in entry);
  const subtracting = new Preprocessor({ experiment: { ...experiment, preprocess }, shape, vector, bytesPerValue: 4 });
  return { ...none, mean: subtracting.prepare(new Float32Array(features)).map((value) => -value) };
}
