/** AdaGrad (Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning", 2011), the diagonal form. */
import type { Optimizer } from './optimizer.js';

export interface AdagradOptions {
  /** Added outside the root. */
  epsilon: number;
}

/**
 * s = s + g^2
 * w = w - lr g / (sqrt(s) + epsilon)
 * with s starting at 0, as `torch.optim.Adagrad` has it.
 */
export const adagrad: Optimizer<AdagradOptions> = {
  name: 'adagrad',
  slots: ['adagrad.squares'],
  coefficients: ({ epsilon }, _step, learningRate) => [learningRate, epsilon],
  apply(kernels, { weights, gradient, slots, length, rateMultiplier }, coefficients) {
    const [rate, epsilon] = coefficients as [number, number];
    kernels.adagrad(weights, gradient, slots[0]!, length, rate * rateMultiplier, epsilon);
  },
};
