/** Every parameter of its own, as its distribution says: Bergstra and Bengio, "Random search", 2012. */
import { attemptsMax, Refusals } from '../constraint.js';
import { randomCoordinate } from '../coordinate.js';
import { hyperparametersOf, picksAt } from '../hyperparameters.js';
import { assertNumber, type Sampler, type SamplerInput } from '../sampler.js';

/**
 * A trial whose draw breaks a constraint draws again: attempt k of trial n has random numbers of its own, (seed, n, k),
 * so that no trial depends on another's attempts.
 */
export function randomSampler({ space, seed }: SamplerInput): Sampler {
  return {
    size: undefined,
    draw(number) {
      assertNumber(number, undefined);
      const refusals = new Refusals();
      for (let attempt = 0; attempt < attemptsMax; attempt++) {
        const picks = picksAt(({ stream }) => randomCoordinate(seed, number, attempt, stream));
        const { hyperparameters, broken } = hyperparametersOf(space, picks);
        if (!broken) return hyperparameters;
        refusals.count(broken);
      }
      throw refusals.impossible();
    },
  };
}
