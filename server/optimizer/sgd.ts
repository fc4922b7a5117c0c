/** Stochastic gradient descent (Robbins and Monro, 1951). */
import type { Optimizer } from './optimizer.js';

/** w = w - lr g */
export const sgd: Optimizer<Record<never, never>> = {
  name: 'sgd',
  slots: [],
  coefficients: (_options, _step, learningRate) => [learningRate],
  apply(kernels, { weights, gradient, length, rateMultiplier }, coefficients) {
    kernels.sgd(weights, gradient, length, coefficients[0]! * rateMultiplier);
  },
};
