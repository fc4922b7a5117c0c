/**
 * A model that gives gradients: a pure function of the weights, one micro-batch and its draws. It keeps no state but
 * the weights it was last given. Everything is synchronous, on the thread that loaded TensorFlow.
 */
import type { LayersModel, Tensor, Tensor2D, Variable } from '@tensorflow/tfjs';
import { nameOf } from '../../common/experiment/named-option.js';
import { headCount, stagesOf } from '../../common/experiment/stages.js';
import type { Manifest, TensorSpec } from '../../common/manifest.js';
import { isContextLayer } from '../layers/our-layers.js';
import { TrainingContext, type Draws } from '../layers/training-context.js';
import type { LoadedModule } from '../module/loaded-module.js';
import type { TF } from '../tensorflow/load.js';
import { buildModel } from './build-model.js';
import { lastHead, lossOfHeads, metricsOfHeads } from './heads.js';
import { LayerObserver } from './layer-observer.js';
import { scaleInitial } from './scale-initial.js';
import { tapLayers } from './layer-taps.js';
import { lossNamed, summedLoss, sumOf, type Labels, type Loss, type Mixed } from './loss.js';
import { metricsNamed, metricSums } from './metric.js';
import type { DataShape, ModelExperiment } from './model-experiment.js';
import { GradientMemory } from './gradient-memory.js';
import { modelWeights, type ModelWeights } from './model-manifest.js';
import { WeightMemory } from './weight-memory.js';

/** `count` samples; the arrays may be longer. Floats lie as [sample, ...inputShape]; labels as [sample] or [sample, output]. */
export interface ModelBatch {
  inputs: Float32Array;
  labels: Labels;
  /** What each counts in the loss that is trained on, [count]; 1 unless given. */
  weights?: Float32Array;
  /** The second class of samples that are mixed of two, [count], and what the first one, in `labels`, counts. */
  mixed?: { labels: Int32Array; shares: Float32Array };
  count: number;
}

/** Sums over the samples of a batch. */
export interface BatchSums {
  lossSum: number;
  /** Of the experiment's metrics, in their order; some are made of several sums. */
  metricSums: number[];
}

/** Where a gradient goes: two vectors in the manifest's order, wholly overwritten. */
export interface GradientOutput {
  parameters: Float32Array;
  statistics: Float32Array;
}

export class TrainingModel {
  readonly manifest: Manifest;
  readonly #context = new TrainingContext();
  readonly #loss: Loss;
  /** Classifiers whose outputs stand side by side. */
  readonly #heads: number;
  readonly #metrics: ReturnType<typeof metricsNamed>;
  readonly #parameters: WeightMemory;
  readonly #statistics: WeightMemory;
  readonly #gradients: GradientMemory;
  readonly #trained: { variable: Variable; offset: number; length: number }[] = [];
  /** Layer's name to where its mean and variance lie in the statistics vector. */
  readonly #statisticsOffsets = new Map<string, number>();

