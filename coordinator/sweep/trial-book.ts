/** The trials of a sweep: how many are in which state, and all about those that have begun and are not over. */
import { PolyakError } from '../../common/errors.js';
import type { Experiment } from '../../common/experiment/schema.js';
import { hasLead, isOver } from '../run-state.js';
import type { RunRow, TrialRow } from '../store/rows.js';
import type { MemberReports } from './member-reports.js';
import type { TrialCounts } from './sweep-snapshot.js';
import type { TrialPlan } from './trial-plan.js';

/** A trial that has begun and is not over, or whose runs are not. */
export interface ActiveTrial {
  row: TrialRow;
  reports: MemberReports;
  runs: RunRow[];
  /** As JSON, when it was asked for; runs of one trial differ in it, and have it made each time. */
  experiment: string | undefined;
  /** Of a step, when they were asked for: they are asked for at every turn, and the experiment may have megabytes. */
  leaves?: number;
}

export function isTrialOver({ status }: Pick<TrialRow, 'status'>): boolean {
  return status === 'stopped' || status === 'finished' || status === 'failed';
}

export class TrialBook {
  readonly counts: TrialCounts = { running: 0, paused: 0, stopped: 0, finished: 0, failed: 0, waiting: 0 };
  private readonly active = new Map<number, ActiveTrial>();
  /** By run: epochs that it has reported. */
  private readonly epochs = new Map<string, number>();

  constructor(private readonly plan: TrialPlan) {}

  get size(): number {
    return this.active.size;
  }

  get over(): number {
    return this.counts.stopped + this.counts.finished + this.counts.failed;
  }

  all(): Iterable<ActiveTrial> {
    return this.active.values();
  }

  find(number: number): ActiveTrial | undefined {
    return this.active.get(number);
  }

  /** One that is counted already. */
  add(trial: ActiveTrial): void {
    this.active.set(trial.row.number, trial);
  }

  setStatus({ row }: ActiveTrial, status: Exclude<TrialRow['status'], 'waiting'>): void {
    this.counts[row.status] -= 1;
    this.counts[status] += 1;
    row.status = status;
  }

  /** Whether it and its runs are over; then nothing is kept of it. */
  forgetIfOver({ row, runs }: ActiveTrial): boolean {
    if (!isTrialOver(row) || !runs.every(({ state }) => isOver(state))) return false;
    row.trained = runs.reduce((sum, run) => sum + this.epochOf(run), 0);
    for (const { key } of runs) this.epochs.delete(key);
    return this.active.delete(row.number);
  }

  /** The last epoch that was reported of a run. */
  epochOf({ key }: Pick<RunRow, 'key'>): number {
    return this.epochs.get(key) ?? 0;
  }

  setEpoch({ key }: Pick<RunRow, 'key'>, epoch: number): void {
    this.epochs.set(key, epoch);
  }

  /** Whether a server leads a run: also one that has been stopped leads until it is at a checkpoint. */
  get isLed(): boolean {
    return this.someRun(({ state }) => hasLead(state));
  }

  someRun(is: (run: RunRow) => boolean): boolean {
    for (const { runs } of this.active.values()) if (runs.some(is)) return true;
    return false;
  }

  experimentOf(run: RunRow): string {
    const trial = this.active.get(run.trial);
    if (!trial) throw new PolyakError('internal', `trial ${run.trial} of sweep ${run.sweep} is not in mind`);
    if (this.plan.members > 1) return this.plan.experimentOf(trial.row.parameters, run.member);
    trial.experiment ??= this.plan.experimentOf(trial.row.parameters, 0);
    return trial.experiment;
  }

  /** Micro-batches of a step: more workers would only wait. None of one that has no right experiment, which fails when it is led. */
  leavesOf(run: RunRow): number {
    const trial = this.active.get(run.trial);
    if (trial?.leaves !== undefined) return trial.leaves;
    const leaves = this.countLeaves(run);
    if (trial) trial.leaves = leaves;
    return leaves;
  }

  private countLeaves(run: RunRow): number {
    try {
      const { train } = JSON.parse(this.experimentOf(run)) as Pick<Experiment, 'train'>;
      return Math.ceil(train.batchSize / train.microBatchSize);
    } catch (error) {
      if (error instanceof PolyakError && error.code === 'usage') return 0;
      throw error;
    }
  }
}
