/** Gradients of tf functions against central differences. */
import type { Tensor } from '@tensorflow/tfjs';
import type { TF } from '../../worker/tensorflow/load.js';

const step = 1e-2;

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
