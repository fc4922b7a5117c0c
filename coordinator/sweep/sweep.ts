/**
 * A sweep as the coordinator runs it: the search decides, this carries it out. What happens to its runs comes in; rows for the
 * store come out, the search's log among them, and only when they are on disk does anybody act. It knows no process.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { PolyakError } from '../../common/errors.js';
import type { Experiment } from '../../common/experiment/schema.js';
import type { Runs } from '../runs.js';
import { hasLead, isOver, type RunTrigger } from '../run-state.js';
import type { Decision, LogEntry, SearchEvent, Value } from '../search/log.js';
import { isBetter, Ranking } from '../search/ranking.js';
import { reproducibilityOf, type Reproducibility } from '../search/reproducibility.js';
import type { Outcome } from '../search/search.js';
import { eventChange } from '../store/event-change.js';
import { copyOfTrial } from '../store/row-copies.js';
import type { Change, RunRow, SweepRow, SweepState, TrialRow } from '../store/rows.js';
import { backoffMs, mayPass, SameFailures } from './failures.js';
import { MemberReports, type EpochReport } from './member-reports.js';
import { ReadyQueue } from './ready-queue.js';
import { requireExtensible, requireRetriable } from './sweep-changes.js';
import { Spending } from './spending.js';
import type { SweepRecord, SweepSettings } from './sweep-settings.js';
import type { TrialPlan } from './trial-plan.js';

/** What decides: a search, or the repetition of one. */
export interface Decider {
  take(event: SearchEvent): Outcome;
  /** Of a repetition: all that was stored has been decided again. */
  readonly isComplete?: boolean;
}

/** A trial that has begun and is not over, or whose runs are not. */
interface ActiveTrial {
  row: TrialRow;
  reports: MemberReports;
  runs: RunRow[];
  /** As JSON, when it was asked for; runs of one trial differ in it, and have it made each time. */
  experiment: string | undefined;
}

export interface SweepParts {
  row: SweepRow;
  record: SweepRecord;
  plan: TrialPlan;
  decider: Decider;
  runs: Runs;
}

export class Sweep {
  readonly ready = new ReadyQueue();
  readonly spending: Spending;
  readonly counts = { running: 0, paused: 0, stopped: 0, finished: 0, failed: 0, waiting: 0 };
  /** The best value so far, of any epoch. */
  best: { trial: number; value: number; epoch: number; columns: TrialRow['columns'] } | undefined;
  private readonly active = new Map<number, ActiveTrial>();
  /** By run: epochs that it has reported. */
  private readonly epochs = new Map<string, number>();
  /** Runs that are tried again at that time. */
  private readonly delayed = new Map<string, number>();
  /** Runs whose end is not on disk yet, and whose workers have not been told of it: they must not begin again before. */
  private readonly unsettled = new Set<string>();
  private readonly failures: SameFailures;
  /** The trials that are over whose weights are kept. */
  private readonly kept: Ranking;
  private readonly discards: string[] = [];
  private sequence = 0;
  /** Workers that have asked for a trial, where the schedule wants to be asked. */
  private asked = 0;
  private averageChecked = false;
  /** Filled by whoever handles an event, and given out at its end. */
  private changes: Change[] = [];
  private readonly touched = new Set<ActiveTrial>();

  constructor(private readonly parts: SweepParts) {
    this.spending = new Spending(parts.record);
    this.failures = new SameFailures(parts.record.failures);
    this.kept = new Ranking(parts.plan.search.direction);
  }

  get key(): string {
    return this.parts.row.key;
  }

  get row(): Readonly<SweepRow> {
    return this.parts.row;
  }

  get state(): SweepState {
    return this.parts.row.state;
  }

  get settings(): SweepSettings {
    return this.parts.record.settings;
  }

  get plan(): TrialPlan {
    return this.parts.plan;
  }

  /** Its trials are run by the user's own processes; their runs have no lead and no folder. */
  get isExternal(): boolean {
    return this.parts.record.external;
  }

