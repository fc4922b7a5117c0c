/** Whether the best of many trials is better than luck, by what other seeds give. Numbers out of numbers. */
import type { Direction } from '../../coordinator/search/log.js';

export interface Spread {
  mean: number;
  /** By n - 1; null of one. */
  deviation: number | null;
  values: number[];
}

export type Verdict =
  /** Its value is within two deviations of what other seeds give. */
  | 'confirmed'
  /** Other seeds stay more than two deviations below it. */
  | 'lucky'
  /** With other seeds the training does not even come to a value. */
  | 'unstable'
  /** One seed has no deviation. */
  | 'unknown';

export interface Judged {
  /** What the sweep chose the trial by. */
  value: number;
  direction: Direction;
  /** Of how many seeds the sweep's value is the mean: its noise is smaller by the root of it. */
  repeats: number;
}

export function spreadOf(values: number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null, values };
}

/** `diverged` of the seeds have no value. */
export function verdictOf({ value, direction, repeats }: Judged, { mean, deviation }: Spread, diverged = 0): Verdict {
  if (diverged > 0) return 'unstable';
  if (deviation === null) return 'unknown';
  const above = direction === 'maximise' ? value - mean : mean - value;
  return above > (2 * deviation) / Math.sqrt(repeats) ? 'lucky' : 'confirmed';
}

/** Numbers of the trials that the noise does not tell apart from the best, which is the first of `ranked`. */
export function equalsOf(
  ranked: readonly { number: number; value: number | null }[],
  { value, repeats }: Judged,
  { deviation }: Spread,
): number[] {
  if (deviation === null) return [];
  const noise = (2 * deviation) / Math.sqrt(repeats);
  return ranked
    .slice(1)
    .filter((row) => row.value !== null && Math.abs(row.value - value) < noise)
    .map(({ number }) => number);
}