  private constructor(
    private readonly tf: TF,
    private readonly model: LayersModel,
    weights: ModelWeights,
    experiment: ModelExperiment,
    private readonly data: DataShape,
    module: LoadedModule | undefined,
    /** What may be meant otherwise in what it was made of. */
    readonly warnings: readonly string[],
  ) {
    this.manifest = weights.manifest;
    const loss = lossNamed(experiment.loss, module);
    const metrics = metricsNamed(experiment.metrics ?? [], loss, nameOf(experiment.loss), module);
    this.#heads = headCount(experiment);
    this.#loss = lossOfHeads(loss, this.#heads);
    this.#metrics = metricsOfHeads(metrics, loss, stagesOf(experiment).length);
    this.#parameters = new WeightMemory(tf, this.manifest.parameters, weights.parameters);
    this.#statistics = new WeightMemory(tf, this.manifest.statistics, weights.statistics);
    this.manifest.parameters.forEach(({ frozen, offset, length }, index) => {
      if (!frozen) this.#trained.push({ variable: weights.parameters[index]!.read() as Variable, offset, length });
    });
    this.#gradients = new GradientMemory(
      tf,
      this.#trained.map(({ length }) => length),
    );
    for (const { name, offset } of this.manifest.statistics) {
      if (name.endsWith('/moving_mean')) this.#statisticsOffsets.set(name.slice(0, name.lastIndexOf('/')), offset);
    }
    model.layers.filter(isContextLayer).forEach((layer, index) => layer.attach(this.#context, index));
  }

  /** Errors: PolyakError `usage` where the model, the loss or a metric is wrong or does not go with the data. */
  static async build(
    tf: TF,
    experiment: ModelExperiment,
    data: DataShape,
    module?: LoadedModule,
  ): Promise<TrainingModel> {
    const { model, notes, warnings = [] } = await buildModel(tf, experiment, data, module);
    const weights = modelWeights(model, notes, experiment);
    return new TrainingModel(tf, model, weights, experiment, data, module, warnings);
  }

  /** Copies both vectors, which lie in the manifest's order. */
  setWeights(parameters: Float32Array, statistics: Float32Array): void {
    this.#parameters.write(parameters);
    this.#statistics.write(statistics);
  }

  /**
   * Writes the gradient of the loss, summed over the samples, each times its weight, without L2, and for each batch normalisation
   * count * mean and count * variance (the variance with Bessel's correction, as running statistics have it).
   */
  gradient(batch: ModelBatch, draws: Draws, out: GradientOutput): BatchSums {
    const { tf } = this;
    const { count } = batch;
    const context = this.#context;
    let sums!: BatchSums;
    context.draws = draws;
    context.onStatistics = (layer, mean, variance) => {
      const offset = this.#statisticsOffsets.get(layer)!;
      mean.forEach((value, channel) => (out.statistics[offset + channel] = count * value));
      variance.forEach((value, channel) => (out.statistics[offset + mean.length + channel] = count * value));
    };
    out.statistics.fill(0);
    try {
      tf.tidy(() => {
        const { inputs, labels } = this.#tensors(batch);
        const [weights, mixed] = [batch.weights && tf.tensor1d(batch.weights), this.#mixed(batch)];
        const forward = () => {
          const logits = this.model.apply(inputs, { training: true }) as Tensor2D;
          let lossSum = 0;
          const see = (perSample: Tensor) => (lossSum = sumOf(perSample));
          const loss = summedLoss(tf, this.#loss, logits, labels, see, weights, mixed);
          sums = { lossSum, metricSums: metricSums(tf, this.#metrics, logits, labels) };
          return loss;
        };
        const variables = this.#trained.map(({ variable }) => variable);
        const { grads } = tf.engine().gradients(forward, variables, null as never, true);
        this.#write(grads, out.parameters);
      });
    } finally {
      context.draws = undefined;
      context.onStatistics = undefined;
    }
    return sums;
  }

  /**
   * Brings the outputs of layers that are initialised by `lsuv` to unit variance, one layer after the other, and writes their
   * gains into the manifest. `redraw` draws a weight with its new gain. As in evaluation: nothing is dropped.
   */
  scaleInitial(batch: ModelBatch, redraw: (parameter: TensorSpec, gain: number) => void): void {
    const forward = () => this.tf.tidy(() => void this.model.apply(this.#inputTensor(batch.inputs, batch.count)));
    scaleInitial(this.model, this.manifest, { forward, redraw });
  }

  /** Loss and metrics with the running statistics and without dropout. */
  evaluate(batch: ModelBatch): BatchSums {
    const { tf } = this;
    return tf.tidy(() => {
      const { inputs, labels } = this.#tensors(batch);
      const logits = this.model.apply(inputs) as Tensor2D;
      const { perSample } = this.#loss.compute(tf, logits, labels);
      return { lossSum: sumOf(perSample), metricSums: metricSums(tf, this.#metrics, logits, labels) };
    });
  }

  /** [count, outputs]: probabilities where the loss has a final activation, else what the last layer puts out. */
  predict(inputs: Float32Array, count: number): Float32Array {
    const { tf } = this;
    const output = tf.tidy(() => {
      const all = this.model.apply(this.#inputTensor(inputs, count)) as Tensor2D;
      const logits = lastHead(tf, all, this.#heads);
      const activation = this.#loss.finalActivation;
      return activation === undefined ? tf.clone(logits) : tf[activation](logits);
    });
    const values = output.dataSync<'float32'>();
    output.dispose();
    return values;
  }

  /** Every gradient from now on is seen by the observer; its numbers stay the same. */
  observe(): LayerObserver {
    const observer = new LayerObserver(this.model);
    tapLayers(this.tf, this.model, observer);
    return observer;
  }

  /** The loss, summed as `gradient` sums it, of a model that puts out this for every sample; 0 for each output unless given. */
  constantLoss(batch: ModelBatch, output: readonly number[] | null): number {
    const { tf } = this;
    const { outputs } = this.data;
    return tf.tidy(() => {
      const { count, labels } = batch;
      const [weights, mixed] = [batch.weights && tf.tensor1d(batch.weights), this.#mixed(batch)];
      const row = tf.tensor2d([...(output ?? new Float32Array(outputs))], [1, outputs]);
      const logits = tf.tile<Tensor2D>(row, [count, this.#heads]);
      let lossSum = 0;
      const see = (perSample: Tensor) => (lossSum = sumOf(perSample));
      const tensor = this.#loss.labelsTensor(tf, labels, count, outputs);
      summedLoss(tf, this.#loss, logits, tensor, see, weights, mixed);
      return lossSum;
    });
  }

  dispose(): void {
    this.model.dispose();
    this.#gradients.dispose();
    this.#parameters.release();
    this.#statistics.release();
    this.#context.release();
  }

  #tensors({ inputs, labels, count }: ModelBatch): { inputs: Tensor; labels: Tensor } {
    return {
      inputs: this.#inputTensor(inputs, count),
      labels: this.#loss.labelsTensor(this.tf, labels, count, this.data.outputs),
    };
  }

  #mixed({ mixed }: ModelBatch): Mixed | undefined {
    const { tf } = this;
    return mixed && { labels: tf.tensor1d(mixed.labels, 'int32'), shares: tf.tensor1d(mixed.shares) };
  }

  #inputTensor(inputs: Float32Array, count: number): Tensor {
    const features = this.data.inputShape.reduce((product, size) => product * size, 1);
    return this.tf.tensor(inputs.subarray(0, count * features), [count, ...this.data.inputShape]);
  }

  #write(gradients: (Tensor | undefined)[], out: Float32Array): void {
    if (this.#trained.length < this.manifest.parameters.length) {
      out.fill(0);
    }
    this.#trained.forEach(({ offset, length }, index) => {
      // A weight on which the loss does not depend has no gradient.
      const gradient = gradients[index];
      if (gradient) out.set(this.#gradients.read(index, gradient), offset);
      else out.fill(0, offset, offset + length);
    });
  }
}