  get isRepetition(): boolean {
    return this.parts.record.replayOf !== undefined;
  }

  /** Entries of its log so far. */
  get logLength(): number {
    return this.sequence;
  }

  /** Whether a server leads a run of it: also one that has been stopped leads until it is at a checkpoint. */
  get isLed(): boolean {
    for (const { runs } of this.active.values()) {
      if (runs.some(({ state }) => state === 'running' || state === 'stopping')) return true;
    }
    return false;
  }

  /** Trials that have begun and are not over. */
  activeTrials(): Iterable<Readonly<ActiveTrial>> {
    return this.active.values();
  }

  /** The line of one that has begun and is not over. */
  trialOf(number: number): Readonly<TrialRow> | undefined {
    return this.active.get(number)?.row;
  }

  experimentOf(run: RunRow): string {
    const trial = this.active.get(run.trial);
    if (!trial) throw new PolyakError('internal', `trial ${run.trial} of ${this.row.name} is not in mind`);
    if (this.plan.members > 1) return this.plan.experimentOf(trial.row.parameters, run.member);
    trial.experiment ??= this.plan.experimentOf(trial.row.parameters, 0);
    return trial.experiment;
  }

  /** Micro-batches of a step: more workers would only wait. */
  leavesOf(run: RunRow): number {
    const { train } = JSON.parse(this.experimentOf(run)) as Pick<Experiment, 'train'>;
    return Math.ceil(train.batchSize / train.microBatchSize);
  }

  // ---- from the outside: each answers with what is to be committed ----

  begin(): Change[] {
    return this.handling(() => {
      this.write();
      this.note('sweep-submitted', { name: this.row.name });
      this.take({ type: 'begin' });
    });
  }

  /** As it was: `log` are all entries, which the decider has taken, `ended` the runs of trials that go on without them. */
  restore(
    log: readonly LogEntry[],
    trials: readonly TrialRow[],
    epochs: ReadonlyMap<string, readonly EpochOfRun[]>,
    ended: readonly RunRow[] = [],
  ): void {
    this.sequence = log.length;
    for (const entry of log) {
      if ('event' in entry) {
        if (entry.event.type === 'request') this.asked += 1;
        if (entry.event.type === 'created') this.ready.begun();
      } else if (entry.decision.type === 'create') {
        this.asked = Math.max(0, this.asked - entry.decision.count);
        this.ready.addCreate(entry.decision);
      } else if (entry.decision.type === 'promote') this.asked = Math.max(0, this.asked - 1);
    }
    this.counts.waiting = this.ready.newTrials;
    const runs = new Map<number, RunRow[]>();
    for (const run of [...this.parts.runs.ofSweep(this.key), ...ended])
      runs.set(run.trial, [...(runs.get(run.trial) ?? []), run]);
    for (const row of trials) this.restoreTrial(row, runs.get(row.number) ?? [], epochs);
  }

  private restoreTrial(row: TrialRow, runs: RunRow[], epochs: ReadonlyMap<string, readonly EpochOfRun[]>): void {
    this.counts[row.status] += 1;
    this.spending.restored(row.epoch * this.plan.members);
    if (row.best !== null) this.beats(row.number, row.best, row.bestEpoch, row.columns);
    if (isTrialOver(row) && runs.every(({ state }) => isOver(state))) return this.keepBest(row);
    const reports = new MemberReports(this.plan.members);
    this.active.set(row.number, { row, reports, runs, experiment: undefined });
    for (const run of runs) {
      this.epochs.set(run.key, row.epoch);
      for (const { epoch, ...report } of epochs.get(run.key) ?? []) {
        if (epoch <= row.epoch) continue;
        this.spending.restored(epoch - this.epochOf(run));
        this.epochs.set(run.key, epoch);
        reports.add(run.member, epoch, report);
      }
      if (run.state === 'waiting') this.ready.addRun(run.key);
      else if (run.state === 'running' || run.state === 'stopping') this.spending.reserve(this.epochsAhead(run));
    }
  }

