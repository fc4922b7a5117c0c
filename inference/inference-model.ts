/**
 * A trained model: the forward pass alone, of which evaluation is computed by the very operations that training used.
 * Everything is synchronous, on the thread that loaded TensorFlow.
 */
import type { LayersModel, SymbolicTensor, Tensor2D } from '@tensorflow/tfjs';
import { PolyakError } from '../common/errors.js';
import { nameOf, type NamedOption } from '../common/experiment/named-option.js';
import type { Experiment } from '../common/experiment/schema.js';
import { measuredMetrics, stagesOf } from '../common/experiment/stages.js';
import type { Manifest, TensorSpec } from '../common/manifest.js';
import { buildModel } from '../worker/model/build-model.js';
import { headsOf, lastHead, lossOfHeads, metricsOfHeads } from '../worker/model/heads.js';
import { lossNamed, type Loss } from '../worker/model/loss.js';
import { metricSums, metricsNamed, type Metric } from '../worker/model/metric.js';
import type { DataShape } from '../worker/model/model-experiment.js';
import { modelWeights } from '../worker/model/model-manifest.js';
import type { ModelBatch } from '../worker/model/training-model.js';
import { WeightMemory } from '../worker/model/weight-memory.js';
import type { LoadedModule } from '../worker/module/loaded-module.js';
import type { TF } from '../worker/tensorflow/load.js';

export interface ModelOptions {
  experiment: Experiment;
  data: DataShape;
  manifest: Manifest;
  /** Parameters, then statistics. */
  vector: Float32Array;
  /** Of the experiment. */
  module: LoadedModule | undefined;
}

export interface Evaluated {
  /** Sums over the samples. */
  lossSum: number;
  /** Of `InferenceModel.metrics`, in their order. */
  metricSums: number[];
  /** The likeliest class of each sample; empty for numbers to predict. */
  predicted: Int32Array;
}

/** A float32 whose logarithm is finite, and the distance of 1 to the one below it. */
const probabilityMin = 1e-37;
const epsilon = 2 ** -24;

const alwaysOfNumbers = ['meanAbsoluteError', 'rootMeanSquaredError', 'rSquared'];

export class InferenceModel {
  /** Those of the experiment, and those that every model of its kind has. */
  readonly metrics: readonly NamedOption[];
  readonly #loss: Loss;
  readonly #metrics: Metric[];
  /** What predicts: puts out the logits of the last head. */
  readonly layers: LayersModel;
  /** Whose classifiers stand side by side in the model's outputs; 0 where it has one head. */
  readonly #stages: number;

  private constructor(
    private readonly tf: TF,
    /** Puts out the logits of all heads. */
    private readonly whole: LayersModel,
    private readonly options: ModelOptions,
  ) {
    const { experiment, module } = options;
    const { loss, metrics } = experiment;
    const one = lossNamed(loss, module);
    this.#stages = stagesOf(experiment).length;
    this.layers = this.#stages < 2 ? whole : predicting(tf, whole);
    this.#loss = lossOfHeads(one, this.#heads);
    const always = this.#loss.target === 'numbers' ? alwaysOfNumbers : ['accuracy'];
    const own = new Set(metrics.map((metric) => nameOf<string>(metric)));
    const all = [...metrics, ...always.filter((name) => !own.has(name))];
    this.metrics = measuredMetrics({ ...experiment, metrics: all });
    this.#metrics = metricsOfHeads(metricsNamed(all, one, nameOf(loss), module), one, this.#stages);
  }

  /** Errors: `usage` where the model cannot be built, or is another than the one that was trained. */
  static async build(tf: TF, options: ModelOptions): Promise<InferenceModel> {
    const { experiment, data, manifest, vector, module } = options;
    const { model, notes } = await unlisted(tf, () => buildModel(tf, experiment, data, module));
    const weights = modelWeights(model, notes, experiment);
    requireSame('parameters', manifest.parameters, weights.manifest.parameters);
    requireSame('statistics', manifest.statistics, weights.manifest.statistics);
    new WeightMemory(tf, manifest.parameters, weights.parameters).write(vector);
    new WeightMemory(tf, manifest.statistics, weights.statistics).write(vector.subarray(manifest.parameterCount));
    return new InferenceModel(tf, model, options);
  }

  dispose(): void {
    unlisted(this.tf, () => this.whole.dispose());
  }

  /** Whether the layer's class is one of the experiment's module. */
  isOfModule(className: string): boolean {
    const classes = Object.values(this.options.module?.layers ?? {}) as unknown as { className: string }[];
    return classes.some((each) => each.className === className);
  }

  /** What the loss puts behind the last layer. */
  get finalActivation(): Loss['finalActivation'] {
    return this.#loss.finalActivation;
  }

