/**
 * A model from a model.json as tfjs and Keras's converter write it: the topology, not the weights. Its initialisers are
 * taken out, because the first weights come from the server's generator, and so is a final softmax or sigmoid.
 */
import { readFileSync, statSync } from 'node:fs';
import type { LayersModel } from '@tensorflow/tfjs';
import { PolyakError } from '../../common/errors.js';
import type { InitializerOption } from '../../common/experiment/layer-schema.js';
import { ourLayers } from '../layers/our-layers.js';
import type { TF } from '../tensorflow/load.js';
import { isTakenOff } from './final-activation.js';
import type { LayerNotes } from './layer-list.js';

export interface LayerJson {
  class_name: string;
  config: Record<string, unknown> & { name?: string };
}

/** Layers that draw from a generator of their own, so that a gradient would not be a function of its micro-batch. */
const refused = new Set(['GaussianNoise', 'GaussianDropout', 'AlphaDropout']);

/** `file` is what messages call it. Errors: PolyakError `usage`. */
export async function modelOfTopology(
  tf: TF,
  { topology, file }: { topology: LayerJson; file: string },
  loss: string,
  included: string | undefined,
): Promise<{ model: LayersModel; notes: Map<string, LayerNotes>; warnings: string[] }> {
  ourLayers(tf);
  const layers = layersOf(topology, file);
  const warnings = takeUnapplied(layers, file);
  const notes = new Map<string, LayerNotes>();
  for (const { class_name: type, config } of layers) {
    const isRecurrentDropout = Boolean(config['dropout']) || Boolean(config['recurrent_dropout']);
    if (refused.has(type) || isRecurrentDropout) {
      const name = isRecurrentDropout ? `dropout within ${type}` : type;
      throw new PolyakError('usage', `${file}: ${name} draws from a generator of its own; use Dropout`);
    }
    const format = config['data_format'] ?? config['dataFormat'];
    if (format === 'channels_first' || format === 'channelsFirst') {
      const way = 'samples have their channels last here; build the model with channels_last';
      throw new PolyakError('usage', `${file}: ${type} '${config.name ?? ''}' has data_format ${format}, but ${way}`);
    }
    notes.set(config.name ?? type, { rateMultiplier: 1, initializers: takeInitializers(config, file) });
  }
  const last = layers.at(-1)!;
  const activation = last.class_name === 'Softmax' ? 'softmax' : last.config.activation;
  if (typeof activation === 'string' && isTakenOff(activation, loss, included, file)) {
    if (last.class_name === 'Softmax') last.class_name = 'Activation';
    last.config.activation = 'linear';
  }
  try {
    const model = await tf.models.modelFromJSON({ modelTopology: topology } as never);
    return { model, notes, warnings };
  } catch (error) {
    if (error instanceof PolyakError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new PolyakError('usage', `${file}: tfjs cannot build this model: ${reason}`, { cause: error });
  }
}

/** As many layers as a warning names. */
const namedMax = 4;

/**
 * Takes regularisers and constraints out, which are the experiment's and not a model's; by their newer names tfjs does not
 * know them either. Answers with what is to be said of it.
 */
function takeUnapplied(layers: readonly LayerJson[], file: string): string[] {
  const found = new Map<string, { names: string[]; said: unknown[] }>();
  for (const { class_name: type, config } of layers) {
    for (const [key, value] of Object.entries(config)) {
      if (!/_(regularizer|constraint)$/.test(key) || value === null || value === undefined) continue;
      const entry = found.get(key) ?? { names: [], said: [] };
      entry.names.push(config.name ?? type);
      entry.said.push(value);
      found.set(key, entry);
      config[key] = null;
    }
  }
  return [...found].map(([key, { names, said }]) => {
    const shown = `${names.slice(0, namedMax).join(', ')}${names.length > namedMax ? ', …' : ''}`;
    return `${file}: ${key} of ${shown} is not applied; ${insteadOf(key, said)}`;
  });
}

/** The line of the experiment file that does it. Keras's L2 is l2 times the sum of squares, ours half of that. */
function insteadOf(key: string, said: readonly unknown[]): string {
  if (key.endsWith('_constraint')) {
    return 'the experiment file has maxNorm for a kernel, in a model that is a list of layers: dense: { units: 10, maxNorm: 3 }';
  }
  if (!/(kernel|depthwise|pointwise)_regularizer$/.test(key))
    return 'the experiment file has regularise for kernels only';
  const strengths = said.map((value) => (value as { config?: { l1?: number; l2?: number } }).config ?? {});
  const strongest = (of: 'l1' | 'l2') => Math.max(0, ...strengths.map((each) => each[of] ?? 0));
  const [l1, l2] = [strongest('l1'), 2 * strongest('l2')].map((value) => Number(value.toPrecision(6)));
  const parts = [...(l1 ? [`l1: ${l1}`] : []), ...(l2 || !l1 ? [`l2: ${l2 || 1e-4}`] : [])];
  return `the experiment file has regularise: { ${parts.join(', ')} } for all kernels`;
}

/** The topology alone; what a converter writes has no weights in it. */
const fileBytesMax = 8 << 20;

/**
 * What the file says of the model, without what it may be wrapped in once or twice. Errors: PolyakError `usage`, with the
 * file's name.
 */
export function readTopology(file: string): LayerJson {
  let json: unknown;
  try {
    const { size } = statSync(file);
    if (size > fileBytesMax) throw new Error(`it has ${size} bytes, a topology at most ${fileBytesMax}`);
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PolyakError('usage', `model.file: '${file}' cannot be read: ${reason}`);
  }
  type Wrapped = Partial<LayerJson> & { modelTopology?: Wrapped; model_config?: Wrapped };
  const outer = json as Wrapped | null;
  const middle = outer?.modelTopology ?? outer;
  const inner = middle?.model_config ?? middle;
  if (typeof inner?.class_name !== 'string' || inner.config === undefined) {
    throw new PolyakError('usage', `model.file: '${file}' has no class_name and config; it is not a model.json`);
  }
  return inner as LayerJson;
}

function layersOf(topology: LayerJson, file: string): LayerJson[] {
  // A Sequential of old Keras has the list itself as its config.
  const list = Array.isArray(topology.config) ? topology.config : topology.config.layers;
  if (!Array.isArray(list) || list.length === 0) {
    throw new PolyakError('usage', `model.file: '${file}' has no layers`);
  }
  return list as LayerJson[];
}

const renamed: Record<string, string> = {
  mean: 'mean',
  stddev: 'standardDeviation',
  minval: 'minimum',
  maxval: 'maximum',
};
const scaled: Record<string, string> = {
  '2 fan_in truncated_normal': 'heNormal',
  '2 fan_in normal': 'heNormal',
  '2 fan_in uniform': 'heUniform',
  '1 fan_in truncated_normal': 'lecunNormal',
  '1 fan_in normal': 'lecunNormal',
  '1 fan_in uniform': 'lecunUniform',
  '1 fan_avg truncated_normal': 'glorotNormal',
  '1 fan_avg normal': 'glorotNormal',
  '1 fan_avg uniform': 'glorotUniform',
};

/** Reads `kernel_initializer` and its like, leaves zeros in their place, and answers by the weight's name. */
function takeInitializers(config: LayerJson['config'], file: string): LayerNotes['initializers'] {
  const taken: LayerNotes['initializers'] = {};
  for (const [key, value] of Object.entries(config)) {
    const role = /^(kernel|bias|depthwise|pointwise|recurrent|gamma|beta|alpha|embeddings)_initializer$/.exec(key)?.[1];
    if (role === undefined || value === null) continue;
    const weight = /^(depthwise|pointwise|recurrent)$/.test(role) ? `${role}_kernel` : role;
    taken[weight] = initializerOf(value, `${file}: ${config.name}.${key}`);
    config[key] = { class_name: 'Zeros', config: {} };
  }
  if (taken['bias'] && config['unit_forget_bias'] === true) taken['bias'].unitForget = true;
  return taken;
}

/** Of Keras's JSON. Errors: PolyakError `usage`. */
export function initializerOf(json: unknown, path: string): InitializerOption {
  const { class_name: type, config = {} } =
    typeof json === 'string' ? { class_name: json } : (json as Omit<LayerJson, 'config'> & { config?: unknown });
  const options = config as Record<string, unknown>;
  if (type === 'VarianceScaling') {
    const name = scaled[`${String(options.scale)} ${String(options.mode)} ${String(options.distribution)}`];
    if (name !== undefined) return { name };
    throw new PolyakError(
      'usage',
      `${path}: ${JSON.stringify(json)} is not one of the scalings of Glorot, He or LeCun`,
    );
  }
  const numbers = Object.entries(options).flatMap(([key, value]) =>
    typeof value === 'number' && key !== 'seed' ? [[renamed[key] ?? key, value]] : [],
  );
  const name = type.replace(/^LeCun/, 'lecun').replace(/^./, (letter) => letter.toLowerCase());
  return { name, ...Object.fromEntries(numbers) } as InitializerOption;
}
