/** The experiment's model as a tf.LayersModel that puts out logits, checked against the data's shape. */
import type { LayersModel } from '@tensorflow/tfjs';
import { PolyakError } from '../../common/errors.js';
import { parseLayers } from '../../common/experiment/layer-schema.js';
import { headCount } from '../../common/experiment/stages.js';
import { nameOf } from '../../common/experiment/named-option.js';
import type { LoadedModule } from '../module/loaded-module.js';
import { drawnInitializers } from '../module/module-layers.js';
import type { TF } from '../tensorflow/load.js';
import { withoutFinalActivation } from './final-activation.js';
import { applyLayers, type LayerNotes } from './layer-list.js';
import { lossNamed } from './loss.js';
import type { DataShape, ModelExperiment } from './model-experiment.js';
import { modelOfTopology, readTopology, type LayerJson } from './model-file.js';
import { transferLayers } from './transfer-layers.js';

/** As many layers as a message names. */
const namedMax = 4;

export interface BuiltModel {
  model: LayersModel;
  /** By the layer's name. */
  notes: Map<string, LayerNotes>;
  /** Of what it was made of, in words. */
  warnings?: string[];
}

/** Errors: PolyakError `usage`. The model's weights are zeros until they are set. */
export async function buildModel(
  tf: TF,
  experiment: ModelExperiment,
  data: DataShape,
  module?: LoadedModule,
): Promise<BuiltModel> {
  module?.registerLayers(tf);
  const whole = await build(tf, experiment, data, module);
  noteModuleLayers(whole);
  const { transfer } = experiment;
  if (transfer) requireNoneScaled(whole);
  const built = transfer ? transferLayers(tf, whole, transfer, data.outputs) : whole;
  const sample = `[${data.inputShape.join(', ')}]`;
  const taken = shapeOf(built.model.inputs);
  if (taken !== sample) {
    throw new PolyakError('usage', `model: takes samples of shape ${taken}, but the data's have ${sample}`);
  }
  const given = shapeOf(built.model.outputs);
  if (given !== `[${data.outputs * headCount(experiment)}]`) {
    const wanted = `one value for each of the ${data.outputs} ${data.outputs === 1 ? 'output' : 'classes or outputs'}`;
    throw new PolyakError('usage', `model: its last layer puts out shape ${given}, but the data need ${wanted}`);
  }
  return built;
}

/** Gains are found with drawn weights, before a server puts the transferred ones in their place. */
function requireNoneScaled({ notes }: BuiltModel): void {
  const scaled = [...notes].flatMap(([name, { initializers }]) =>
    Object.values(initializers).some((each) => each.name === 'lsuv') ? [`'${name}'`] : [],
  );
  if (scaled.length === 0) return;
  const why = 'whose gain is found before weights are transferred, and would be one for drawn weights';
  const layers = `layer${scaled.length > 1 ? 's' : ''} ${scaled.slice(0, namedMax).join(', ')}${scaled.length > namedMax ? ', …' : ''}`;
  throw new PolyakError(
    'usage',
    `transfer: does not go with kernelInitializer: lsuv of ${layers}, ${why}; take heNormal or orthogonal`,
  );
}

function shapeOf(tensors: LayersModel['inputs']): string {
  return tensors.map((tensor) => `[${tensor.shape.slice(1).join(', ')}]`).join(' and ');
}

async function build(
  tf: TF,
  experiment: ModelExperiment,
  data: DataShape,
  module: LoadedModule | undefined,
): Promise<BuiltModel> {
  const { model } = experiment;
  const loss = nameOf(experiment.loss);
  const { finalActivation: included } = lossNamed(experiment.loss, module);
  const { file, topology } = (model ?? {}) as { file?: unknown; topology?: LayerJson };
  if (typeof file === 'string') {
    // A run has it stored; what is built changes it.
    const given = topology ? structuredClone(topology) : readTopology(file);
    return await modelOfTopology(tf, { topology: given, file }, loss, included);
  }
  if (model === 'module' && module) return await buildFromModule(tf, module, data, { loss, included });
  const custom = module !== undefined;
  const layers = withoutFinalActivation(parseLayers(model, { custom }), loss, included);
  const input = tf.input({ shape: data.inputShape, name: 'input' });
  const { output, notes } = applyLayers(tf, layers, input, module?.layers);
  return { model: tf.model({ inputs: input, outputs: output, name: 'model' }), notes };
}

/** Of its topology, so that its layers are ours and its first weights drawn by the seed. */
async function buildFromModule(
  tf: TF,
  module: LoadedModule,
  data: DataShape,
  { loss, included }: { loss: string; included: string | undefined },
): Promise<BuiltModel> {
  const given = module.buildModel(tf, data);
  const { class_name, config } = given.toJSON(null, false) as unknown as LayerJson;
  given.dispose();
  const topology = structuredClone({ class_name, config });
  return await modelOfTopology(tf, { topology, file: `module ${module.name}, model` }, loss, included);
}

/** A module's layers say what their weights are drawn by when they are built. */
function noteModuleLayers({ model, notes }: BuiltModel): void {
  for (const layer of model.layers) {
    const initializers = drawnInitializers(layer);
    if (!initializers) continue;
    notes.set(layer.name, { rateMultiplier: 1, ...notes.get(layer.name), initializers });
  }
}
