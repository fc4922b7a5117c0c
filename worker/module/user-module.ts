/**
 * What a user's module may export: parts of an experiment in TypeScript or JavaScript. All of it runs on the workers'
 * compute threads. docs/modules.md explains it with an example.
 */
import type { LayersModel, layers, Tensor, Tensor2D } from '@tensorflow/tfjs';

/**
 * Counter-based random numbers: a function of the experiment's seed and of what they are for, not of who draws them or
 * when. Each begins anew at its first draw.
 */
export interface ModuleRandom {
  /** An integer from 0 to 2^32 - 1. */
  uint32(): number;
  /** In [0, 1). */
  uniform(): number;
  /** Mean 0, variance 1. */
  normal(): number;
  /** An integer from 0 to n - 1, each equally likely, for n from 1 to 2^32. Errors: RangeError. */
  integer(n: number): number;
}

/** What the data give a model and ask of it. */
export interface ModelRequest {
  /** Of one sample, such as [28, 28, 1]. */
  inputShape: number[];
  /** Values that it puts out for each sample: one for each class, or 1 where numbers are predicted. */
  outputs: number;
}

/**
 * The model, not compiled. Its topology is taken, and its weights are drawn anew by the seed with the initializers that
 * its layers name.
 */
export type ModuleModel = (request: ModelRequest) => LayersModel;

/**
 * A class that extends tf.layers.Layer. It is made with the options of the experiment file and a `name`. Its weights are
 * made by `addWeight` in `build`; they are drawn by the seed with the initializer that is given there. Its `call` is
 * differentiated by TensorFlow, and what it draws comes from `layerRandom(this)`.
 */
export interface ModuleLayerClass {
  new (options: never): layers.Layer;
  /** What it is called in a model.json; its name in `layers` unless given. */
  className?: string;
}

export interface ModuleLoss {
  /** What samples are labelled with: classes, or numbers to predict. `classes` unless given. */
  labels?: 'classes' | 'numbers';
  /**
   * What makes probabilities of the outputs for predictions and exports; a final layer of that activation is taken off
   * the model, so that the loss always works on logits. Unless given `softmax` for classes, `none` for numbers.
   */
  finalActivation?: 'softmax' | 'sigmoid' | 'none';
  /**
   * The loss of each sample, [count], by differentiable operations. `outputs` is [count, outputs] without the final
   * activation; `labels` is int32 [count] of class indices, or float32 [count, outputs] of numbers.
   */
  perSample(outputs: Tensor2D, labels: Tensor): Tensor;
}

/** The metric of each sample, [count], which is averaged over samples. Takes the same as a loss. */
export type ModuleMetric = (outputs: Tensor2D, labels: Tensor) => Tensor;

export interface AugmentRequest {
  /** Of the sample, such as [28, 28, 1]. */
  shape: number[];
  /** Of (seed, step, micro-batch, the sample's position in it, which augmentation). */
  random: ModuleRandom;
  /** Of the experiment file. */
  options: Record<string, unknown>;
}

/** Changes a training sample in place, after preprocessing and the built-in augmentations, in the order of the file. */
export type ModuleAugmentation = (sample: Float32Array, request: AugmentRequest) => void;

export interface ModuleSplit {
  /** [count, ...shape], one behind the other. Bytes are read as byte / 255. */
  samples: Uint8Array | Float32Array;
  /** [count]: class indices, or numbers to predict. */
  labels: ArrayLike<number>;
}

export interface ModuleData {
  /** Of one sample: [height, width, channels] or [features]. */
  shape: number[];
  /** Names by class index; null where numbers are predicted. */
  classes: string[] | null;
  train: ModuleSplit;
  /** Held out of `train` by seed, as the experiment file says, unless given. */
  validation?: ModuleSplit;
  test?: ModuleSplit;
}

export interface DataRequest {
  /** Of the seed. */
  random: ModuleRandom;
  /** `data.path`, absolute; empty where there is none. */
  path: string;
}

/** Every worker calls it once, and all must get the same: what it gives is hashed and compared. */
export type ModuleDataSource = (request: DataRequest) => ModuleData | Promise<ModuleData>;

export interface UserModule {
  /** `model: module` in the experiment file. */
  model?: ModuleModel;
  /** `- name: { options }` in `model`. */
  layers?: Record<string, ModuleLayerClass>;
  /** `loss: module`. */
  loss?: ModuleLoss;
  /** `metrics: [name]`. */
  metrics?: Record<string, ModuleMetric>;
  /** `augment: [name]`, or `- name: { options }` in it. */
  augment?: Record<string, ModuleAugmentation>;
  /** `data: { source: module }`. */
  dataSource?: ModuleDataSource;
}

/** A module, or a function of `module.options` of the experiment file that makes one. */
export type ModuleDefinition<Options = Record<string, unknown>> = UserModule | ((options: Options) => UserModule);

/**
 * The default export of a module: `export default defineModule({ loss: … })`, or, with options that may be searched,
 * `defineModule(({ gamma = 2 }: { gamma?: number }) => ({ loss: … }))`. Gives back what it is given, with its type.
 */
export function defineModule<Options = Record<string, unknown>>(
  definition: ModuleDefinition<Options>,
): ModuleDefinition<Options> {
  return definition;
}
