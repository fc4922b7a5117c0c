/** The experiment's model as a tf.LayersModel that puts out logits, checked against the data's shape. */
import type { LayersModel } from '@tensorflow/tfjs';
import { PolyakError } from '../../common/errors.js';
import { parseLayers } from '../../common/experiment/layer-schema.js';
import { nameOf } from '../../common/experiment/named-option.js';
import type { TF } from '../tensorflow/load.js';
import { withoutFinalActivation } from './final-activation.js';
import { applyLayers, type LayerNotes } from './layer-list.js';
import { lossNamed } from './loss.js';
import type { DataShape, ModelExperiment } from './model-experiment.js';
import { readModelFile } from './model-file.js';

export interface BuiltModel {
  model: LayersModel;
  /** By the layer's name. */
  notes: Map<string, LayerNotes>;
}

/** Errors: PolyakError `usage`. The model's weights are zeros until they are set. */
export async function buildModel(tf: TF, experiment: ModelExperiment, data: DataShape): Promise<BuiltModel> {
  const { finalActivation } = lossNamed(experiment.loss);
  const file = (experiment.model as { file?: unknown } | null)?.file;
  const built =
    typeof file === 'string'
      ? await readModelFile(tf, file, nameOf(experiment.loss), finalActivation)
      : buildFromList(tf, experiment, data, finalActivation);
  const sample = `[${data.inputShape.join(', ')}]`;
  const taken = shapeOf(built.model.inputs);
  if (taken !== sample) {
    throw new PolyakError('usage', `model: takes samples of shape ${taken}, but the data's have ${sample}`);
  }
  const given = shapeOf(built.model.outputs);
  if (given !== `[${data.outputs}]`) {
    const wanted = `one value for each of the ${data.outputs} ${data.outputs === 1 ? 'output' : 'classes or outputs'}`;
    throw new PolyakError('usage', `model: its last layer puts out shape ${given}, but the data need ${wanted}`);
  }
  return built;
}

function shapeOf(tensors: LayersModel['inputs']): string {
  return tensors.map((tensor) => `[${tensor.shape.slice(1).join(', ')}]`).join(' and ');
}

function buildFromList(tf: TF, experiment: ModelExperiment, data: DataShape, included: string | undefined): BuiltModel {
  const layers = withoutFinalActivation(parseLayers(experiment.model), nameOf(experiment.loss), included);
  const input = tf.input({ shape: data.inputShape, name: 'input' });
  const { output, notes } = applyLayers(tf, layers, input);
  return { model: tf.model({ inputs: input, outputs: output, name: 'model' }), notes };
}
