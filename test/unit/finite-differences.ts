/** Gradients of tf functions against central differences. */
import type { Tensor } from '@tensorflow/tfjs';
import type { TF } from '../../worker/tensorflow/load.js';

const step = 1e-2;
const stepOfLoss = 3e-2;

/**
 * The gradient of sum(weights * f(...inputs)) by each input, with weights that differ from place to place: its largest
 * difference from ((f(x + h) - f(x - h)) / 2h, relative to that input's largest gradient. f is computed in float32, the
 * sum in float64, so that three digits and more are left.
 */
export function worstOfDifferences(tf: TF, f: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[]): number {
  const weightAt = (index: number) => Math.cos(index * 1.7) + 0.3;
  const value = (given: readonly Tensor[]) =>
    tf.tidy(() => f(...given).dataSync<'float32'>()).reduce((sum, each, index) => sum + each * weightAt(index), 0);
  const gradients = tf.tidy(() => {
    const weighted = (...given: Tensor[]) => {
      const output = f(...given);
      const weights = Float32Array.from({ length: output.size }, (_, index) => weightAt(index));
      return tf.sum(tf.mul(output, tf.tensor(weights, output.shape)));
    };
    return tf
      .grads(weighted)([...inputs])
      .map((gradient) => gradient.dataSync<'float32'>().slice());
  });
  return Math.max(
    ...inputs.map((input, which) => {
      const at = input.dataSync<'float32'>().slice();
      const differences = Array.from(at, (_, index) => {
        const moved = (by: number) => {
          const values = at.slice();
          values[index]! += by;
          return value(inputs.map((each, other) => (other === which ? tf.tensor(values, input.shape) : each)));
        };
        // The step that float32 has taken, which is not quite the one that was asked for.
        const taken = Math.fround(at[index]! + step) - Math.fround(at[index]! - step);
        return (moved(step) - moved(-step)) / taken;
      });
      const largest = Math.max(...differences.map(Math.abs));
      return Math.max(...differences.map((each, index) => Math.abs(each - gradients[which]![index]!))) / largest;
    }),
  );
}

export interface LossAtPoint {
  /** At other parameters. */
  lossAt: (parameters: Float32Array) => number;
  parameters: Float32Array;
  /** What is compared, of the same length. */
  gradient: ArrayLike<number>;
}

/**
 * The same of the gradient of a whole loss, at some places of each tensor, relative to that tensor's largest gradient. By two steps,
 * from whose differences D the error of second order is taken out, (4 D(h / 2) - D(h)) / 3 (Richardson): deep losses bend more
 * than a layer does, and the many roundings of float32 on the way allow no smaller step.
 */
export function worstOfLoss(
  { lossAt, parameters, gradient }: LossAtPoint,
  tensors: readonly { offset: number; length: number }[],
  placesOf: (length: number) => readonly number[],
): number {
  const difference = (index: number, by: number) => {
    const moved = (distance: number) => {
      const values = parameters.slice();
      values[index]! += distance;
      return { at: values[index]!, loss: lossAt(values) };
    };
    const [right, left] = [moved(by), moved(-by)];
    return (right.loss - left.loss) / (right.at - left.at);
  };
  const errors = tensors.flatMap(({ offset, length }) => {
    const largest = Math.max(...Array.from({ length }, (_, place) => Math.abs(gradient[offset + place]!)));
    return placesOf(length).map((place) => {
      const index = offset + place;
      const extrapolated = (4 * difference(index, stepOfLoss) - difference(index, 2 * stepOfLoss)) / 3;
      return Math.abs(extrapolated - gradient[index]!) / largest;
    });
  });
  return Math.max(...errors);
}
