/** What a sweep has spent and what it has promised to spend, against its budget. */
import type { Budget, SweepRecord } from './sweep-settings.js';

export class Spending {
  seconds: number;
  computeSeconds: number;
  /** Epochs that were reported, of all runs together. */
  epochs = 0;
  /** Epochs that runs may still train before they are asked for again. */
  private reserved = 0;

  constructor({ seconds, computeSeconds }: Pick<SweepRecord, 'seconds' | 'computeSeconds'>) {
    this.seconds = seconds;
    this.computeSeconds = computeSeconds;
  }

  /** Whether so many epochs more, on top of those promised, are within the budget. */
  allows({ epochs: most }: Budget, epochs: number): boolean {
    return most === undefined || this.epochs + this.reserved + epochs <= most;
  }

  /** Negative for what was promised and will not be trained. */
  reserve(epochs: number): void {
    this.reserved += epochs;
  }

  trained(epochs: number): void {
    this.epochs += epochs;
    this.reserved -= epochs;
  }

  /** Before the present start. */
  restored(epochs: number): void {
    this.epochs += epochs;
  }

  passed(seconds: number, computeSeconds: number): void {
    this.seconds += seconds;
    this.computeSeconds += computeSeconds;
  }

  record(): Pick<SweepRecord, 'seconds' | 'computeSeconds'> {
    return { seconds: this.seconds, computeSeconds: this.computeSeconds };
  }

  /** In words, what of the time is spent; undefined where nothing is. */
  spentTime({ time, computeTime }: Budget): string | undefined {
    if (time !== undefined && this.seconds >= time) return `search.budget.time of ${time} s is spent`;
    if (computeTime !== undefined && this.computeSeconds >= computeTime) {
      return `search.budget.computeTime of ${computeTime} s is spent`;
    }
    return undefined;
  }

  spentEpochs({ epochs: most }: Budget): string {
    return `search.budget.epochs of ${most} is spent: ${this.epochs} are trained, and the next trial needs more than are left`;
  }
}
