/** Which of two values is better. What is not a number comes last; of equal values the lower trial number comes first. */
import type { Direction, Value } from './log.js';

export interface Result {
  trial: number;
  step: number;
  value: Value;
}

export function isBetter(left: number, right: number, direction: Direction): boolean {
  return direction === 'maximise' ? left > right : left < right;
}

/** For sorting, the best first. Never 0 for two trials, so that the order is one. */
export function compareResults(left: Result, right: Result, direction: Direction): number {
  if (left.value === right.value) return left.trial - right.trial;
  if (left.value === null) return 1;
  if (right.value === null) return -1;
  return isBetter(left.value, right.value, direction) ? -1 : 1;
}

/** The results in order, which grow one by one. */
export class Ranking {
  private readonly results: Result[] = [];

  constructor(private readonly direction: Direction) {}

  get size(): number {
    return this.results.length;
  }

  add(result: Result): void {
    this.results.splice(this.position(result), 0, result);
  }

  /** False where it is not there. */
  remove(result: Result): boolean {
    const at = this.position(result);
    if (this.results[at]?.trial !== result.trial) return false;
    this.results.splice(at, 1);
    return true;
  }

  /** The worst, of one result or more. */
  removeLast(): Result {
    const last = this.results.pop();
    if (!last) throw new RangeError('the ranking is empty');
    return last;
  }

  best(count: number): readonly Result[] {
    return this.results.slice(0, count);
  }

  /** From 1. */
  rankOf(result: Result): number {
    return this.position(result) + 1;
  }

  /** How many results are better. */
  private position(result: Result): number {
    let low = 0;
    let high = this.results.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareResults(this.results[middle]!, result, this.direction) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
