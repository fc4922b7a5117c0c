/** Nadam (Dozat, "Incorporating Nesterov momentum into Adam", 2016, algorithm 2 with its warming momentum). */
import { exactPower, integerPower } from '../../common/exact-math.js';
import { adamCoefficients, type AdamOptions } from './adam.js';
import type { Optimizer } from './optimizer.js';

export interface NadamOptions extends AdamOptions {
  /** How soon the momentum comes up from half of beta1 to the whole; at 0 it stays at half. */
  momentumDecay: number;
}

/**
 * mu_t = beta1 (1 - 0.96^(t momentumDecay) / 2), t from 1
 * w = w - lr (mu_t+1 m / (1 - mu_1 … mu_t+1) + (1 - mu_t) g / (1 - mu_1 … mu_t)) / (sqrt(v') + epsilon)
 * with m, v and v' as Adam has them, as `torch.optim.NAdam` has it.
 */
export const nadam: Optimizer<NadamOptions> = {
  name: 'nadam',
  slots: ['nadam.firstMoment', 'nadam.secondMoment'],
  coefficients(options, step, learningRate) {
    const [, ...others] = adamCoefficients(options, step, learningRate);
    const warming = exactPower(0.96, options.momentumDecay);
    const now = momentumAt(options.beta1, warming, step);
    const next = momentumAt(options.beta1, warming, step + 1);
    const product = productOfMomenta(options.beta1, warming, step);
    const rateOfFirst = (learningRate * next) / (1 - product * next);
    const rateOfGradient = (learningRate * (1 - now)) / (1 - product);
    return [rateOfFirst, rateOfGradient, ...others];
  },
  apply(kernels, { weights, gradient, slots, length, rateMultiplier }, coefficients) {
    type Numbers = [number, number, number, number, number, number, number];
    const [rateOfFirst, rateOfGradient, ...others] = coefficients as Numbers;
    const rates = [rateOfFirst * rateMultiplier, rateOfGradient * rateMultiplier] as const;
    const [first, second] = slots as [number, number];
    kernels.nadam(weights, gradient, first, second, length, ...rates, ...others);
  },
};

function momentumAt(beta1: number, warming: number, step: number): number {
  return beta1 * (1 - 0.5 * integerPower(warming, step));
}

/** Products by step, from 1 at step 0, so that a step need not begin from the first. They end where 1 minus one is 1. */
const known = new Map<string, number[]>();

/** mu_1 … mu_step, multiplied in this order whoever asks, so that a resumed training has the same bits. */
function productOfMomenta(beta1: number, warming: number, step: number): number {
  const key = `${beta1} ${warming}`;
  const products = known.get(key) ?? [1];
  known.set(key, products);
  while (products.length <= step && products.at(-1)! > 1e-17) {
    products.push(products.at(-1)! * momentumAt(beta1, warming, products.length));
  }
  return products[step] ?? 0;
}