  /** A worker has nothing to do. Only for a schedule that wants to be asked. */
  request(): Change[] {
    return this.handling(() => {
      this.asked += 1;
      this.take({ type: 'request' });
    });
  }

  /** Whether another worker that asks may be given a trial by the schedule. */
  get mayAsk(): boolean {
    const isAsking = this.plan.search.schedule.name === 'asha' && this.parts.record.replayOf === undefined;
    return isAsking && this.asked === 0 && this.state === 'running';
  }

  /** The run that is to be started next, which is from now on running; undefined where none may be. */
  startNext(): { run: RunRow; changes: Change[] } | undefined {
    let started: RunRow | undefined;
    const changes = this.handling(() => {
      if (this.ready.firstRun === undefined) this.beginTrial();
      const key = this.ready.firstRun;
      const run = key === undefined ? undefined : this.parts.runs.find(key);
      if (!run || !this.mayContinue(run)) return;
      this.ready.deleteRun(run.key);
      this.spending.reserve(this.epochsAhead(run));
      this.advance(run, 'start');
      started = run;
    });
    return started && { run: started, changes };
  }

  /** Whether `startNext` has something to start. */
  get canStart(): boolean {
    if (this.state !== 'running') return false;
    const first = this.ready.firstRun;
    const run = first === undefined ? undefined : this.parts.runs.find(first);
    return run ? this.mayContinue(run) : this.mayBegin();
  }

  epoch(run: RunRow, epoch: number, report: EpochReport, stepsPerEpoch: number): Change[] {
    return this.handling(() => {
      this.checkAverage(stepsPerEpoch);
      const trial = this.active.get(run.trial);
      if (!trial || epoch <= this.epochOf(run)) return;
      this.trainedUntil(run, epoch);
      const together = trial.reports.add(run.member, epoch, report);
      if (!together) return;
      const { row } = trial;
      Object.assign(row, { epoch, value: together.value, loss: together.loss, deviation: together.deviation });
      this.better(row);
      this.touch(trial);
      const { value, loss } = together;
      this.take({ type: 'report', trial: run.trial, step: epoch, value, loss });
    });
  }

  /**
   * Of an external trial: without `value` where it was not evaluated, without `loss` where there is none. At the end of its
   * rung it is paused at once. The same again changes nothing.
   */
  told(run: RunRow, epoch: number, report: { value?: Value; loss?: Value }): Change[] {
    return this.handling(() => {
      const trial = this.active.get(run.trial);
      const reported = this.epochOf(run);
      if (!trial || epoch <= reported) return;
      this.spending.trained(epoch - reported);
      this.epochs.set(run.key, epoch);
      Object.assign(trial.row, { epoch, ...report });
      if (report.value !== undefined) this.better(trial.row);
      this.touch(trial);
      this.take({ type: 'report', trial: run.trial, step: epoch, ...report });
      this.pausedNow(run, epoch);
    });
  }

  /** The last epoch that was reported of it. */
  epochOf(run: RunRow): number {
    return this.epochs.get(run.key) ?? 0;
  }

  /** Whoever had it is gone: it waits for another. */
  yielded(run: RunRow): Change[] {
    return this.handling(() => {
      this.leave(run, 'yield');
      this.ready.addRun(run.key);
    });
  }

  /** The same again, after it has gone on, changes nothing. */
  paused(run: RunRow, epoch: number): Change[] {
    return this.handling(() => this.pausedNow(run, epoch));
  }

  private pausedNow(run: RunRow, epoch: number): void {
    if (run.state !== 'stopping' && (run.state !== 'running' || run.untilEpoch !== epoch)) return;
    this.leave(run, 'paused');
    const trial = this.active.get(run.trial);
    if (!trial) return;
    if (isTrialOver(trial.row)) this.stopRun(run);
    else if (trial.row.untilEpoch > epoch) this.continueRun(run);
    this.forgetIfOver(trial);
    this.finishIfOver();
  }

