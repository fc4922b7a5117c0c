/**
 * What an experiment's model looks like: its layers with shapes and numbers of weights, built once on tfjs's own `cpu`
 * backend. Needs the data, or at least their shape.
 */
import { PolyakError } from '../common/errors.js';
import { isRegression } from '../common/experiment/data-check.js';
import { targetOf } from '../common/experiment/losses.js';
import type { Experiment } from '../common/experiment/schema.js';
import { preparedShape } from '../common/preprocessing/preprocess-plan.js';
import { preprocessProblem } from '../common/preprocessing/preprocess-problem.js';
import type { Manifest } from '../common/manifest.js';
import type { ModuleBundle } from '../common/module-bundle.js';
import { openDataset } from '../worker/data/dataset.js';
import { buildModel } from '../worker/model/build-model.js';
import type { DataShape } from '../worker/model/model-experiment.js';
import { modelWeights } from '../worker/model/model-manifest.js';
import type { LoadedModule } from '../worker/module/loaded-module.js';
import { loadTensorFlow } from '../worker/tensorflow/load.js';
import { loadOnCpu } from './module/prepare-module.js';

export interface LayerRow {
  name: string;
  type: string;
  /** Without the batch; null where it depends on it. */
  output: (number | null)[];
  parameters: number;
  trainable: boolean;
}

export interface DataCounts {
  train: number;
  validation: number;
  test: number;
  shape: number[];
  classes: number | null;
}

export interface ModelOutline {
  /** Undefined where the data are not there. */
  data: DataCounts | undefined;
  /** Why the data could not be read. */
  dataError: PolyakError | undefined;
  /** Undefined where not even the data's shape is known. */
  layers: LayerRow[] | undefined;
  manifest: Manifest | undefined;
  /** What may be meant otherwise in the model. */
  warnings: string[];
}

export interface Outlined {
  experiment: Experiment;
  bundle: ModuleBundle | undefined;
}

/** Errors: `usage` where model and data do not fit each other; what is wrong with the data is in the outline. */
export async function outlineModel(experiment: Experiment, bundle?: ModuleBundle): Promise<ModelOutline> {
  const module = bundle && (await loadOnCpu(bundle, experiment));
  const { counts: data, shape, error: dataError } = await lookAtData(experiment, module);
  if (!shape) return { data, dataError, layers: undefined, manifest: undefined, warnings: [] };
  const tf = await loadTensorFlow('cpu');
  // Or it advises people to install what `polyak setup` brings.
  tf.enableProdMode();
  const { model, notes, warnings = [] } = await buildModel(tf, experiment, shape, module);
  const { manifest } = modelWeights(model, notes, experiment);
  const layers = model.layers
    .filter((layer) => layer.getClassName() !== 'InputLayer')
    .map((layer) => ({
      name: layer.name,
      type: layer.getClassName(),
      output: (layer.outputShape as (number | null)[]).slice(1),
      parameters: layer.weights.reduce((sum, weight) => sum + sizeOf(weight.shape as number[]), 0),
      trainable: layer.trainable,
    }));
  model.dispose();
  return { data, dataError, layers, manifest, warnings };
}

/** Undefined where the data are not there. Errors: `usage` where they do not fit the experiment. */
export async function countSamples(experiment: Experiment, bundle?: ModuleBundle): Promise<DataCounts | undefined> {
  return (await lookAtData(experiment, bundle && (await loadOnCpu(bundle, experiment)))).counts;
}

interface Look {
  counts: DataCounts | undefined;
  shape: DataShape | undefined;
  error: PolyakError | undefined;
}

async function lookAtData(experiment: Experiment, module: LoadedModule | undefined): Promise<Look> {
  const readModule = module && (async () => await module.readData(experiment));
  try {
    const { shape, outputs, classes, splits } = await openDataset(experiment, { readModule });
    const { train, validation, test } = splits;
    const problem = preprocessProblem(experiment.preprocess, shape, train.count);
    if (problem !== undefined) throw new PolyakError('usage', problem);
    const sizes = { train: train.count, validation: validation.count, test: test.count };
    return {
      counts: { ...sizes, shape, classes: classes?.length ?? null },
      shape: { inputShape: preparedShape(experiment.preprocess, shape), outputs },
      error: undefined,
    };
  } catch (error) {
    if (!(error instanceof PolyakError) || error.code !== 'data') throw error;
    return { counts: undefined, shape: shapeWithoutData(experiment), error };
  }
}

/** What the experiment alone says of a sample's shape; the last layer is taken at its word for the outputs. */
function shapeWithoutData({ data, loss, model, preprocess }: Experiment): DataShape | undefined {
  const inputShape = inputShapeOf(data);
  const severalTargets = data.source === 'csv' && isRegression(data) && data.targets !== undefined;
  const outputs = targetOf(loss) === 'classes' || severalTargets ? lastUnits(model) : 1;
  if (!inputShape || outputs === undefined) return undefined;
  return { inputShape: preparedShape(preprocess, inputShape), outputs };
}

function inputShapeOf(data: Experiment['data']): number[] | undefined {
  if (data.source === 'cifar10') return [32, 32, 3];
  if (data.source === 'images') return data.size && [...data.size, 3];
  return 'shape' in data ? data.shape : undefined;
}

function lastUnits(model: Experiment['model']): number | undefined {
  if (!Array.isArray(model)) return undefined;
  const dense = model.findLast((layer) => typeof layer === 'object' && layer !== null && 'dense' in layer) as
    { dense?: { units?: unknown } } | undefined;
  return typeof dense?.dense?.units === 'number' ? dense.dense.units : undefined;
}

function sizeOf(shape: number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
