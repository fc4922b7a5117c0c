/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000) as Keras has it:
 * [i f g o] = x W + h U + b; c = sigmoid(f) c + sigmoid(i) tanh(g); h = sigmoid(o) tanh(c). The first h and c are 0.
 */
import type { layers, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { nativeLstm } from '../tensorflow/native-lstm.js';
import { isNative, usesGpu } from '../tensorflow/native-operation.js';
import type { TF } from '../tensorflow/load.js';
import type { LayerClass, Tensors } from './our-layers.js';

type Weight = layers.Layer['weights'][number];

/** Options of Keras's layer that have to be as they are by default, in tfjs's spelling. */
const fixed: Record<string, unknown> = {
  activation: 'tanh',
  recurrentActivation: 'sigmoid',
  goBackwards: false,
  returnState: false,
  stateful: false,
  dropout: 0,
  recurrentDropout: 0,
};

export function lstmClass(tf: TF): LayerClass {
  return class LSTM extends tf.layers.Layer {
    static className = 'LSTM';
    readonly units: number;
    readonly useBias: boolean;
    readonly unitForgetBias: boolean;
    readonly returnSequences: boolean;
    #kernel!: Weight;
    #recurrent!: Weight;
    #bias: Weight | undefined;

    constructor(config: Record<string, unknown>) {
      super(config);
      for (const [option, value] of Object.entries(fixed)) {
        const given = config[option] ?? value;
        if (given !== value) {
          throw new Error(
            `LSTM '${this.name}': ${option} is ${JSON.stringify(given)}; only ${String(value)} is supported`,
          );
        }
      }
      this.units = config.units as number;
      this.useBias = (config.useBias as boolean | undefined) ?? true;
      this.unitForgetBias = (config.unitForgetBias as boolean | undefined) ?? true;
      this.returnSequences = (config.returnSequences as boolean | undefined) ?? false;
      this.inputSpec = [{ ndim: 3 }];
    }

    override build(inputShape: number[]): void {
      const zeros = tf.initializers.zeros();
      const gates = 4 * this.units;
      this.#kernel = this.addWeight('kernel', [inputShape.at(-1)!, gates], 'float32', zeros);
      this.#recurrent = this.addWeight('recurrent_kernel', [this.units, gates], 'float32', zeros);
      if (this.useBias) this.#bias = this.addWeight('bias', [gates], 'float32', zeros);
      this.built = true;
    }

    override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
      const [batch = null, steps = null] = inputShape;
      return this.returnSequences ? [batch, steps, this.units] : [batch, this.units];
    }

    override call(inputs: Tensors): Tensor {
      const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor3D;
      return tf.tidy(() => {
        const steps = tf.transpose(x, [1, 0, 2]);
        const weights = tf.concat([this.#kernel.read() as Tensor2D, this.#recurrent.read() as Tensor2D], 0);
        const bias = this.#bias?.read() ?? tf.zeros([4 * this.units]);
        const run = isNative(tf) && !usesGpu(tf) ? nativeLstm : composedLstm;
        const all = run(tf, steps, weights, bias);
        if (this.returnSequences) return tf.transpose(all, [1, 0, 2]);
        return tf.squeeze(tf.slice(all, [x.shape[1] - 1], [1]), [0]);
      });
    }

    override getConfig() {
      const { units, useBias, unitForgetBias, returnSequences } = this;
      return { ...super.getConfig(), ...fixed, units, useBias, unitForgetBias, returnSequences };
    }
  };
}

/** As nativeLstm, of tfjs's operations. */
function composedLstm(tf: TF, x: Tensor, weights: Tensor, bias: Tensor): Tensor {
  const [samples, units] = [x.shape[1]!, bias.size / 4];
  let h: Tensor = tf.zeros([samples, units]);
  let c: Tensor = tf.zeros([samples, units]);
  const all = tf.unstack(x, 0).map((step) => {
    const gates = tf.add(tf.matMul(tf.concat([step, h], 1), weights), bias);
    const [i, f, g, o] = tf.split(gates, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
    c = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
    h = tf.mul(tf.sigmoid(o), tf.tanh(c));
    return h;
  });
  return tf.stack(all, 0);
}
