/** All that a sweep has in mind, and what of it is to be written down. It decides nothing. */
import type { Decider } from '../search/decider.js';
import type { Runs } from '../runs.js';
import type { RunRow, SweepRow, SweepState } from '../store/rows.js';
import { BestSoFar } from './best-so-far.js';
import { SameFailures } from './failures.js';
import type { EpochReport } from './member-reports.js';
import { Retention } from './retention.js';
import { Spending } from './spending.js';
import { SweepRows } from './sweep-rows.js';
import { SweepRuns } from './sweep-runs.js';
import type { Budget, SweepRecord, SweepSettings } from './sweep-settings.js';
import { TrialBook, type ActiveTrial } from './trial-book.js';
import type { TrialPlan } from './trial-plan.js';

export interface SweepParts {
  row: SweepRow;
  record: SweepRecord;
  plan: TrialPlan;
  decider: Decider;
  runs: Runs;
}

/** What a run has reported of an epoch that others of its trial have not reached yet. */
export interface EpochOfRun extends EpochReport {
  epoch: number;
}

export class SweepBooks {
  readonly spending: Spending;
  readonly runs: SweepRuns;
  readonly trials: TrialBook;
  readonly rows: SweepRows;
  readonly bestSoFar: BestSoFar;
  readonly retention: Retention;
  readonly failures: SameFailures;
  /** Workers that have asked for a trial, where the schedule wants to be asked. */
  asked = 0;
  /** Trials that were tried again because somebody asked for it. */
  readonly retried = new Set<number>();

  constructor(private readonly parts: SweepParts) {
    const { plan, row, record } = parts;
    this.spending = new Spending(record);
    this.failures = new SameFailures(record.failures);
    this.trials = new TrialBook(plan);
    this.bestSoFar = new BestSoFar(plan.search.direction);
    this.retention = new Retention(plan.search.direction);
    this.rows = new SweepRows(row, () => ({
      ...record,
      ...this.spending.record(this.state === 'running'),
      failures: this.failures.record(),
    }));
    const { trials, spending, rows } = this;
    this.runs = new SweepRuns({
      ...{ row, plan, runs: parts.runs, trials, spending, rows, budget: () => this.budget },
      isExternal: record.external,
    });
  }

  get row(): SweepRow {
    return this.parts.row;
  }

  get state(): SweepState {
    return this.row.state;
  }

  get record(): SweepRecord {
    return this.parts.record;
  }

  get settings(): SweepSettings {
    return this.record.settings;
  }

  get plan(): TrialPlan {
    return this.parts.plan;
  }

  get decider(): Decider {
    return this.parts.decider;
  }

  get isRepetition(): boolean {
    return this.record.replayOf !== undefined;
  }

  /** Why its search cannot have more trials now, in words after its name. */
  get refusalOfMore(): string | undefined {
    return this.decider.refusalOfMore?.();
  }

  /** A repetition ends where what it repeats ended, whatever that takes. */
  get budget(): Budget {
    return this.isRepetition ? {} : this.settings.budget;
  }

  /** What one of several runs has reported of epochs that others have not reached: it is not reported again. */
  rememberReports({ row, reports }: ActiveTrial, run: RunRow, epochs: readonly EpochOfRun[]): void {
    this.trials.setEpoch(run, row.epoch);
    for (const { epoch, ...report } of epochs) {
      if (epoch <= row.epoch) continue;
      this.trials.setEpoch(run, epoch);
      reports.add(run.member, epoch, report);
    }
  }

  over(trial: ActiveTrial, status: 'stopped' | 'finished' | 'failed', reason: string | null): void {
    Object.assign(trial.row, { reason, endedAt: new Date().toISOString() });
    this.setStatus(trial, status);
  }

  setStatus(trial: ActiveTrial, status: 'running' | 'paused' | 'stopped' | 'finished' | 'failed'): void {
    this.trials.setStatus(trial, status);
    this.rows.touch(trial);
  }

  forgetIfOver(trial: ActiveTrial): void {
    if (!this.trials.forgetIfOver(trial)) return;
    this.rows.touch(trial);
    this.runs.forget(trial);
    this.retention.over(trial.row, this.settings.keep);
  }
}
