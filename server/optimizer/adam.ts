/** Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1). */
import { integerPower } from '../../common/exact-math.js';
import type { Optimizer } from './optimizer.js';

export interface AdamOptions {
  /** Decay of the first moment, 0.9 in the paper. */
  beta1: number;
  /** Decay of the second moment, 0.999 in the paper. */
  beta2: number;
  /** Added outside the root, 1e-8 in the paper. */
  epsilon: number;
}

/**
 * m = beta1 m + (1 - beta1) g
 * v = beta2 v + (1 - beta2) g^2
 * w = w - lr m' / (sqrt(v') + epsilon), m' = m / (1 - beta1^t), v' = v / (1 - beta2^t), t from 1
 * with m and v starting at 0, as `torch.optim.Adam` has it. The first line is computed as m + (1 - beta1) (g - m), and
 * the two corrections are folded into the rate and into a factor of the root.
 */
export const adam: Optimizer<AdamOptions> = {
  name: 'adam',
  slots: ['adam.firstMoment', 'adam.secondMoment'],
  coefficients: ({ beta1, beta2, epsilon }, step, learningRate) => [
    learningRate / (1 - integerPower(beta1, step)),
    1 - beta1,
    beta2,
    1 - beta2,
    1 / Math.sqrt(1 - integerPower(beta2, step)),
    epsilon,
  ],
  apply(kernels, { weights, gradient, slots, length, rateMultiplier }, coefficients) {
    const [rate, complement1, beta2, complement2, rootScale, epsilon] = coefficients as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const [first, second] = slots as [number, number];
    kernels.adam(
      weights,
      gradient,
      first,
      second,
      length,
      rate * rateMultiplier,
      complement1,
      beta2,
      complement2,
      rootScale,
      epsilon,
    );
  },
};
