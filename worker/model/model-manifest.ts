/** Which weights a model has: the manifest for the server, and tfjs's variables in the manifest's order. */
import type { LayersModel } from '@tensorflow/tfjs';
import { isFullBatch } from '../../common/experiment/full-batch-check.js';
import type { InitializerSpec, Manifest, TensorSpec } from '../../common/manifest.js';
import type { LayerNotes } from './layer-list.js';
import type { ModelExperiment } from './model-experiment.js';
import { varyingLayers } from './varying-layers.js';

export type LayerWeight = LayersModel['weights'][number];

export interface ModelWeights {
  manifest: Manifest;
  /** In the order of `manifest.parameters`. */
  parameters: LayerWeight[];
  /** In the order of `manifest.statistics`. */
  statistics: LayerWeight[];
}

/** The defaults of Keras, for what the experiment does not say. */
const defaultInitializers: Record<string, string> = {
  recurrent_kernel: 'orthogonal',
  embeddings: 'randomUniform',
  bias: 'zeros',
  beta: 'zeros',
  gamma: 'ones',
  alpha: 'zeros',
  moving_mean: 'zeros',
  moving_variance: 'ones',
};
const defaultMomentum = 0.99;

export function modelWeights(
  model: LayersModel,
  notes: Map<string, LayerNotes>,
  { regularise: { l1 = 0, l2 = 0 } = {}, optimizer = {} }: Pick<ModelExperiment, 'regularise' | 'optimizer'> = {},
): ModelWeights {
  const parameters: LayerWeight[] = [];
  const statistics: LayerWeight[] = [];
  const manifest: Manifest = {
    parameters: [],
    parameterCount: 0,
    statistics: [],
    statisticsCount: 0,
    statisticsMomentum: [],
  };
  for (const layer of model.layers) {
    const note = notes.get(layer.name);
    const trainable = layer.trainable;
    for (const weight of layer.weights) {
      const role = weight.originalName.split('/').at(-1)!;
      const spec: TensorSpec = {
        name: `${layer.name}/${role}`,
        shape: weight.shape as number[],
        offset: 0,
        length: weight.shape.reduce<number>((product, size) => product * size!, 1),
        initializer: initializerSpec(
          note?.initializers[role] ?? { name: defaultInitializers[role] ?? 'glorotUniform' },
          weight,
        ),
        rateMultiplier: note?.rateMultiplier ?? 1,
        l2: role.endsWith('kernel') ? l2 : 0,
        l1: role.endsWith('kernel') ? l1 : 0,
        decays: role.endsWith('kernel'),
        ...(note?.maxNorm !== undefined && role === 'kernel' && { maxNorm: note.maxNorm }),
        // A weight that a module's layer adds as not trainable is frozen alone.
        frozen: !trainable || !weight.trainable,
      };
      if (role.startsWith('moving_')) {
        spec.offset = manifest.statisticsCount;
        manifest.statistics.push(spec);
        manifest.statisticsCount += spec.length;
        // A frozen layer's running statistics stay: running = 1 running + 0 mean.
        const momentum = (layer as { momentum?: number }).momentum ?? defaultMomentum;
        manifest.statisticsMomentum.push(trainable ? momentum : 1);
        statistics.push(weight);
      } else {
        spec.offset = manifest.parameterCount;
        manifest.parameters.push(spec);
        manifest.parameterCount += spec.length;
        parameters.push(weight);
      }
    }
  }
  if (isFullBatch(optimizer)) manifest.varying = varyingLayers(model);
  return { manifest, parameters, statistics };
}

function initializerSpec(option: InitializerSpec, weight: LayerWeight): InitializerSpec {
  return /^(glorot|he|lecun)/.test(option.name) ? { ...option, ...fansOf(weight.shape as number[]) } : { ...option };
}

/** Inputs and outputs of one unit as Keras counts them: a convolution's window counts for both. */
function fansOf(shape: number[]): { fanIn: number; fanOut: number } {
  const fanOut = shape.at(-1) ?? 1;
  const fanIn = shape.at(-2) ?? fanOut;
  const window = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  return { fanIn: window * fanIn, fanOut: window * fanOut };
}
