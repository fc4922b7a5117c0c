/** What is to be done about a run that has failed: again, or not, or not even with the rest of the sweep. */

/** Such as a server that was out of reach for too long; all else says of the experiment that it does not work. */
const transient: ReadonlySet<string> = new Set(['unreachable', 'internal', 'fenced', 'setup']);
/** What a trial has drawn is wrong, or needs more memory than there is: of others it says little. */
const ofValues: ReadonlySet<string> = new Set(['usage', 'exhausted']);

export function mayPass(code: string): boolean {
  return transient.has(code);
}

export function backoffMs(retries: number): number {
  return Math.min(60_000, 1000 * 2 ** retries);
}

export interface Failure {
  trial: number;
  /** Of common/errors.ts. */
  code: string;
  message: string;
}

export interface FailureRecord {
  /** The last error, and how many trials in a row have failed by it. */
  error: string;
  count: number;
  /** By error: the numbers of the trials that have failed by it, ascending. */
  trials: Record<string, number[]>;
}

/** Numbers of trials that are kept in mind, of all errors together. */
const trialsMax = 1000;
const errorLengthMax = 500;

/**
 * Trials that fail by the same error. Which trial fails follows from its number, and the order in which they end does not: so trials
 * near each other are counted by number, whatever has succeeded between. Besides, those are counted that fail one after another, for
 * what breaks late in a sweep breaks trials of any number.
 */
export class SameFailures {
  private last: string;
  private count: number;
  private readonly trials: Map<string, number[]>;

  constructor({ error, count, trials }: FailureRecord = { error: '', count: 0, trials: {} }) {
    this.last = error;
    this.count = count;
    this.trials = new Map(Object.entries(trials));
  }

  record(): FailureRecord {
    return { error: this.last, count: this.count, trials: Object.fromEntries(this.trials) };
  }

  /** In words, that `most` trials have failed by the same error; undefined while fewer have. */
  add({ trial, code, message }: Failure, most: number): string | undefined {
    const error = errorOf(message);
    const isOfValues = ofValues.has(code);
    if (!isOfValues) this.count = error === this.last ? this.count + 1 : 1;
    if (!isOfValues) this.last = error;
    const near = this.near(error, trial, { most, within: isOfValues ? most : 2 * most });
    if (!isOfValues && this.count >= most) return `${this.count} trials in a row have failed by the same error`;
    if (!near) return undefined;
    const [first, last] = near;
    if (last - first + 1 === most) return `${most} trials in a row have failed by the same error`;
    return `${most} of the trials ${first} to ${last} have failed by the same error`;
  }

  /** A trial has ended as it should. Whether that changes anything. */
  succeeded(): boolean {
    const hadFailed = this.count > 0;
    this.count = 0;
    this.last = '';
    return hadFailed;
  }

  /** The user has seen them, and lets the sweep go on. */
  forget(): void {
    this.succeeded();
    this.trials.clear();
  }

  /** The first and the last of `most` trials with that error, this one among them, whose numbers are `within` so many. */
  private near(
    error: string,
    trial: number,
    { most, within }: { most: number; within: number },
  ): [number, number] | undefined {
    const numbers = [...new Set([...(this.trials.get(error) ?? []), trial])].toSorted((left, right) => left - right);
    this.trials.delete(error);
    this.trials.set(error, numbers);
    this.dropOldest();
    const at = numbers.indexOf(trial);
    for (let first = Math.max(0, at - most + 1); first <= at; first += 1) {
      const [from, to] = [numbers[first], numbers[first + most - 1]];
      if (from !== undefined && to !== undefined && to - from < within) return [from, to];
    }
    return undefined;
  }

  /** Of the error that was seen longest ago, those with the lowest numbers. */
  private dropOldest(): void {
    let kept = 0;
    for (const numbers of this.trials.values()) kept += numbers.length;
    for (const [error, numbers] of this.trials) {
      if (kept <= trialsMax) return;
      kept -= numbers.splice(0, kept - trialsMax).length;
      if (numbers.length === 0) this.trials.delete(error);
    }
  }
}

/** What differs from trial to trial is left out: paths, keys and numbers. */
function errorOf(message: string): string {
  return message
    .replaceAll(/(?:\/[^\s:;,'"()]+)+/g, '#')
    .replaceAll(/[0-9a-f]{8,}|\d+(?:\.\d+)?(?:e[+-]?\d+)?/g, '#')
    .slice(0, errorLengthMax);
}