  /** [count, outputs]: probabilities, scores where the loss knows none, or numbers. The inputs are preprocessed. */
  predict(inputs: Float32Array, count: number): Float32Array {
    const { tf } = this;
    return tf.tidy(() => {
      const logits = lastHead(tf, this.#logits(inputs, count), this.#heads);
      const activation = this.#loss.finalActivation;
      return (activation === undefined ? logits : tf[activation](logits)).dataSync<'float32'>();
    });
  }

  evaluate({ inputs, labels, count }: ModelBatch): Evaluated {
    return this.tf.tidy(() => ({ ...this.#evaluated(this.#logits(inputs, count), labels, count) }));
  }

  /**
   * Each member's numbers, and those of their mean prediction by this model's loss and metrics: the mean of probabilities where
   * the loss knows them, else of the outputs. Members are of one loss and see the same samples, preprocessed for each.
   */
  evaluateTogether(
    members: readonly { model: InferenceModel; inputs: Float32Array }[],
    { labels, count }: Pick<ModelBatch, 'labels' | 'count'>,
  ): { each: Evaluated[]; together: Evaluated } {
    const { tf } = this;
    return tf.tidy(() => {
      const logits = members.map(({ model, inputs }) => model.#logits(inputs, count));
      const each = members.map(({ model }, index) => ({ ...model.#evaluated(logits[index]!, labels, count) }));
      return { each, together: { ...this.#evaluated(this.#meanLogits(logits), labels, count) } };
    });
  }

  /** As `evaluate`, of the mean prediction over views of the same samples; each view is used up before the next is asked for. */
  evaluateViews(views: Iterable<Float32Array>, { labels, count }: Pick<ModelBatch, 'labels' | 'count'>): Evaluated {
    return this.tf.tidy(() => {
      const logits = Array.from(views, (inputs) => this.#logits(inputs, count));
      return { ...this.#evaluated(this.#meanLogits(logits), labels, count) };
    });
  }

  /** As `predict`, the mean over views of the same samples. */
  predictViews(views: Iterable<Float32Array>, count: number): Float32Array {
    return this.tf.tidy(() => {
      const logits = Array.from(views, (inputs) => lastHead(this.tf, this.#logits(inputs, count), this.#heads));
      return this.#meanPrediction(logits).dataSync<'float32'>();
    });
  }

  #meanPrediction(logits: readonly Tensor2D[]): Tensor2D {
    const { tf } = this;
    const activation = this.#loss.finalActivation;
    const predictions = activation === undefined ? logits : logits.map((each) => tf[activation](each));
    return tf.div<Tensor2D>(tf.addN([...predictions]), predictions.length);
  }

  /** What gives the mean probabilities when the loss's own activation is put behind it. */
  #meanLogits(logits: readonly Tensor2D[]): Tensor2D {
    const { tf } = this;
    const each = logits.map((one) => headsOf(tf, one, this.#heads));
    const means = Array.from({ length: this.#heads }, (_, head) => this.#meanOfHead(each.map((heads) => heads[head]!)));
    return means.length === 1 ? means[0]! : tf.concat2d(means, 1);
  }

  #meanOfHead(logits: readonly Tensor2D[]): Tensor2D {
    const { tf } = this;
    const activation = this.#loss.finalActivation;
    const mean = this.#meanPrediction(logits);
    if (activation === undefined) return mean;
    const certain = tf.clipByValue(mean, probabilityMin, 1 - epsilon);
    return activation === 'softmax'
      ? tf.log(mean.maximum(probabilityMin))
      : tf.sub(tf.log(certain), tf.log1p(tf.neg(certain)));
  }

  #evaluated(logits: Tensor2D, labels: ModelBatch['labels'], count: number): Evaluated {
    const { tf } = this;
    const labelsTensor = this.#loss.labelsTensor(tf, labels, count, this.options.data.outputs);
    const perSample = this.#loss.compute(tf, logits, labelsTensor).perSample.dataSync<'float32'>();
    return {
      lossSum: perSample.reduce((sum, value) => sum + value, 0),
      metricSums: metricSums(tf, this.#metrics, logits, labelsTensor),
      predicted: this.#classes(logits),
    };
  }

  get #heads(): number {
    return Math.max(1, this.#stages);
  }

  /** Of all heads. */
  #logits(inputs: Float32Array, count: number): Tensor2D {
    const { inputShape } = this.options.data;
    const features = inputShape.reduce((product, size) => product * size, 1);
    const tensor = this.tf.tensor(inputs.subarray(0, count * features), [count, ...inputShape]);
    return this.whole.apply(tensor) as Tensor2D;
  }

  #classes(all: Tensor2D): Int32Array {
    const { tf } = this;
    const logits = lastHead(tf, all, this.#heads);
    switch (this.#loss.target) {
      case 'classes':
        return tf.argMax(logits, 1).dataSync<'int32'>();
      case 'twoClasses':
        return tf.cast(tf.greater(logits, 0), 'int32').dataSync<'int32'>();
      case 'numbers':
        return new Int32Array(0);
    }
  }
}

/** Of several heads' model the last; its layers are those of the whole, and disposed of with that. */
function predicting(tf: TF, whole: LayersModel): LayersModel {
  const heads = whole.outputs[0]!.sourceLayer.input as SymbolicTensor[];
  return tf.model({ inputs: whole.inputs, outputs: heads.at(-1)!, name: whole.name });
}

/**
 * Every copy of tfjs in a process shares one list of variables by name, and refuses a second of the same name. So ours are
 * made and disposed of on a list of their own: a program's `dense_1/kernel` is not in our way, nor ours in its, and its
 * `disposeVariables` does not reach ours. Only what happens before the first await of `change` is covered, as models are made.
 */
function unlisted<Result>(tf: TF, change: () => Result): Result {
  const { state } = tf.engine();
  const listed = state.registeredVariables;
  state.registeredVariables = {};
  try {
    return change();
  } finally {
    state.registeredVariables = listed;
  }
}

function requireSame(what: string, trained: readonly TensorSpec[], built: readonly TensorSpec[]): void {
  const show = (spec?: TensorSpec) => (spec ? `${spec.name} [${spec.shape.join(', ')}]` : 'none');
  const differing = Array.from({ length: Math.max(trained.length, built.length) }, (_, index) => index).find(
    (index) => show(trained[index]) !== show(built[index]),
  );
  if (differing === undefined) return;
  const found = `${show(trained[differing])} was trained, the model has ${show(built[differing])}`;
  throw new PolyakError('usage', `model: is another than the run's: of its ${what}, ${found}`);
}