  ended(run: RunRow, trigger: 'finished' | 'diverged' | 'failed' | 'stopped', facts: EndFacts): Change[] {
    return this.handling(() => {
      // Said again of what it was before it was ordered anew.
      if (run.state !== 'running' && run.state !== 'stopping') return;
      const trial = this.active.get(run.trial);
      if (trigger === 'diverged') this.trainedUntil(run, facts.epoch);
      this.leave(run, trigger);
      if (!trial) return;
      if (trigger === 'finished') this.finished(trial);
      else if (trigger === 'diverged') this.diverged(trial, facts);
      else if (trigger === 'failed') this.failed(trial, run, facts);
      // A stop may have come too late for a sweep that goes on again.
      else if (this.state === 'running' && trial.row.status === 'running') this.continueRun(run);
      this.forgetIfOver(trial);
      this.finishIfOver();
    });
  }

  /** The end of a run is on disk and everybody has forgotten it: if it is to go on, it may begin now. */
  settled(run: RunRow): void {
    if (!this.unsettled.delete(run.key)) return;
    if (run.state === 'waiting' && !this.delayed.has(run.key)) this.ready.addRun(run.key);
  }

  /** No trial begins, those that run stop at a checkpoint. */
  halt(state: 'paused' | 'stopped' | 'failed', reason: string | null): Change[] {
    return this.handling(() => this.haltNow(state, reason));
  }

  resume(): Change[] {
    return this.handling(() => {
      if (this.state === 'running') return;
      if (this.state === 'finished')
        throw new PolyakError('usage', `${this.row.name} has finished; there is nothing to resume`);
      this.failures.succeeded();
      this.setState('running', null);
      for (const { row, runs } of this.active.values()) {
        // One that waits for its promotion has nothing to do.
        if (row.status !== 'running') continue;
        for (const run of runs) if (run.state === 'stopped' || run.state === 'failed') this.continueRun(run);
      }
      this.finishIfOver();
    });
  }

  /** Errors: `usage` for fewer trials than before, or more where the search cannot take them. */
  change(settings: SweepSettings): Change[] {
    return this.handling(() => {
      const { trials } = this.settings;
      if (settings.trials !== trials) requireExtensible(this, settings.trials);
      this.parts.record.settings = settings;
      this.write();
      this.note('sweep-changed', { settings });
      if (settings.trials === trials) return;
      if (this.state === 'finished') this.setState('running', null);
      this.take({ type: 'extend', trials: settings.trials });
    });
  }

  /** `trial` is the row of a trial that has failed, `runs` are its runs, as stored. Errors: `usage` for all others. */
  retry(trial: TrialRow, runs: readonly RunRow[]): Change[] {
    return this.handling(() => {
      requireRetriable(this, trial, runs);
      const row: TrialRow = { ...trial, reason: null, endedAt: null };
      const known = runs.map((run) => this.parts.runs.find(run.key) ?? run);
      const active = { row, runs: known, reports: new MemberReports(this.plan.members), experiment: undefined };
      this.active.set(row.number, active);
      this.setStatus(active, 'running');
      // Before its runs may start, so that the trial is running for whatever they say.
      this.take({ type: 'retry', trial: row.number });
      this.failures.succeeded();
      if (this.state !== 'running') this.setState('running', null);
      for (const run of known) {
        this.epochs.set(run.key, row.epoch);
        run.retries = 0;
        if (run.state !== 'finished') this.continueRun(run);
      }
    });
  }

  /** The clock: budgets of time, and runs that are due to be tried again. `write` keeps what has been spent. */
  tick(seconds: number, computeSeconds: number, write: boolean): Change[] {
    return this.handling(() => {
      this.spending.passed(seconds, computeSeconds);
      const now = Date.now();
      for (const [key, at] of this.delayed) {
        if (at > now) continue;
        this.delayed.delete(key);
        if (this.parts.runs.find(key)?.state === 'waiting' && !this.unsettled.has(key)) this.ready.addRun(key);
      }
      if (write) this.write();
      const spent = this.spending.spentTime(this.settings.budget);
      if (this.state === 'running' && spent !== undefined) this.haltNow('stopped', spent);
    });
  }

