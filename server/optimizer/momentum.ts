/** Heavy-ball momentum (Polyak, "Some methods of speeding up the convergence of iteration methods", 1964). */
import type { Optimizer } from './optimizer.js';

export interface MomentumOptions {
  /** mu, from 0 to below 1. */
  momentum: number;
}

/**
 * v = mu v + g
 * w = w - lr v
 * with v starting at 0, as `torch.optim.SGD(momentum=mu)` has it: the learning rate is outside the velocity, so that a
 * schedule acts at once.
 */
export const momentum: Optimizer<MomentumOptions> = {
  name: 'momentum',
  slots: ['momentum.velocity'],
  coefficients: (options, _step, learningRate) => [learningRate, options.momentum],
  apply(kernels, { weights, gradient, slots, length, rateMultiplier }, coefficients) {
    const [rate, mu] = coefficients as [number, number];
    kernels.momentum(weights, gradient, slots[0]!, length, rate * rateMultiplier, mu);
  },
};
