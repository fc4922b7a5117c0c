/**
 * Max pooling whose gradient is quick: oneDNN's operation remembers where each maximum was, so that the gradient need
 * not look for it again. TensorFlow names these operations only internally, so they are tried once, and tfjs's own
 * take their place where they are not to be had.
 */
import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import { isNative, recordsGradient, runNative, usesGpu, type Attributes } from '../tensorflow/native-operation.js';
import type { TF } from '../tensorflow/load.js';
import type { LayerClass, Tensors } from './our-layers.js';

type Pair = [number, number];

export function maxPooling2dClass(tf: TF): LayerClass {
  return class MaxPooling2D extends tf.layers.Layer {
    static className = 'MaxPooling2D';
    readonly poolSize: Pair;
    readonly strides: Pair;
    readonly padding: 'valid' | 'same';

    constructor(config: Record<string, unknown>) {
      super(config);
      if (config.dataFormat !== undefined && config.dataFormat !== 'channelsLast') {
        throw new Error(
          `MaxPooling2D: dataFormat is ${JSON.stringify(config.dataFormat)}; only channelsLast is supported`,
        );
      }
      this.poolSize = pairOf(config.poolSize ?? 2);
      this.strides = pairOf(config.strides ?? this.poolSize);
      this.padding = (config.padding as 'valid' | 'same' | undefined) ?? 'valid';
      this.inputSpec = [{ ndim: 4 }];
    }

    override build(inputShape: number[]): void {
      super.build(inputShape);
      probeMaxPool(tf);
    }

    override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
      const [batch, height, width, channels] = inputShape as [number | null, number, number, number];
      const outputSize = (size: number, pool: number, stride: number) =>
        Math.floor((size - (this.padding === 'same' ? 1 : pool)) / stride) + 1;
      return [
        batch,
        outputSize(height, this.poolSize[0], this.strides[0]),
        outputSize(width, this.poolSize[1], this.strides[1]),
        channels,
      ];
    }

    override call(inputs: Tensors): Tensor {
      const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor4D;
      return maxPool(tf, x, this.poolSize, this.strides, this.padding);
    }

    override getConfig() {
      const { poolSize, strides, padding } = this;
      return { ...super.getConfig(), poolSize, strides, padding, dataFormat: 'channelsLast' };
    }
  };
}

/** To be called while a model is built, so that it is known when maxPool computes. */
export function probeMaxPool(tf: TF): void {
  if (isNative(tf) && !usesGpu(tf)) hasRememberingPool(tf);
}

export function maxPool(tf: TF, x: Tensor4D, poolSize: Pair, strides: Pair, padding: 'valid' | 'same'): Tensor {
  const remembers = isNative(tf) && recordsGradient(tf) && probed.get(tf) === true;
  return remembers ? rememberingPool(tf, x, poolSize, strides, padding) : tf.maxPool(x, poolSize, strides, padding);
}

function pairOf(value: unknown): Pair {
  if (typeof value === 'number') return [value, value];
  const [first, second] = value as [number, number?];
  return [first, second ?? first];
}

function rememberingPool(tf: TF, x: Tensor4D, poolSize: Pair, strides: Pair, padding: string): Tensor {
  const attributes: Attributes = {
    T: ['type', 'float32'],
    ksize: ['int', [1, ...poolSize, 1]],
    strides: ['int', [1, ...strides, 1]],
    padding: ['string', padding.toUpperCase()],
    data_format: ['string', 'NHWC'],
    workspace_enabled: ['bool', true],
    _kernel: ['string', 'MklNameChangeOp'],
  };
  const operation = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void;
    const input = args[0] as Tensor;
    const [value, workspace] = runNative(tf, '_MklNativeMaxPool', attributes, [input], 2) as [Tensor, Tensor];
    save([input, value, workspace]);
    return {
      value,
      gradFunc: (dy: Tensor, [in0, out, where]: Tensor[]) => {
        return runNative(tf, '_MklNativeMaxPoolGrad', attributes, [in0!, out!, dy, where!], 1)[0]!;
      },
    };
  });
  return operation(x);
}

const probed = new WeakMap<TF, boolean>();

/** Whether the internal operations are there and right: the gradient of the maximum of four is 1 at the maximum. */
function hasRememberingPool(tf: TF): boolean {
  let works = probed.get(tf);
  if (works === undefined) {
    works = tf.tidy(() => {
      try {
        const x = tf.tensor4d([1, 4, 3, 2], [1, 2, 2, 1]);
        const pool = (input: Tensor) => tf.sum(rememberingPool(tf, input as Tensor4D, [2, 2], [2, 2], 'valid'));
        return tf.grad(pool)(x).dataSync<'float32'>().join() === '0,1,0,0';
      } catch {
        return false;
      }
    });
    probed.set(tf, works);
  }
  return works;
}