  /** As watchers are told once a second, and as `status` shows it. */
  snapshot(): SweepSnapshot {
    const { key, name, state, reason, directory, createdAt, endedAt } = this.row;
    const { seconds, computeSeconds, epochs } = this.spending;
    const { search } = this.plan;
    return {
      ...{ key, name, state, reason, directory, createdAt, endedAt, settings: this.settings },
      ...{ metric: search.metric, direction: search.direction, counts: { ...this.counts } },
      trials: this.isRepetition ? null : this.settings.trials,
      best: this.best ?? null,
      spent: { seconds, computeSeconds, epochs },
      reproducibility: reproducibilityOf(
        search,
        Object.keys(this.settings.budget).flatMap((budget) => clockBudgets.get(budget) ?? []),
      ),
    };
  }

  // ---- the search's events and decisions ----

  private take(event: SearchEvent): boolean {
    const { decisions, ignored } = this.decisionsOn(event);
    if (ignored !== undefined) return false;
    this.log({ event });
    for (const decision of decisions) {
      this.log({ decision });
      this.carryOut(decision);
    }
    this.finishIfOver();
    return true;
  }

  /** A repetition in which something else happens than in what it repeats cannot go on. */
  private decisionsOn(event: SearchEvent): Outcome {
    try {
      return this.parts.decider.take(event);
    } catch (error) {
      if (!(error instanceof PolyakError)) throw error;
      if (this.state !== 'failed') this.haltNow('failed', error.message);
      return { decisions: [], ignored: error.message };
    }
  }

  private carryOut(decision: Decision): void {
    if (decision.type === 'create') {
      this.asked = Math.max(0, this.asked - decision.count);
      this.ready.addCreate(decision);
      this.counts.waiting += decision.count;
      return;
    }
    const trial = this.active.get(decision.trial);
    if (!trial) return;
    if (decision.type === 'pause') this.setStatus(trial, 'paused');
    else if (decision.type === 'promote') this.promote(trial, decision);
    else this.stopTrial(trial, decision.reason);
  }

  private promote(trial: ActiveTrial, { rung, untilStep }: Decision & { type: 'promote' }): void {
    this.asked = Math.max(0, this.asked - 1);
    Object.assign(trial.row, { rung, untilEpoch: untilStep });
    this.setStatus(trial, 'running');
    // Those that are still on their way into the checkpoint go on when they are there.
    for (const run of trial.runs) if (run.state === 'paused' || run.state === 'stopped') this.continueRun(run);
  }

  private stopTrial(trial: ActiveTrial, reason: string): void {
    this.over(trial, 'stopped', reason);
    for (const run of trial.runs) this.stopRun(run);
    this.forgetIfOver(trial);
  }

  private stopRun(run: RunRow): void {
    if (isOver(run.state)) return;
    this.ready.deleteRun(run.key);
    this.delayed.delete(run.key);
    if (run.state === 'waiting') this.advance(run, 'stopped');
    else this.advance(run, 'stop');
  }

  // ---- trials ----

  private mayBegin(): boolean {
    const next = this.ready.peekNew();
    return next !== undefined && this.spending.allows(this.settings.budget, next.create.untilStep * this.plan.members);
  }

  private beginTrial(): void {
    const next = this.ready.peekNew();
    if (!next || !this.mayBegin()) return;
    const { number, create } = next;
    const { parameters, columns } = this.plan.draw(number, create.space);
    // Before anything changes: what is drawn may make no right experiment.
    const experiment = this.plan.members === 1 ? this.plan.experimentOf(parameters, 0) : undefined;
    this.ready.begun();
    this.counts.waiting -= 1;
    const row: TrialRow = {
      ...{ sweep: this.key, number, parameters: { ...parameters }, columns: { ...columns } },
      ...{
        bracket: create.bracket,
        round: create.round ?? 0,
        rung: 0,
        status: 'running',
        untilEpoch: create.untilStep,
      },
      ...{ epoch: 0, value: null, best: null, bestEpoch: 0, loss: null, deviation: null, reason: null },
      ...{ computeSeconds: 0, startedAt: new Date().toISOString(), endedAt: null },
    };
    const { members } = this.plan;
    const trial: ActiveTrial = { row, experiment, reports: new MemberReports(members), runs: [] };
    this.active.set(number, trial);
    this.counts.running += 1;
    for (let member = 0; member < members; member++) trial.runs.push(this.createRun(row, member));
    this.touch(trial);
    this.take({ type: 'created', trial: number, parameters: { ...parameters } });
  }

