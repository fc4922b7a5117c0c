/** The reports of a trial's runs (folds, repetitions), put together: an epoch counts when all runs have reported it. */
import type { Value } from '../search/log.js';

export interface EpochReport {
  value: Value;
  loss: Value;
}

export interface TrialReport extends EpochReport {
  epoch: number;
  /** Standard deviation of the value, by n - 1; null of one run. */
  deviation: Value;
}

export class MemberReports {
  private readonly waiting = new Map<number, Map<number, EpochReport>>();

  constructor(private readonly members: number) {}

  /** Undefined while others have not come so far. */
  add(member: number, epoch: number, report: EpochReport): TrialReport | undefined {
    if (this.members === 1) return { epoch, ...report, deviation: null };
    const reports = this.waiting.get(epoch) ?? new Map<number, EpochReport>();
    this.waiting.set(epoch, reports.set(member, report));
    if (reports.size < this.members) return undefined;
    this.waiting.delete(epoch);
    // By number of the member, so that the order of arrival does not change a bit.
    const all = Array.from({ length: this.members }, (_, index) => reports.get(index)!);
    const values = all.map(({ value }) => value);
    return { epoch, value: mean(values), loss: mean(all.map(({ loss }) => loss)), deviation: deviation(values) };
  }
}

function mean(values: readonly Value[]): Value {
  let sum = 0;
  for (const value of values) {
    if (value === null) return null;
    sum += value;
  }
  return sum / values.length;
}

function deviation(values: readonly Value[]): Value {
  const middle = mean(values);
  if (middle === null) return null;
  const squares = values.reduce<number>((sum, value) => sum + ((value ?? 0) - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}
