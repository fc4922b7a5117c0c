/**
 * Sobol's sequence, scrambled: of the first 2^m points, every parameter has one in each 2^m-th of its distribution, and
 * pairs of them are spread nearly as evenly.
 */
import { PolyakError } from '../../../common/errors.js';
import { CounterRandom, Purpose } from '../../../common/random.js';
import { picksAt } from '../hyperparameters.js';
import { PointSequence } from '../point-sequence.js';
import { assertNumber, type Sampler, type SamplerInput } from '../sampler.js';
import { directionNumbers } from './sobol-directions.js';

const bits = 32;
export const dimensionsMax = directionNumbers.length + 1;

/** Points that break a constraint are left out, and the next takes the trial's number. Errors: `usage`. */
export function sobolSampler({ space, seed }: SamplerInput): Sampler {
  if (space.dimensions > dimensionsMax) {
    const message = `search.sampler: sobol has ${dimensionsMax} dimensions, the space draws ${space.dimensions} parameters; write latinHypercube`;
    throw new PolyakError('usage', message);
  }
  const points = new PointSequence(space, (point) =>
    picksAt(({ dimension, stream }) => scrambledCoordinate(seed, stream, sobolWord(point, dimension))),
  );
  return {
    size: undefined,
    draw(number) {
      assertNumber(number, undefined);
      return points.at(number);
    },
  };
}

const directions = new Map<number, Uint32Array>();

/**
 * The coordinate times 2^32, not scrambled, of point n from 0 and dimension from 0: the exclusive or of the direction
 * numbers at the ones of n's Gray code, in the order of Antonov and Saleev.
 */
export function sobolWord(point: number, dimension: number): number {
  const numbers = directions.get(dimension) ?? directionsOf(dimension);
  directions.set(dimension, numbers);
  const gray = (point ^ (point >>> 1)) >>> 0;
  let word = 0;
  for (let bit = 0; bit < bits; bit++) if ((gray >>> bit) & 1) word ^= numbers[bit]!;
  return word >>> 0;
}

/**
 * v[k] = m[k] 2^(32 - k), k from 1; with the polynomial x^s + a[1] x^(s-1) + ... + 1, m[k] beyond the first s is
 * 2 a[1] m[k-1] ^ 4 a[2] m[k-2] ^ ... ^ 2^s m[k-s] ^ m[k-s] (Bratley and Fox, 1988).
 */
function directionsOf(dimension: number): Uint32Array {
  if (dimension === 0) return Uint32Array.from({ length: bits }, (_, k) => 2 ** (bits - 1 - k));
  const [degree, coefficients, ...first] = directionNumbers[dimension - 1]!.split(' ').map(Number) as [number, number];
  const v = new Uint32Array(bits);
  for (let k = 0; k < bits; k++) {
    if (k < degree) {
      v[k] = first[k]! * 2 ** (bits - 1 - k);
      continue;
    }
    let next = v[k - degree]! ^ (v[k - degree]! >>> degree);
    for (let i = 1; i < degree; i++) if ((coefficients >>> (degree - 1 - i)) & 1) next ^= v[k - i]!;
    v[k] = next;
  }
  return v;
}

/**
 * Owen's nested scrambling ("Randomly permuted (t, m, s)-nets and (t, s)-sequences", 1995): whether a bit is flipped is a
 * coin of its own for all the bits before it, so that the points stay a net and each is uniform over the seeds. The coin is
 * the low bit of the stream (seed, hyperparameters, the bits before, their count + 1, the parameter's). In (0, 1), the
 * middle of a 2^-32th.
 */
export function scrambledCoordinate(seed: number, stream: number, word: number): number {
  let scrambled = 0;
  for (let bit = 0; bit < bits; bit++) {
    const before = bit === 0 ? 0 : word >>> (bits - bit);
    const coin = new CounterRandom(seed, Purpose.hyperparameters, before, bit + 1, stream).uint32() & 1;
    scrambled = (scrambled << 1) | (((word >>> (bits - 1 - bit)) & 1) ^ coin);
  }
  return ((scrambled >>> 0) + 0.5) / 2 ** bits;
}
