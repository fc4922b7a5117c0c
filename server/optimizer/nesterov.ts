/**
 * Nesterov's accelerated gradient (Nesterov, 1983) in the form of Sutskever et al., "On the importance of initialization
 * and momentum in deep learning", 2013, rewritten to take the gradient at the weights themselves.
 */
import { momentumCoefficients, type MomentumOptions } from './momentum.js';
import type { Optimizer } from './optimizer.js';

/**
 * Of gradients, as `torch.optim.SGD(momentum=mu, nesterov=True)` has it:
 * v = mu v + g
 * w = w - lr (g + mu v)
 * Of steps, as the lecture and Keras have it, the lecture as w + mu v' - (1 + mu) v with v' the velocity before:
 * v = mu v + lr g
 * w = w - (lr g + mu v)
 * v starts at 0. At a constant rate both are the same.
 */
export const nesterov: Optimizer<MomentumOptions> = {
  name: 'nesterov',
  slots: ['nesterov.velocity'],
  coefficients: momentumCoefficients,
  apply(kernels, { weights, gradient, slots, length, rateMultiplier }, coefficients) {
    const [rate, mu, ofSteps] = coefficients as [number, number, number];
    const step = ofSteps === 1 ? 'nesterovOfSteps' : 'nesterov';
    kernels[step](weights, gradient, slots[0]!, length, rate * rateMultiplier, mu);
  },
};
