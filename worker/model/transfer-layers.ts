/**
 * What `transfer` of an experiment does to the layers of a built model: some are frozen, some learn at another rate, and for
 * features the model is cut and gets linear classifiers. Where weights come from is the server's business.
 */
import type { layers, LayersModel, SymbolicTensor } from '@tensorflow/tfjs';
import { PolyakError } from '../../common/errors.js';
import { suggestName } from '../../common/experiment/suggest-value.js';
import type { TransferLayers } from '../../common/experiment/transfer-schema.js';
import { matchPattern } from '../../common/name-pattern.js';
import { ourLayers } from '../layers/our-layers.js';
import type { TF } from '../tensorflow/load.js';
import type { BuiltModel } from './build-model.js';
import type { LayerNotes } from './layer-list.js';

const pool = 'features_pool';
const classifier = 'features_classifier';
const together = 'features_classifiers';

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
function cutAfter(
  tf: TF,
  { model, notes, ...rest }: BuiltModel,
  stages: string | readonly string[],
  outputs: number,
): BuiltModel {
  const heads =
    typeof stages === 'string'
      ? [{ stage: stages, suffix: '' }]
      : stages.map((stage) => ({ stage, suffix: `_${stage}` }));
  const logits = heads.map(({ stage, suffix }) => classify(tf, pooled(tf, model, stage, suffix), outputs, suffix));
  const output = logits.length > 1 ? tf.layers.concatenate({ name: together }).apply(logits) : logits[0]!;
  const cut = tf.model({ inputs: model.inputs, outputs: output as SymbolicTensor, name: model.name });
  for (const layer of model.layers) {
    if (cut.layers.includes(layer)) layer.trainable = false;
    else if (layer.weights.length > 0) layer.dispose();
  }
  const note: LayerNotes = {
    rateMultiplier: 1,
    initializers: { kernel: { name: 'glorotUniform' }, bias: { name: 'zeros' } },
  };
  const ofHeads = heads.map(({ suffix }): [string, LayerNotes] => [`${classifier}${suffix}`, note]);
  return { ...rest, model: cut, notes: new Map([...notes, ...ofHeads]) };
}

/** The mean over the places of what a layer puts out. */
function pooled(tf: TF, model: LayersModel, stage: string, suffix: string): SymbolicTensor {
  const output = layerNamed(model, stage, 'features').output;
  if (Array.isArray(output)) throw new PolyakError('usage', `transfer.features: '${stage}' puts out several tensors`);
  const name = `${pool}${suffix}`;
  const places = output.rank - 2;
  if (places === 2) return tf.layers.globalAveragePooling2d({ name }).apply(output) as SymbolicTensor;
  return places === 1 ? (tf.layers.globalAveragePooling1d({ name }).apply(output) as SymbolicTensor) : output;
}

function classify(tf: TF, features: SymbolicTensor, units: number, suffix: string): SymbolicTensor {
  const Dense = ourLayers(tf).Dense;
  const name = `${classifier}${suffix}`;
  return new Dense({ units, kernelInitializer: 'zeros', name }).apply(features) as SymbolicTensor;
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
