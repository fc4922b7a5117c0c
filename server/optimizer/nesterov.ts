/**
 * Nesterov's accelerated gradient (Nesterov, 1983) in the form of Sutskever et al., "On the importance of initialization
 * and momentum in deep learning", 2013, rewritten to take the gradient at the weights themselves.
 */
import type { MomentumOptions } from './momentum.js';
import type { Optimizer } from './optimizer.js';

/**
 * v = mu v + g
 * w = w - lr (g + mu v)
 * with v starting at 0, as `torch.optim.SGD(momentum=mu, nesterov=True)` has it.
 */
export const nesterov: Optimizer<MomentumOptions> = {
  name: 'nesterov',
  slots: ['nesterov.velocity'],
  coefficients: (options, _step, learningRate) => [learningRate, options.momentum],
  apply(kernels, { weights, gradient, slots, length, rateMultiplier }, coefficients) {
    const [rate, mu] = coefficients as [number, number];
    kernels.nesterov(weights, gradient, slots[0]!, length, rate * rateMultiplier, mu);
  },
};
