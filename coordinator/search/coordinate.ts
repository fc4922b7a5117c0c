/** Random coordinates of trials. */
import { CounterRandom, Purpose } from '../../common/random.js';

/**
 * In (0, 1), never an end: an odd multiple of 2^-53. Of the stream (hyperparameters, a, b, the parameter's) the first
 * two words.
 */
export function randomCoordinate(seed: number, a: number, b: number, stream: number): number {
  const random = new CounterRandom(seed, Purpose.hyperparameters, a, b, stream);
  const high = random.uint32();
  const low = random.uint32() >>> 12;
  return (2 * (high * 2 ** 20 + low) + 1) / 2 ** 53;
}
