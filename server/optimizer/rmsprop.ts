/** RMSProp (Tieleman and Hinton, "Lecture 6.5: rmsprop", 2012), not centred and without momentum. */
import type { Optimizer } from './optimizer.js';

export interface RmspropOptions {
  /** Of the mean square. */
  decay: number;
  /** Added outside the root. */
  epsilon: number;
}

/**
 * s = decay s + (1 - decay) g^2
 * w = w - lr g / (sqrt(s) + epsilon)
 * with s starting at 0 and not corrected for it, as `torch.optim.RMSprop` has it.
 */
export const rmsprop: Optimizer<RmspropOptions> = {
  name: 'rmsprop',
  slots: ['rmsprop.meanSquare'],
  coefficients: ({ decay, epsilon }, _step, learningRate) => [learningRate, decay, 1 - decay, epsilon],
  apply(kernels, { weights, gradient, slots, length, rateMultiplier }, coefficients) {
    const [rate, decay, complement, epsilon] = coefficients as [number, number, number, number];
    kernels.rmsprop(weights, gradient, slots[0]!, length, rate * rateMultiplier, decay, complement, epsilon);
  },
};