  private createRun({ number, untilEpoch }: TrialRow, member: number): RunRow {
    const { shards } = this.row;
    const run: RunRow = {
      ...{ key: randomBytes(8).toString('hex'), experiment: '', untilStep: 0, shards, state: 'waiting', retries: 0 },
      directory: this.isExternal ? '' : this.checkpointsOf(number, member),
      ...{ untilEpoch: this.untilOf(untilEpoch), sweep: this.key, trial: number, member, computeSeconds: 0 },
      createdAt: new Date().toISOString(),
    };
    this.changes.push(...this.parts.runs.create(run));
    this.ready.addRun(run.key);
    return run;
  }

  /** The whole training is told as 0, so that it ends in its way. */
  private untilOf(epochs: number): number {
    return epochs >= this.plan.search.untilStep ? 0 : epochs;
  }

  private finished(trial: ActiveTrial): void {
    if (isTrialOver(trial.row) || trial.runs.some(({ state }) => state !== 'finished')) return;
    if (this.failures.succeeded()) this.write();
    this.over(trial, 'finished', null);
    this.take({ type: 'finished', trial: trial.row.number });
  }

  private diverged(trial: ActiveTrial, { epoch, message }: EndFacts): void {
    if (isTrialOver(trial.row)) return;
    trial.row.epoch = Math.max(trial.row.epoch, epoch);
    Object.assign(trial.row, { value: null, loss: null });
    const { number } = trial.row;
    const step = Math.min(epoch, trial.row.untilEpoch);
    const counted = this.take({ type: 'report', trial: number, step, value: null, loss: null });
    if (counted && isTrialOver(trial.row)) trial.row.reason = `notFinite: ${message}`;
    if (isTrialOver(trial.row)) return;
    this.fail(trial, message);
  }

  private failed(trial: ActiveTrial, run: RunRow, { code, message }: EndFacts): void {
    if (isTrialOver(trial.row)) return;
    if (mayPass(code) && run.retries < this.settings.retries) {
      run.retries += 1;
      this.note('run-retried', { run: run.key, retry: run.retries, message });
      if (this.state === 'running') this.continueRun(run, backoffMs(run.retries));
      return;
    }
    this.fail(trial, message);
    const same = this.failures.add(message);
    this.write();
    const { failedTrials } = this.settings.budget;
    if (same >= this.settings.sameFailures) {
      this.haltNow('failed', `${same} trials in a row have failed by the same error: ${message}`);
    } else if (failedTrials !== undefined && this.counts.failed > failedTrials) {
      const most = `search.budget.failedTrials allows ${failedTrials}`;
      this.haltNow('failed', `${this.counts.failed} trials have failed, ${most}; the last: ${message}`);
    }
  }

  private fail(trial: ActiveTrial, reason: string): void {
    this.over(trial, 'failed', reason);
    for (const run of trial.runs) this.stopRun(run);
    this.take({ type: 'failed', trial: trial.row.number, reason });
  }

  private over(trial: ActiveTrial, status: 'stopped' | 'finished' | 'failed', reason: string | null): void {
    Object.assign(trial.row, { reason, endedAt: new Date().toISOString() });
    this.setStatus(trial, status);
  }

  private setStatus(trial: ActiveTrial, status: 'running' | 'paused' | 'stopped' | 'finished' | 'failed'): void {
    this.counts[trial.row.status] -= 1;
    this.counts[status] += 1;
    trial.row.status = status;
    this.touch(trial);
  }

