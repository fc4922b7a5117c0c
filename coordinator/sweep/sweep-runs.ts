/**
 * The runs of a sweep: which wait for a worker, how they are begun, stopped and taken up again, and what of the budget is promised
 * to them. Why they are, the trials and the search decide.
 */
import { hasLead, isOver, type RunTrigger } from '../run-state.js';
import type { Runs } from '../runs.js';
import type { RunRow, SweepRow, TrialRow } from '../store/rows.js';
import { newRunRow } from './new-trial.js';
import { ReadyQueue } from './ready-queue.js';
import type { Spending } from './spending.js';
import type { SweepRows } from './sweep-rows.js';
import type { Budget } from './sweep-settings.js';
import { isTrialOver, type ActiveTrial, type TrialBook } from './trial-book.js';
import type { TrialPlan } from './trial-plan.js';

export interface SweepRunsParts {
  row: Readonly<SweepRow>;
  plan: TrialPlan;
  runs: Runs;
  trials: TrialBook;
  spending: Spending;
  rows: SweepRows;
  budget: () => Budget;
  /** Its trials are run by the user's own processes. */
  isExternal: boolean;
}

export class SweepRuns {
  readonly ready = new ReadyQueue();
  /** Runs that are tried again at that time. */
  private readonly delayed = new Map<string, number>();
  /** Runs whose end is not on disk yet, and whose workers have not been told of it: they must not begin again before. */
  private readonly unsettled = new Set<string>();

  constructor(private readonly parts: SweepRunsParts) {}

  find(key: string): RunRow | undefined {
    return this.parts.runs.find(key);
  }

  ofSweep(): RunRow[] {
    return this.parts.runs.ofSweep(this.parts.row.key);
  }

  /** As it was, before the present start. */
  restore(run: RunRow): void {
    if (run.state === 'waiting') this.ready.addRun(run.key);
    else if (hasLead(run.state)) this.parts.spending.reserve(this.epochsAhead(run));
  }

  /** `since` is when its trial was decided on, by `performance.now()`. */
  create({ number, untilEpoch }: TrialRow, member: number, since: number): RunRow {
    const { row, plan, runs, rows } = this.parts;
    const { members } = plan;
    const run = newRunRow(row, { trial: number, member, members, untilEpoch: this.untilOf(untilEpoch) });
    rows.add(runs.create(run));
    this.ready.addRun(run.key, since);
    return run;
  }

  /** The one that has waited longest of those that have begun and suit. */
  firstFor(suits: (run: RunRow) => boolean): RunRow | undefined {
    for (const key of this.ready.keys()) {
      const run = this.find(key);
      if (run && suits(run)) return run;
    }
    return undefined;
  }

  /** Whether the budget has its epochs. */
  fits(run: RunRow): boolean {
    return this.parts.spending.allows(this.parts.budget(), this.epochsAhead(run));
  }

  /** One that waits, which is given to a worker. Answers with the seconds for which it has waited. */
  start(run: RunRow): number {
    const waitedSeconds = this.ready.waitedSeconds(run.key);
    this.ready.deleteRun(run.key);
    this.parts.spending.reserve(this.epochsAhead(run));
    this.advance(run, 'start');
    return waitedSeconds;
  }

  /** Whoever had it is gone: it waits for another. */
  yielded(run: RunRow): void {
    this.leave(run, 'yield');
    this.ready.addRun(run.key);
  }

  /** It waits for a worker again, until its trial's next rung. */
  goOn(run: RunRow, delayMs = 0): void {
    const { row, runs, rows, trials } = this.parts;
    const untilEpoch = this.untilOf(trials.find(run.trial)?.row.untilEpoch ?? 0);
    const { shards } = row;
    rows.add(runs.advance(run, run.state === 'paused' ? 'promote' : 'submit', { untilEpoch, shards }));
    rows.add(runs.forgetEnd(run.key));
    if (delayMs > 0) this.delayed.set(run.key, Date.now() + delayMs);
    else if (!this.unsettled.has(run.key)) this.ready.addRun(run.key);
  }

  /** It is led no longer, and what it was to train is not promised any more. */
  leave(run: RunRow, trigger: RunTrigger): void {
    const { row, trials, spending, rows, isExternal } = this.parts;
    if (hasLead(run.state)) {
      spending.reserve(-this.epochsAhead(run));
      // Who had an external one is fenced by its token.
      if (!isExternal) this.unsettled.add(run.key);
    }
    this.advance(run, trigger);
    // Whoever waits for the end of a sweep that was stopped waits for this.
    if (row.state !== 'running' && !trials.isLed) rows.write();
  }

  /** Its trial is over. */
  stop(run: RunRow): void {
    if (isOver(run.state)) return;
    this.ready.deleteRun(run.key);
    this.delayed.delete(run.key);
    if (run.state === 'waiting') this.advance(run, 'stopped');
    else this.advance(run, 'stop');
  }

  /** The sweep halts: it comes to a checkpoint, from which it can go on. */
  halt(run: RunRow): void {
    if (run.state === 'running') this.advance(run, 'stop');
  }

  /** From now on on the sweep's number of shards; what is led goes on as it is where its own number is there. */
  reshard({ row }: ActiveTrial, run: RunRow, canLead: (shards: number) => boolean): void {
    const { runs, rows, spending } = this.parts;
    const { shards } = this.parts.row;
    const isLed = hasLead(run.state);
    if (run.shards === shards || (!isLed && run.state !== 'waiting') || (isLed && canLead(run.shards))) return;
    if (isLed) spending.reserve(-this.epochsAhead(run));
    if (isTrialOver(row)) return rows.add(runs.advance(run, 'stopped', { shards }));
    rows.add(runs.advance(run, 'submit', { shards }));
    if (isLed) this.ready.addRun(run.key);
  }

  /** Its end is on disk and everybody has forgotten it: if it is to go on, it may begin now. */
  settled(run: RunRow): void {
    if (!this.unsettled.delete(run.key)) return;
    if (run.state === 'waiting' && !this.delayed.has(run.key)) this.ready.addRun(run.key);
  }

  /** The clock: those that are due to be tried again wait for a worker. */
  tick(): void {
    const now = Date.now();
    for (const [key, at] of this.delayed) {
      if (at > now) continue;
      this.delayed.delete(key);
      if (this.find(key)?.state === 'waiting' && !this.unsettled.has(key)) this.ready.addRun(key);
    }
  }

  trainedUntil(run: RunRow, epoch: number): void {
    const { trials, spending } = this.parts;
    const before = trials.epochOf(run);
    if (epoch <= before) return;
    spending.trained(epoch - before);
    trials.setEpoch(run, epoch);
  }

  /** Whether a run is led or comes back, so that something will still happen. */
  get isMoving(): boolean {
    return this.parts.trials.someRun(
      ({ key, state }) => hasLead(state) || this.delayed.has(key) || this.unsettled.has(key),
    );
  }

  forget({ runs }: ActiveTrial): void {
    for (const { key } of runs) this.parts.runs.forget(key);
  }

  private advance(run: RunRow, trigger: RunTrigger): void {
    this.parts.rows.add(this.parts.runs.advance(run, trigger));
  }

  private epochsAhead(run: RunRow): number {
    const until = run.untilEpoch === 0 ? this.parts.plan.search.untilStep : run.untilEpoch;
    return Math.max(0, until - this.parts.trials.epochOf(run));
  }

  /** The whole training is told as 0, so that it ends in its way. */
  private untilOf(epochs: number): number {
    return epochs >= this.parts.plan.search.untilStep ? 0 : epochs;
  }
}
