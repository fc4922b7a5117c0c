/** Rounds of coarse to fine made for another number of trials: in proportion to what they have, and exactly so many together. */
import { PolyakError } from '../../common/errors.js';

/**
 * By largest remainders, of equal ones the earlier round's first. A round whose share is less than one trial has one.
 * Errors: `usage` for fewer trials than rounds.
 */
export function scaledRounds<Round extends { trials: number }>(rounds: readonly Round[], trials: number): Round[] {
  if (trials < rounds.length) {
    throw new PolyakError(
      'usage',
      `${trials} trials are too few for ${rounds.length} rounds of coarseToFine, each has one at least`,
    );
  }
  const shares = sharesOf(
    rounds.map((round) => round.trials),
    trials,
  );
  return rounds.map((round, index) => ({ ...round, trials: shares[index]! }));
}

/** Whole numbers throughout, so that no rounding of a quotient decides. */
function sharesOf(weights: readonly number[], total: number): number[] {
  const small = belowOne(weights, total);
  const left = total - small.size;
  const sum = sumWithout(weights, small);
  const remainders = weights.map((weight, index) => (small.has(index) ? -1 : (left * weight) % sum));
  const shares = weights.map((weight, index) => (small.has(index) ? 1 : (left * weight - remainders[index]!) / sum));
  const missing = total - shares.reduce((all, share) => all + share, 0);
  const byRemainder = [...weights.keys()].toSorted((one, other) => remainders[other]! - remainders[one]!);
  for (const index of byRemainder.slice(0, missing)) shares[index]! += 1;
  return shares;
}

/** Those that get one trial, found again until what is left for the others gives each of them one at least. */
function belowOne(weights: readonly number[], total: number): Set<number> {
  const small = new Set<number>();
  for (;;) {
    const left = total - small.size;
    const sum = sumWithout(weights, small);
    const more = [...weights.keys()].filter((index) => !small.has(index) && left * weights[index]! < sum);
    if (more.length === 0) return small;
    for (const index of more) small.add(index);
  }
}

function sumWithout(weights: readonly number[], left: ReadonlySet<number>): number {
  return weights.reduce((sum, weight, index) => (left.has(index) ? sum : sum + weight), 0);
}
