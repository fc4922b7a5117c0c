/** AMSGrad (Reddi, Kale and Kumar, "On the convergence of Adam and beyond", 2018). */
import { adamCoefficients, type AdamOptions } from './adam.js';
import type { Optimizer } from './optimizer.js';

/**
 * As Adam, but for the root:
 * h = max(h, v)
 * w = w - lr m' / (sqrt(h / (1 - beta2^t)) + epsilon)
 * with h starting at 0, as `torch.optim.Adam(amsgrad=True)` has it: the largest is of what is not corrected.
 */
export const amsgrad: Optimizer<AdamOptions> = {
  name: 'amsgrad',
  slots: ['amsgrad.firstMoment', 'amsgrad.secondMoment', 'amsgrad.largestSecondMoment'],
  coefficients: adamCoefficients,
  apply(kernels, { weights, gradient, slots, length, rateMultiplier }, coefficients) {
    const [rate, ...others] = coefficients as [number, number, number, number, number, number];
    const [first, second, largest] = slots as [number, number, number];
    kernels.amsgrad(weights, gradient, first, second, largest, length, rate * rateMultiplier, ...others);
  },
};
