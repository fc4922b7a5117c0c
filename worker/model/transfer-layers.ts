/**
 * What `transfer` of an experiment does to the layers of a built model: some are frozen, some learn at another rate, and for
 * features the model is cut and gets a linear classifier. Where weights come from is the server's business.
 */
import type { layers, LayersModel, SymbolicTensor } from '@tensorflow/tfjs';
import { PolyakError } from '../../common/errors.js';
import { suggestName } from '../../common/experiment/suggest-value.js';
import type { TransferLayers } from '../../common/experiment/transfer-schema.js';
import { matchPattern } from '../../common/name-pattern.js';
import { ourLayers } from '../layers/our-layers.js';
import type { TF } from '../tensorflow/load.js';
import type { BuiltModel } from './build-model.js';

const pool = 'features_pool';
const classifier = 'features_classifier';

/** Errors: PolyakError `usage` for a layer that is not there. */
export function transferLayers(tf: TF, built: BuiltModel, transfer: TransferLayers, outputs: number): BuiltModel {
  const { freeze, fineTuneFrom, learningRates, features } = transfer;
  if (features !== undefined) return cutAfter(tf, built, features, outputs);
  const { model, notes } = built;
  for (const layer of frozenLayers(model, { freeze, fineTuneFrom })) layer.trainable = false;
  for (const [pattern, multiplier] of Object.entries(learningRates)) {
    for (const { name } of matching(model, pattern, 'learningRates')) {
      const note = notes.get(name) ?? { rateMultiplier: 1, initializers: {} };
      notes.set(name, { ...note, rateMultiplier: note.rateMultiplier * multiplier });
    }
  }
  return built;
}

function frozenLayers(
  model: LayersModel,
  { freeze, fineTuneFrom }: Pick<TransferLayers, 'freeze' | 'fineTuneFrom'>,
): layers.Layer[] {
  if (fineTuneFrom !== undefined) {
    const from = layerNamed(model, fineTuneFrom, 'fineTuneFrom');
    return madeOf(from).filter((layer) => layer !== from);
  }
  if (freeze === undefined) return [];
  if (!Array.isArray(freeze)) return madeOf(layerNamed(model, freeze.upTo, 'freeze.upTo'));
  return freeze.flatMap((pattern) => matching(model, pattern, 'freeze'));
}

/** The layer and all whose outputs come to it by whatever way. */
function madeOf(layer: layers.Layer): layers.Layer[] {
  const found = new Set<layers.Layer>();
  const open = [layer];
  for (let next = open.pop(); next; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...tensorsOf(next.input).map((tensor) => tensor.sourceLayer));
  }
  return [...found];
}

function tensorsOf(input: SymbolicTensor | SymbolicTensor[]): SymbolicTensor[] {
  return Array.isArray(input) ? input : [input];
}

/** As the linear probes of Alain and Bengio, "Understanding intermediate layers using linear classifier probes", 2016. */
function cutAfter(tf: TF, { model, notes, ...rest }: BuiltModel, name: string, outputs: number): BuiltModel {
  const output = layerNamed(model, name, 'features').output;
  if (Array.isArray(output)) throw new PolyakError('usage', `transfer.features: '${name}' puts out several tensors`);
  const places = output.rank - 2;
  const pooled =
    places === 2
      ? tf.layers.globalAveragePooling2d({ name: pool }).apply(output)
      : places === 1
        ? tf.layers.globalAveragePooling1d({ name: pool }).apply(output)
        : output;
  const Dense = ourLayers(tf).Dense;
  const logits = new Dense({ units: outputs, kernelInitializer: 'zeros', name: classifier }).apply(pooled);
  const cut = tf.model({ inputs: model.inputs, outputs: logits as SymbolicTensor, name: model.name });
  for (const layer of model.layers) {
    if (cut.layers.includes(layer)) layer.trainable = false;
    else if (layer.weights.length > 0) layer.dispose();
  }
  const initializers = { kernel: { name: 'glorotUniform' }, bias: { name: 'zeros' } } as const;
  return { ...rest, model: cut, notes: new Map(notes).set(classifier, { rateMultiplier: 1, initializers }) };
}

function layerNamed(model: LayersModel, name: string, key: string): layers.Layer {
  const layer = model.layers.find((each) => each.name === name);
  if (layer) return layer;
  throw missing(model, name, key);
}

function matching(model: LayersModel, pattern: string, key: string): layers.Layer[] {
  const found = model.layers.filter(({ name }) => matchPattern(pattern, name));
  if (found.length > 0) return found;
  throw missing(model, pattern, key);
}

function missing(model: LayersModel, name: string, key: string): PolyakError {
  const there = model.layers.map((layer) => layer.name);
  return new PolyakError('usage', `transfer.${key}: the model has no layer '${name}'${suggestName(name, there)}`);
}