  private better({ number, value, epoch, columns, best }: TrialRow): void {
    if (value === null) return;
    const trial = this.active.get(number);
    if (trial && this.isBetter(value, best)) Object.assign(trial.row, { best: value, bestEpoch: epoch });
    this.beats(number, value, epoch, columns);
  }

  private beats(trial: number, value: number, epoch: number, columns: TrialRow['columns']): void {
    const { best } = this;
    // Of equal ones the first by number, whichever came first.
    const isFirst = best !== undefined && value === best.value && trial < best.trial;
    if (isFirst || this.isBetter(value, best?.value ?? null)) this.best = { trial, value, epoch, columns };
  }

  private isBetter(value: number, other: Value): boolean {
    return other === null || isBetter(value, other, this.plan.search.direction);
  }

  private forgetIfOver(trial: ActiveTrial): void {
    if (isTrialOver(trial.row) && trial.runs.every(({ state }) => isOver(state))) {
      this.touch(trial);
      for (const { key } of trial.runs) {
        this.epochs.delete(key);
        this.parts.runs.forget(key);
      }
      this.active.delete(trial.row.number);
      this.keepBest(trial.row);
    }
  }

  /** Folders of checkpoints that are not wanted any more, each once. */
  takeDiscards(): string[] {
    return this.discards.splice(0);
  }

  private keepBest({ number, value, status }: TrialRow): void {
    const result = { trial: number, step: 0, value: status === 'failed' ? null : value };
    this.kept.add(result);
    while (this.kept.size > this.settings.keep) this.discard(this.kept.removeLast().trial);
    if (result.value === null && this.kept.remove(result)) this.discard(number);
  }

  private discard(trial: number): void {
    if (this.isExternal) return;
    for (let member = 0; member < this.plan.members; member++) this.discards.push(this.checkpointsOf(trial, member));
  }

  private checkpointsOf(trial: number, member: number): string {
    const folder = this.plan.members === 1 ? [] : [`member-${member}`];
    return join(this.row.directory, 'trials', String(trial), ...folder, 'checkpoints');
  }

  // ---- the sweep ----

  private haltNow(state: 'paused' | 'stopped' | 'failed', reason: string | null): void {
    if (this.state === 'finished') throw new PolyakError('usage', `${this.row.name} has finished`);
    this.setState(state, reason);
    for (const { runs } of this.active.values()) {
      for (const run of runs) if (run.state === 'running') this.advance(run, 'stop');
    }
  }

  private finishIfOver(): void {
    if (this.state !== 'running') return;
    if (this.ready.length > 0) {
      if (!this.canStart && !this.isMoving()) this.setState('stopped', this.spending.spentEpochs(this.settings.budget));
      return;
    }
    if (this.active.size > 0) return;
    const over = this.counts.stopped + this.counts.finished + this.counts.failed;
    if (this.parts.decider.isComplete ?? over === this.settings.trials) this.setState('finished', null);
  }

  /** Whether a run is led, so that something will still happen. */
  private isMoving(): boolean {
    for (const { runs } of this.active.values()) {
      if (runs.some(({ key, state }) => hasLead(state) || this.delayed.has(key) || this.unsettled.has(key)))
        return true;
    }
    return false;
  }

  private setState(state: SweepState, reason: string | null): void {
    const { row } = this.parts;
    if (row.state === state && row.reason === reason) return;
    const endedAt = state === 'running' || state === 'paused' ? null : new Date().toISOString();
    Object.assign(row, { state, reason, endedAt });
    this.write();
    this.note(`sweep-${state}`, { reason });
  }

  private checkAverage(stepsPerEpoch: number): void {
    if (this.averageChecked || stepsPerEpoch <= 0) return;
    this.averageChecked = true;
    try {
      this.plan.checkAverage(stepsPerEpoch);
    } catch (error) {
      if (!(error instanceof PolyakError)) throw error;
      this.haltNow('failed', error.message);
    }
  }

  // ---- rows ----

