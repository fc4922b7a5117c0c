/**
 * A run's trained weights, ready for use: what it was trained on, what its model takes and puts out, and predictions. It
 * reads the run's folder and no data.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Backend } from '../common/backend.js';
import { PolyakError } from '../common/errors.js';
import { targetOf } from '../common/experiment/losses.js';
import type { Experiment } from '../common/experiment/schema.js';
import type { Manifest } from '../common/manifest.js';
import { modulePath, readModule } from '../common/module-bundle.js';
import { readNewestWeights, type CheckpointWeights, type WeightsName } from '../server/checkpoint/newest-weights.js';
import { needsStatistics, preparedShape, preprocessFloats } from '../common/preprocessing/preprocess-plan.js';
import { encodingSchema, type Encoding } from '../worker/data/encoding.js';
import { lossNamed } from '../worker/model/loss.js';
import type { DataShape } from '../worker/model/model-experiment.js';
import { LoadedModule } from '../worker/module/loaded-module.js';
import { configureTensorFlow, loadTensorFlow, type TF } from '../worker/tensorflow/load.js';
import { InferenceModel } from './inference-model.js';
import { Preprocessor, type Samples } from './preprocessor.js';
import { samplesOf, type SampleTensor } from './sample-tensor.js';
import { TestTimeViews } from './test-time-views.js';

const leadSchema = z.object({
  facts: z.object({
    fingerprint: z.record(z.string(), z.string()),
    data: z.object({
      shape: z.array(z.number().int().positive()).min(1),
      classes: z.array(z.string()),
      encoding: z.string().optional(),
    }),
  }),
});

const recordSchema = z.looseObject({ checkpoints: z.string().optional() });

/** Where a run's checkpoints lie: its run.json says so where that is not in its folder. */
async function checkpointsOf(folder: string): Promise<string> {
  const inside = join(folder, 'checkpoints');
  const text = await readFile(join(folder, 'run.json'), 'utf8').catch(() => '{}');
  return recordSchema.parse(JSON.parse(text)).checkpoints ?? inside;
}

export interface LoadRunOptions {
  weights?: WeightsName;
  /** Of a checkpoint that the run has kept; of the newest unless given. */
  step?: number;
  /** What predictions are computed by. */
  backend?: Backend;
}

export interface PredictOptions {
  /** Test-time augmentation: the mean prediction over views of each picture, such as `tenCrop`. */
  augment?: string;
}

export class TrainedRun {
  readonly manifest: Manifest;
  /** Steps that were trained. */
  readonly step: number;
  /** Parameters, then statistics, in the manifest's order. */
  readonly vector: Float32Array;
  /** Of the vector's little-endian bytes, as training reports it. */
  readonly sha256: string;
  /** What preprocessing knows of the training split, in the layout of preprocess-plan.ts; null where it needs nothing. */
  readonly preprocess: Float32Array | null;
  #model: Promise<InferenceModel> | undefined;
  #disposed = false;
  #module: Promise<LoadedModule | undefined> | undefined;
  readonly #preprocessors = new Map<1 | 4, Preprocessor>();
  readonly #views = new Map<string, TestTimeViews>();

  private constructor(
    readonly folder: string,
    readonly experiment: Experiment,
    readonly weights: WeightsName,
    private readonly backend: Backend,
    checkpoint: CheckpointWeights,
    /** Of one sample. */
    readonly inputShape: number[],
    /** Names by class index; null where numbers are predicted. */
    readonly classes: string[] | null,
    /** Of the data that it was trained on. */
    readonly dataFingerprint: string,
    /** How files became samples; null where shape and classes say it all. */
    readonly encoding: Encoding | null,
  ) {
    this.manifest = checkpoint.manifest;
    this.step = checkpoint.record.step;
    this.vector = checkpoint.vector;
    this.sha256 = createHash('sha256').update(new Uint8Array(this.vector.buffer)).digest('hex');
    const { preprocess } = checkpoint.record;
    const known = preprocess !== null && needsStatistics(experiment.preprocess);
    // Behind it lies what augmentation asked for.
    const floats = preprocessFloats(experiment.preprocess, this.features);
    this.preprocess = known ? floatsOf(Buffer.from(preprocess, 'base64')).slice(0, floats) : null;
  }

  /** Errors: `usage` for a folder that is no run, `data` where it has no whole checkpoint. */
  static async open(folder: string, options: LoadRunOptions = {}): Promise<TrainedRun> {
    const { weights = 'last', backend = 'tensorflow', step } = options;
    const text = await readFile(join(folder, 'experiment.json'), 'utf8').catch((error: unknown) => {
      throw new PolyakError('usage', `${folder}: is no folder of a run, it has no experiment.json`, { cause: error });
    });
    const experiment = JSON.parse(text) as Experiment;
    const checkpoint = await readNewestWeights(await checkpointsOf(folder), weights, step);
    const lead = leadSchema.safeParse(checkpoint.record.lead);
    if (!lead.success) {
      const missing = 'does not say what the samples are like; it was written by an earlier version';
      throw new PolyakError('data', `${checkpoint.path}: ${missing}`);
    }
    const { fingerprint, data } = lead.data.facts;
    const classes = data.classes.length > 0 ? data.classes : null;
    const dataFingerprint = fingerprint['data'] ?? '';
    const encoding = data.encoding === undefined ? null : encodingSchema.parse(JSON.parse(data.encoding));
    const known = [data.shape, classes, dataFingerprint, encoding] as const;
    return new TrainedRun(folder, experiment, weights, backend, checkpoint, ...known);
  }

