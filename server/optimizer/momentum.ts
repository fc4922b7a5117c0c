/** Heavy-ball momentum (Polyak, "Some methods of speeding up the convergence of iteration methods", 1964). */
import type { Optimizer } from './optimizer.js';

export interface MomentumOptions {
  /** mu, from 0 to below 1. */
  momentum: number;
  /** What the velocity adds up: `gradients` unless given. */
  velocity?: 'gradients' | 'steps';
}

/** The learning rate, mu, and 1 where the velocity adds up steps. */
export function momentumCoefficients(options: MomentumOptions, _step: number, learningRate: number): number[] {
  return [learningRate, options.momentum, options.velocity === 'steps' ? 1 : 0];
}

/**
 * Of gradients, as `torch.optim.SGD(momentum=mu)` has it: the learning rate is outside the velocity, so that a schedule
 * acts at once.
 * v = mu v + g
 * w = w - lr v
 * Of steps, as the lecture and Keras have it: what was gained at an earlier rate stays.
 * v = mu v + lr g
 * w = w - v
 * v starts at 0. At a constant rate both are the same.
 */
export const momentum: Optimizer<MomentumOptions> = {
  name: 'momentum',
  slots: ['momentum.velocity'],
  coefficients: momentumCoefficients,
  apply(kernels, { weights, gradient, slots, length, rateMultiplier }, coefficients) {
    const [rate, mu, ofSteps] = coefficients as [number, number, number];
    const step = ofSteps === 1 ? 'momentumOfSteps' : 'momentum';
    kernels[step](weights, gradient, slots[0]!, length, rate * rateMultiplier, mu);
  },
};
