/** AdamW (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019). */
import { adam, adamCoefficients, applyAdam, type AdamOptions } from './adam.js';
import type { Optimizer } from './optimizer.js';

export interface AdamwOptions extends AdamOptions {
  /** Of kernels, per step and unit of the learning rate. */
  weightDecay: number;
}

/**
 * w = (1 - lr weightDecay) w, for kernels, then Adam's step, whose moments know nothing of the decay, as
 * `torch.optim.AdamW` has it.
 */
export const adamw: Optimizer<AdamwOptions> = {
  name: 'adamw',
  slots: adam.slots.map((slot) => slot.replace('adam.', 'adamw.')),
  coefficients: (options, step, learningRate) => [
    ...adamCoefficients(options, step, learningRate),
    learningRate * options.weightDecay,
  ],
  apply(kernels, segment, coefficients) {
    const decay = segment.decays === true ? coefficients.at(-1)! * segment.rateMultiplier : 0;
    applyAdam(kernels, segment, coefficients, 1 - decay);
  },
};