  private handling(handle: () => void): Change[] {
    this.changes = [];
    this.touched.clear();
    handle();
    const { changes } = this;
    this.changes = [];
    // Once each, however often something about it has changed.
    for (const { row, runs } of this.touched) {
      row.computeSeconds = runs.reduce((sum, { computeSeconds }) => sum + computeSeconds, 0);
      changes.push({ table: 'trials', row: copyOfTrial(row) });
    }
    return changes;
  }

  private continueRun(run: RunRow, delayMs = 0): void {
    const trial = this.active.get(run.trial);
    const untilEpoch = this.untilOf(trial?.row.untilEpoch ?? 0);
    const { runs } = this.parts;
    this.changes.push(...runs.advance(run, run.state === 'paused' ? 'promote' : 'submit', { untilEpoch }));
    this.changes.push(...runs.forgetEnd(run.key));
    if (delayMs > 0) this.delayed.set(run.key, Date.now() + delayMs);
    else if (!this.unsettled.has(run.key)) this.ready.addRun(run.key);
  }

  /** It is led no longer, and what it was to train is not promised any more. */
  private leave(run: RunRow, trigger: RunTrigger): void {
    if (hasLead(run.state)) {
      this.spending.reserve(-this.epochsAhead(run));
      // Who had an external one is fenced by its token.
      if (!this.isExternal) this.unsettled.add(run.key);
    }
    this.advance(run, trigger);
    // Whoever waits for the end of a sweep that was stopped waits for this.
    if (this.state !== 'running' && !this.isLed) this.write();
  }

  private trainedUntil(run: RunRow, epoch: number): void {
    if (epoch <= this.epochOf(run)) return;
    this.spending.trained(epoch - this.epochOf(run));
    this.epochs.set(run.key, epoch);
  }

  private epochsAhead(run: RunRow): number {
    const until = run.untilEpoch === 0 ? this.plan.search.untilStep : run.untilEpoch;
    return Math.max(0, until - this.epochOf(run));
  }

  private mayContinue(run: RunRow): boolean {
    return this.spending.allows(this.settings.budget, this.epochsAhead(run));
  }

  private advance(run: RunRow, trigger: RunTrigger): void {
    this.changes.push(...this.parts.runs.advance(run, trigger));
  }

  /** The row is written as it is when the event has been handled. */
  private touch(trial: ActiveTrial): void {
    this.touched.add(trial);
  }

  private write(): void {
    const { row, record } = this.parts;
    row.settings = JSON.stringify({ ...record, ...this.spending.record(), failures: this.failures.record() });
    this.changes.push({ table: 'sweeps', row: { ...row } });
  }

  private note(what: string, detail: Record<string, unknown>): void {
    this.changes.push(eventChange(what, this.key, detail));
  }

  private log(entry: LogEntry): void {
    this.changes.push({ table: 'log', row: { sweep: this.key, sequence: this.sequence, entry } });
    this.sequence += 1;
  }
}

const clockBudgets = new Map([
  ['time', 'search.budget.time ends it by the clock'],
  ['computeTime', 'search.budget.computeTime ends it by the clock'],
]);

export interface SweepSnapshot extends Omit<SweepRow, 'experiment' | 'settings' | 'shards'> {
  settings: SweepSettings;
  metric: string;
  direction: 'maximise' | 'minimise';
  counts: Sweep['counts'];
  /** Planned in all; null for a repetition, which has as many as what it repeats. */
  trials: number | null;
  best: NonNullable<Sweep['best']> | null;
  spent: { seconds: number; computeSeconds: number; epochs: number };
  reproducibility: Reproducibility;
}

/** What a run has reported of an epoch that others of its trial have not reached yet. */
export interface EpochOfRun extends EpochReport {
  epoch: number;
}

/** Of a run's last event. */
export interface EndFacts {
  /** The epoch that it was in; 0 where that is not known. */
  epoch: number;
  /** Of common/errors.ts. */
  code: string;
  message: string;
}

export function isTrialOver({ status }: Pick<TrialRow, 'status'>): boolean {
  return status === 'stopped' || status === 'finished' || status === 'failed';
}
