/**
 * Of n trials, every parameter has one in each n-th of its distribution: McKay, Beckman and Conover, "A comparison of
 * three methods for selecting values of input variables", 1979.
 */
import { IndexPermutation } from '../../../common/index-permutation.js';
import { CounterRandom, Purpose } from '../../../common/random.js';
import { picksAt } from '../hyperparameters.js';
import { PointSequence } from '../point-sequence.js';
import { assertNumber, type Sampler, type SamplerInput } from '../sampler.js';

/** A hypercube's points; the numbers of its strata and of the random numbers within them keep all their digits. */
const sizeMax = 2 ** 20;

/**
 * n is `search.trials`. Points that break a constraint are left out; what is missing then comes from a second hypercube,
 * and so on, so that with constraints the strata are covered as far as those allow.
 */
export function latinHypercubeSampler({ space, seed, trials }: SamplerInput): Sampler {
  const size = Math.min(trials, sizeMax);
  const points = new PointSequence(space, (point) =>
    picksAt(({ stream }) => latinCoordinate({ seed, size, stream }, point)),
  );
  return {
    size: undefined,
    draw(number) {
      assertNumber(number, undefined);
      return points.at(number);
    },
  };
}

interface Strata {
  seed: number;
  size: number;
  /** The parameter's. */
  stream: number;
}

/** (stratum + v) / size, with v in (0, 1). Each hypercube has a permutation of its own for every parameter. */
export function latinCoordinate({ seed, size, stream }: Strata, point: number): number {
  const cube = Math.floor(point / size);
  const epoch = (stream + Math.imul(cube, 0x9e3779b9)) >>> 0;
  const stratum = new IndexPermutation(seed, Purpose.hyperparameters, epoch, size).at(point % size);
  const within = new CounterRandom(seed, Purpose.hyperparameters, point, 0, stream).openUniform();
  return (stratum + within) / size;
}
