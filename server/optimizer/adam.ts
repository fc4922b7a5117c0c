/** Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1). */
import { integerPower } from '../../common/exact-math.js';
import type { VectorKernels } from '../../common/kernels/vector-kernels.js';
import type { Optimizer, OptimizerSegment } from './optimizer.js';

export interface AdamOptions {
  /** Decay of the first moment, 0.9 in the paper. */
  beta1: number;
  /** Decay of the second moment, 0.999 in the paper. */
  beta2: number;
  /** Added outside the root; 1e-8 in the paper, 1e-7 in the lecture. */
  epsilon: number;
}

/** What the step does to the moments and to the rate; in the order of the kernel. */
export function adamCoefficients({ beta1, beta2, epsilon }: AdamOptions, step: number, learningRate: number): number[] {
  return [
    learningRate / (1 - integerPower(beta1, step)),
    1 - beta1,
    beta2,
    1 - beta2,
    1 / Math.sqrt(1 - integerPower(beta2, step)),
    epsilon,
  ];
}

/** The weights are multiplied by `shrink` first. */
export function applyAdam(
  kernels: VectorKernels,
  { weights, gradient, slots, length, rateMultiplier }: OptimizerSegment,
  coefficients: readonly number[],
  shrink: number,
): void {
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
    shrink,
  );
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
  coefficients: adamCoefficients,
  apply: (kernels, segment, coefficients) => applyAdam(kernels, segment, coefficients, 1),
};