  /** Floats of one sample. */
  get features(): number {
    return this.inputShape.reduce((product, size) => product * size, 1);
  }

  /** What the model takes and puts out. */
  get dataShape(): DataShape {
    const { classes, encoding, experiment } = this;
    const inputShape = preparedShape(experiment.preprocess, this.inputShape);
    if (!classes) return { inputShape, outputs: encoding?.outputs ?? 1 };
    return { inputShape, outputs: targetOf(this.experiment.loss) === 'twoClasses' ? 1 : classes.length };
  }

  /**
   * Loads TensorFlow at the first call. Errors: `setup`, `usage` where the model is another than the run's.
   * @internal
   */
  async model(): Promise<InferenceModel> {
    if (this.#disposed) throw new PolyakError('usage', `the run of ${this.folder} has been disposed of; load it again`);
    this.#model ??= this.#build();
    return await this.#model;
  }

  /**
   * [count, outputs], row by row: the probability of each class; of the second one alone for binaryCrossEntropy; scores for
   * a hinge loss, above 0 for the second class of binaryHinge; or numbers. Samples are values one behind the other, or a
   * tensor of shape [count, ...inputShape] or of one sample; one of tfjs is taken as it is. Bytes are read as byte / 255,
   * and all are preprocessed as in training. Errors: `usage` for samples of another size or type, or after dispose.
   */
  async predict(samples: Samples | SampleTensor, { augment }: PredictOptions = {}): Promise<Float32Array> {
    const { features, experiment } = this;
    const values = await samplesOf(samples, this.inputShape);
    const count = values.length / features;
    if (!Number.isInteger(count)) {
      throw new PolyakError('usage', `${values.length} values are no multiple of a sample's ${features}`);
    }
    const views = augment === undefined ? undefined : this.views(augment);
    const model = await this.model();
    const preprocessor = this.#preprocessor(values instanceof Uint8Array ? 1 : 4);
    const { outputs } = this.dataShape;
    const predictions = new Float32Array(count * outputs);
    const { microBatchSize } = experiment.train;
    for (let from = 0; from < count; from += microBatchSize) {
      const to = Math.min(count, from + microBatchSize);
      const inputs = preprocessor.prepare(values.subarray(from * features, to * features));
      const predicted = views
        ? model.predictViews(views.of(inputs, to - from), to - from)
        : model.predict(inputs, to - from);
      predictions.set(predicted, from * outputs);
    }
    return predictions;
  }

  /**
   * Of up to a micro-batch. Errors: `usage`.
   * @internal
   */
  views(augment: string, onNotice: (message: string) => void = () => undefined): TestTimeViews {
    const { inputShape: shape, experiment } = this;
    const { preprocess, train } = experiment;
    const views = this.#views.get(augment) ?? TestTimeViews.for(augment, { shape, preprocess }, train.microBatchSize);
    this.#views.set(augment, views);
    if (views.isMirroring && !experiment.augment.some((entry) => 'flip' in entry)) {
      onNotice(`--augment ${augment}: shows pictures mirrored too, which the run was trained without (augment: flip)`);
    }
    return views;
  }

  /** Gives the model's memory in TensorFlow back. A second call does nothing. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#preprocessors.clear();
    this.#views.clear();
    const model = await this.#model?.catch(() => undefined);
    model?.dispose();
  }

  /** Kept, because a process has room for a limited number of WebAssembly memories. */
  #preprocessor(bytesPerValue: 1 | 4): Preprocessor {
    const { experiment, inputShape: shape, preprocess: vector } = this;
    const known = this.#preprocessors.get(bytesPerValue);
    const preprocessor = known ?? new Preprocessor({ experiment, shape, vector, bytesPerValue });
    this.#preprocessors.set(bytesPerValue, preprocessor);
    return preprocessor;
  }

  /**
   * The module of its experiment, from its folder. Errors: `data` where that is torn or gone.
   * @internal
   */
  async module(): Promise<LoadedModule | undefined> {
    this.#module ??= this.#loadModule();
    return await this.#module;
  }

  /**
   * What predictions of classes are: probabilities, or scores where the loss knows none.
   * @internal
   */
  async hasProbabilities(): Promise<boolean> {
    return lossNamed(this.experiment.loss, await this.module()).finalActivation !== undefined;
  }

  async #loadModule(): Promise<LoadedModule | undefined> {
    const { module } = this.experiment;
    if (!module || !('sha256' in module)) return undefined;
    const bundle = await readModule(modulePath(this.folder, module.sha256), module);
    return new LoadedModule(await this.#tensorFlow(), bundle, module.options);
  }

  async #tensorFlow(): Promise<TF> {
    const { backend, experiment } = this;
    configureTensorFlow({ backend, threads: experiment.train.threads });
    const tf = await loadTensorFlow(backend);
    // Else tfjs advertises its native binding at the first operation.
    if (backend === 'cpu') tf.enableProdMode();
    return tf;
  }

  async #build(): Promise<InferenceModel> {
    const { experiment, dataShape: data, manifest, vector } = this;
    const tf = await this.#tensorFlow();
    return await InferenceModel.build(tf, { experiment, data, manifest, vector, module: await this.module() });
  }
}

function floatsOf(bytes: Buffer): Float32Array {
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
