/**
 * Batch normalisation (Ioffe and Szegedy 2015) over all axes but the last: y = gamma (x - mean) / sqrt(variance +
 * epsilon) + beta. While training, mean and (biased) variance are the micro-batch's; they are reported, and nothing is
 * written: the running statistics belong to the server, and come with the weights. In evaluation those are used.
 */
import type { layers, Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs';
import { isNative, runNative, type Attributes } from '../tensorflow/native-operation.js';
import type { TF } from '../tensorflow/load.js';
import { requireLastAxis } from './last-axis.js';
import type { LayerClass, Tensors } from './our-layers.js';
import type { TrainingContext } from './training-context.js';

/** The variance is Bessel-corrected, for the running statistics. */
type Report = (mean: Float32Array, variance: Float32Array) => void;

export function batchNormalizationClass(tf: TF): LayerClass {
  return class BatchNormalization extends tf.layers.Layer {
    static className = 'BatchNormalization';
    readonly epsilon: number;
    readonly momentum: number;
    readonly center: boolean;
    readonly scale: boolean;
    readonly #axis: unknown;
    #context: TrainingContext | undefined;
    #gamma: layers.Layer['weights'][number] | undefined;
    #beta: layers.Layer['weights'][number] | undefined;
    #mean!: layers.Layer['weights'][number];
    #variance!: layers.Layer['weights'][number];

    constructor(config: Record<string, unknown>) {
      super(config);
      this.epsilon = (config.epsilon as number | undefined) ?? 1e-3;
      this.momentum = (config.momentum as number | undefined) ?? 0.99;
      this.center = (config.center as boolean | undefined) ?? true;
      this.scale = (config.scale as boolean | undefined) ?? true;
      this.#axis = config.axis;
      this.supportsMasking = true;
    }

    attach(context: TrainingContext): void {
      this.#context = context;
    }

    override build(inputShape: number[]): void {
      requireLastAxis(this, this.#axis, inputShape);
      const shape = [inputShape.at(-1)!];
      const [zeros, ones] = [tf.initializers.zeros(), tf.initializers.ones()];
      if (this.scale) this.#gamma = this.addWeight('gamma', shape, 'float32', ones);
      if (this.center) this.#beta = this.addWeight('beta', shape, 'float32', zeros);
      this.#mean = this.addWeight('moving_mean', shape, 'float32', zeros, undefined, false);
      this.#variance = this.addWeight('moving_variance', shape, 'float32', ones, undefined, false);
      this.built = true;
    }

    override computeOutputShape(inputShape: number[]): number[] {
      return inputShape;
    }

    override call(inputs: Tensors): Tensor {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      const shape = this.#mean.shape as [number];
      return tf.tidy(() => {
        const gamma = (this.#gamma?.read() ?? tf.ones(shape)) as Tensor1D;
        const beta = (this.#beta?.read() ?? tf.zeros(shape)) as Tensor1D;
        const context = this.#context;
        if (!context?.draws || !this.trainable) {
          const [mean, variance] = [this.#mean.read() as Tensor1D, this.#variance.read() as Tensor1D];
          return tf.batchNorm(x as Tensor4D, mean, variance, beta, gamma, this.epsilon);
        }
        const report: Report = (mean, variance) => context.onStatistics?.(this.name, mean, variance);
        return normalizeBatch(tf, x, gamma, beta, this.epsilon, report);
      });
    }

    override getConfig() {
      const { epsilon, momentum, center, scale } = this;
      return { ...super.getConfig(), axis: -1, epsilon, momentum, center, scale };
    }
  };
}

/** By the batch's own mean and variance, which are reported; differentiable by x, gamma and beta. */
export function normalizeBatch(
  tf: TF,
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  epsilon: number,
  report: Report,
): Tensor {
  const normalize = isNative(tf) ? normalizeNative : normalizeComposed;
  return normalize(tf, x, gamma, beta, epsilon, report);
}

/** TensorFlow's fused operation, which takes four axes, and its gradient. */
function normalizeNative(tf: TF, x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number, report: Report): Tensor {
  const channels = x.shape.at(-1)!;
  const shape = x.rank === 4 ? x.shape : [x.size / channels, 1, 1, channels];
  const attributes: Attributes = {
    T: ['type', 'float32'],
    U: ['type', 'float32'],
    epsilon: ['float', epsilon],
    data_format: ['string', 'NHWC'],
    is_training: ['bool', true],
  };
  const operation = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void;
    const [input, scale, offset] = args as [Tensor, Tensor, Tensor];
    const empty = tf.tensor1d([]);
    const outputs = runNative(tf, 'FusedBatchNormV3', attributes, [input, scale, offset, empty, empty], 6);
    report(outputs[1]!.dataSync<'float32'>(), outputs[2]!.dataSync<'float32'>());
    save([input, scale, ...outputs.slice(3)]);
    return {
      value: outputs[0]!,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        return runNative(tf, 'FusedBatchNormGradV3', attributes, [dy, ...saved], 5).slice(0, 3);
      },
    };
  });
  return tf.reshape(operation(tf.reshape(x, shape), gamma, beta), x.shape);
}

function normalizeComposed(tf: TF, x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number, report: Report): Tensor {
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const samples = x.size / x.shape.at(-1)!;
  const { mean, variance } = tf.moments(x, axes);
  const normalized = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, epsilon)));
  const unbiased = tf.mul(variance, samples / Math.max(1, samples - 1));
  report(mean.dataSync<'float32'>(), unbiased.dataSync<'float32'>());
  return tf.add(tf.mul(normalized, gamma), beta);
}
