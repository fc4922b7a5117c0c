/** What a sweep has spent and what it has promised to spend, against its budget; also of the time while no coordinator was there. */
import type { Budget, SweepRecord } from './sweep-settings.js';

type Counted = Pick<SweepRecord, 'seconds' | 'computeSeconds' | 'asOf'>;

/** So long an absence of the coordinator counts as time that the sweep has run; a longer one only where somebody has trained on. */
const shortAwaySeconds = 60;

export class Spending {
  seconds: number;
  computeSeconds: number;
  /** Epochs that were reported, of all runs together. */
  epochs = 0;
  /** From what was counted last to the present start, of a sweep that was running; 0 of others. */
  readonly awaySeconds: number;
  /** Of `awaySeconds`, what is counted only when somebody comes back who has trained on. */
  private doubtful = 0;
  /** Epochs that runs may still train before they are asked for again. */
  private reserved = 0;
  private readonly startedAt = performance.now();
  /** By `performance.now()`: until when `seconds` are counted, while the sweep runs. */
  private countedAt = this.startedAt;

  constructor({ seconds, computeSeconds, asOf }: Counted) {
    this.seconds = seconds;
    this.computeSeconds = computeSeconds;
    this.awaySeconds = asOf === null ? 0 : Math.max(0, (Date.now() - Date.parse(asOf)) / 1000);
    if (this.awaySeconds <= shortAwaySeconds) this.seconds += this.awaySeconds;
    else this.doubtful = this.awaySeconds;
  }

  /** By `performance.now()`, and perhaps before the present start: since when a worker that comes back has not been counted. */
  get uncountedSince(): number {
    return this.startedAt - this.awaySeconds * 1000;
  }

  /** Seconds that the sweep has run and that are not counted yet. */
  get uncounted(): number {
    return (performance.now() - this.countedAt) / 1000;
  }

  /** A process has come back that has worked on a trial since before the present start: the sweep ran while the coordinator was away. */
  workedOn(): void {
    this.seconds += this.doubtful;
    this.doubtful = 0;
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
    this.countedAt = performance.now();
  }

  /** From now on time passes. */
  goOn(): void {
    this.countedAt = performance.now();
  }

  /** While the sweep runs, a coordinator that starts on it knows how long it has been away. */
  record(isRunning: boolean): Counted {
    const { seconds, computeSeconds } = this;
    const asOf = isRunning ? new Date(Date.now() - this.uncounted * 1000).toISOString() : null;
    return { seconds, computeSeconds, asOf };
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
