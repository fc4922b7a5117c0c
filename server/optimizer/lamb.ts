/** LAMB (You et al., "Large batch optimization for deep learning", 2020, algorithm 2 with phi(x) = x). */
import { integerPower } from '../../common/exact-math.js';
import type { AdamwOptions } from './adamw.js';
import type { Optimizer, OptimizerSegment } from './optimizer.js';

/**
 * u = m' / (sqrt(v') + epsilon) + weightDecay w, for kernels, else without the last, with Adam's m' and v'
 * w = w - lr (|w| / |u|) u
 * where the norms are of a whole tensor, and their ratio is 1 where one of them is 0.
 */
export const lamb: Optimizer<AdamwOptions> = {
  name: 'lamb',
  slots: ['lamb.firstMoment', 'lamb.secondMoment'],
  coefficients: ({ beta1, beta2, epsilon, weightDecay }, step, learningRate) => [
    learningRate,
    1 / (1 - integerPower(beta1, step)),
    1 - beta1,
    beta2,
    1 - beta2,
    1 / Math.sqrt(1 - integerPower(beta2, step)),
    epsilon,
    weightDecay,
  ],
  updateSquares(kernels, segment, coefficients) {
    const { weights, gradient, slots, length } = segment;
    const [first, second] = slots as [number, number];
    return kernels.lambSquares(weights, gradient, first, second, length, ...numbersOf(segment, coefficients));
  },
  apply(kernels, segment, coefficients) {
    const { weights, gradient, slots, length, rateMultiplier } = segment;
    const [first, second] = slots as [number, number];
    const rate = coefficients[0]! * rateMultiplier;
    kernels.lamb(weights, gradient, first, second, length, rate, ...numbersOf(segment, coefficients));
  },
};

type Numbers = [number, number, number, number, number, number, number];

/** In the order of both kernels. */
function numbersOf({ decays }: OptimizerSegment, [, ...others]: readonly number[]): Numbers {
  const weightDecay = decays === true ? others.at(-1)! : 0;
  return [...others.slice(0, -1), weightDecay] as Numbers;
}
