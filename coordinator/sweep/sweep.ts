/**
 * A sweep as the coordinator runs it: the search decides, this carries it out. What happens to its runs comes in; rows for the
 * store come out, the search's log among them, and only when they are on disk does anybody act. It knows no process.
 */
import { PolyakError } from '../../common/errors.js';
import type { Runs } from '../runs.js';
import { hasLead, isOver } from '../run-state.js';
import type { Decision, HaltState, LogEntry, SearchEvent, Value } from '../search/log.js';
import type { Outcome } from '../search/search.js';
import type { Change, RunRow, SweepRow, SweepState, TrialRow } from '../store/rows.js';
import { BestSoFar, type Best } from './best-so-far.js';
import { backoffMs, mayPass, SameFailures } from './failures.js';
import { MemberReports, type EpochReport } from './member-reports.js';
import { newTrialRow } from './new-trial.js';
import type { ReadyQueue } from './ready-queue.js';
import { checkpointsFolder, Retention } from './retention.js';
import { Spending } from './spending.js';
import {
  requireExtensible,
  requireNoBudget,
  requireRetriable,
  requireUnhalted,
  wayToTrainAgain,
} from './sweep-changes.js';
import { SweepRows } from './sweep-rows.js';
import { SweepRuns } from './sweep-runs.js';
import type { Budget, SweepRecord, SweepSettings } from './sweep-settings.js';
import { snapshotOf, type SweepSnapshot, type TrialCounts } from './sweep-snapshot.js';
import { isTrialOver, TrialBook, type ActiveTrial } from './trial-book.js';
import type { TrialPlan } from './trial-plan.js';

/** How the reason of a trial begins that has failed before it had a run. */
const drawnWrong = 'what it has drawn makes no right experiment: ';

/** What decides: a search, or the repetition of one. */
export interface Decider {
  take(event: SearchEvent): Outcome;
  /** Why it cannot have more trials now, in words after the sweep's name. */
  refusalOfMore?(): string | undefined;
  /** Of a repetition: all that was stored has been decided again. */
  readonly isComplete?: boolean;
  /** Of a repetition: what it repeats was halted here. */
  readonly isHalted?: boolean;
  /** Of a repetition: false for a trial that had not begun when what it repeats was halted. */
  mayBegin?(trial: number): boolean;
  /** Of a repetition: the trial was not over when what it repeats was halted. */
  staysOpen?(trial: number): boolean;
}

export interface SweepParts {
  row: SweepRow;
  record: SweepRecord;
  plan: TrialPlan;
  decider: Decider;
  runs: Runs;
}

/** A run that is given to a worker, or to a client; or a trial that has failed before it had one. */
export interface StartedRun {
  run: RunRow | undefined;
  changes: Change[];
  /** For it to be given; of a new trial, since the search created it. */
  waitedSeconds: number;
}

export class Sweep {
  readonly spending: Spending;
  private readonly runs: SweepRuns;
  private readonly trials: TrialBook;
  private readonly rows: SweepRows;
  private readonly bestSoFar: BestSoFar;
  private readonly retention: Retention;
  private readonly failures: SameFailures;
  /** Workers that have asked for a trial, where the schedule wants to be asked. */
  private asked = 0;
  /** The fewest steps of an epoch for which it is known whether a running average is old enough. */
  private fewestSteps = Number.POSITIVE_INFINITY;
  /** Trials that were tried again because somebody asked for it. */
  private readonly retried = new Set<number>();
  constructor(private readonly parts: SweepParts) {
    this.spending = new Spending(parts.record);
    this.failures = new SameFailures(parts.record.failures);
    const { plan, row, record } = parts;
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

  /** What waits for a worker. */
  get ready(): ReadyQueue {
    return this.runs.ready;
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

  /** Why its search cannot have more trials now, in words after its name. */
  get refusalOfMore(): string | undefined {
    return this.parts.decider.refusalOfMore?.();
  }

  /** A repetition ends where what it repeats ended, whatever that takes. */
  private get budget(): Budget {
    return this.isRepetition ? {} : this.settings.budget;
  }

  get counts(): Readonly<TrialCounts> {
    return this.trials.counts;
  }

  get best(): Best | null {
    return this.bestSoFar.best;
  }

  /** Entries of its log so far. */
  get logLength(): number {
    return this.rows.logLength;
  }

  /** Its folder has been written, by a trial that has reported an epoch. */
  get hasTrained(): boolean {
    return this.spending.epochs > 0;
  }

  /** Whether a server leads a run of it: also one that has been stopped leads until it is at a checkpoint. */
  get isLed(): boolean {
    return this.trials.isLed;
  }

  /** One that was stopped has ended when its trials are at checkpoints. */
  get hasEnded(): boolean {
    return this.state !== 'running' && this.state !== 'paused' && !this.isLed;
  }

  /** Trials that have begun and are not over. */
  activeTrials(): Iterable<Readonly<ActiveTrial>> {
    return this.trials.all();
  }

  /** The line of one that has begun and is not over. */
  trialOf(number: number): Readonly<TrialRow> | undefined {
    return this.trials.find(number)?.row;
  }

  experimentOf(run: RunRow): string {
    return this.trials.experimentOf(run);
  }

  leavesOf(run: RunRow): number {
    return this.trials.leavesOf(run);
  }

  /** The last epoch that was reported of it. */
  epochOf(run: RunRow): number {
    return this.trials.epochOf(run);
  }

  // ---- from the outside: each answers with what is to be committed ----

  begin(): Change[] {
    return this.rows.collect(() => {
      this.rows.write();
      this.rows.note('sweep-submitted', { name: this.row.name });
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
    this.rows.restore(log.length);
    for (const entry of log) {
      if ('event' in entry) {
        if (entry.event.type === 'request') this.asked += 1;
        if (entry.event.type === 'created') this.ready.begun();
        if (entry.event.type === 'retry') this.retried.add(entry.event.trial);
      } else if (entry.decision.type === 'create') {
        this.asked = Math.max(0, this.asked - entry.decision.count);
        this.ready.addCreate(entry.decision);
      } else if (entry.decision.type === 'promote') this.asked = Math.max(0, this.asked - 1);
    }
    this.trials.counts.waiting = this.ready.newTrials;
    const runs = new Map<number, RunRow[]>();
    for (const run of [...this.runs.ofSweep(), ...ended]) runs.set(run.trial, [...(runs.get(run.trial) ?? []), run]);
    for (const row of trials) this.restoreTrial(row, runs.get(row.number) ?? [], epochs);
    // Those were ordered to be deleted before; what is left nevertheless is for `polyak gc`.
    this.retention.takeUnwanted();
  }

  private restoreTrial(row: TrialRow, runs: RunRow[], epochs: ReadonlyMap<string, readonly EpochOfRun[]>): void {
    this.trials.counts[row.status] += 1;
    this.bestSoFar.restore(row);
    const together = row.epoch * this.plan.members;
    if (isTrialOver(row) && runs.every(({ state }) => isOver(state))) {
      // Unknown of one that ended under an older Polyak.
      this.spending.restored(row.trained > 0 ? row.trained : together);
      return this.retention.over(row, this.settings.keep);
    }
    this.spending.restored(together);
    const reports = new MemberReports(this.plan.members);
    const trial = { row, reports, runs, experiment: undefined };
    this.trials.add(trial);
    for (const run of runs) {
      this.rememberReports(trial, run, epochs.get(run.key) ?? []);
      this.spending.restored(this.epochOf(run) - row.epoch);
      this.runs.restore(run);
    }
  }

  /** What one of several runs has reported of epochs that others have not reached: it is not reported again. */
  private rememberReports({ row, reports }: ActiveTrial, run: RunRow, epochs: readonly EpochOfRun[]): void {
    this.trials.setEpoch(run, row.epoch);
    for (const { epoch, ...report } of epochs) {
      if (epoch <= row.epoch) continue;
      this.trials.setEpoch(run, epoch);
      reports.add(run.member, epoch, report);
    }
  }

  /** A worker has nothing to do. Only for a schedule that wants to be asked. */
  request(): Change[] {
    return this.rows.collect(() => {
      this.asked += 1;
      this.take({ type: 'request' });
    });
  }

  /** Whether another worker that asks may be given a trial by the schedule. */
  get mayAsk(): boolean {
    const isAsking = this.plan.search.schedule.name === 'asha' && this.parts.record.replayOf === undefined;
    return isAsking && this.asked === 0 && this.state === 'running';
  }

  /**
   * The run that is to be started next, which is from now on running; without one where none that suits may be, and where the next
   * trial has failed by what it has drawn. Errors: `usage` where nothing can be drawn.
   */
  startNext(suits: (run: RunRow) => boolean = () => true): StartedRun {
    const started: StartedRun = { run: undefined, changes: [], waitedSeconds: 0 };
    started.changes = this.rows.collect(() => {
      if (!this.runs.firstFor(suits)) this.beginTrial();
      const run = this.runs.firstFor(suits);
      if (!run || this.state !== 'running' || !this.runs.fits(run)) return;
      started.waitedSeconds = this.runs.start(run);
      started.run = run;
    });
    return started;
  }

  /** Of a repetition: the next trials that had begun when what it repeats was halted, and had reported nothing. */
  beginUntrained(): Change[] {
    return this.rows.collect(() => {
      while (this.mayBegin() && this.ready.peekNew()?.create.untilStep === 0) this.beginTrial();
    });
  }

  /** Whether `startNext` has something to start. */
  get canStart(): boolean {
    return this.canStartFor(() => true);
  }

  /** Whether it has something to start for whom only such runs suit. */
  canStartFor(suits: (run: RunRow) => boolean): boolean {
    if (this.state !== 'running') return false;
    const run = this.runs.firstFor(suits);
    return run ? this.runs.fits(run) : this.mayBegin();
  }

  /**
   * A trial trains, with so many steps in an epoch: before it has come to the end of one, the sweep fails where trials would be
   * ranked by a running average that is too young.
   */
  trains(stepsPerEpoch: number): Change[] {
    return this.rows.collect(() => this.checkAverage(stepsPerEpoch));
  }

  epoch(run: RunRow, epoch: number, report: EpochReport, stepsPerEpoch: number): Change[] {
    return this.rows.collect(() => {
      this.checkAverage(stepsPerEpoch);
      const trial = this.trials.find(run.trial);
      if (!trial || epoch <= this.epochOf(run)) return;
      this.runs.trainedUntil(run, epoch);
      const together = trial.reports.add(run.member, epoch, report);
      if (!together) return;
      const { row } = trial;
      Object.assign(row, { epoch, value: together.value, loss: together.loss, deviation: together.deviation });
      this.bestSoFar.see(row);
      this.rows.touch(trial);
      const { value, loss } = together;
      this.take({ type: 'report', trial: run.trial, step: epoch, value, loss });
    });
  }

  /**
   * Of an external trial: without `value` where it was not evaluated, without `loss` where there is none. At the end of its
   * rung it is paused at once. The same again changes nothing.
   */
  told(run: RunRow, epoch: number, report: { value?: Value; loss?: Value }): Change[] {
    return this.rows.collect(() => {
      const trial = this.trials.find(run.trial);
      if (!trial || epoch <= this.epochOf(run)) return;
      this.runs.trainedUntil(run, epoch);
      Object.assign(trial.row, { epoch, ...report });
      if (report.value !== undefined) this.bestSoFar.see(trial.row);
      this.rows.touch(trial);
      this.take({ type: 'report', trial: run.trial, step: epoch, ...report });
      this.pausedNow(run, epoch);
    });
  }

  /** Whoever had it is gone: it waits for another. */
  yielded(run: RunRow): Change[] {
    return this.rows.collect(() => this.runs.yielded(run));
  }

  /** `step` is that of its checkpoint. The same again, after it has gone on, changes nothing. */
  paused(run: RunRow, epoch: number, step = 0): Change[] {
    return this.rows.collect(() => this.pausedNow(run, epoch, step));
  }

  /** An external one has no checkpoint. */
  private pausedNow(run: RunRow, epoch: number, step = 0): void {
    if (run.state !== 'stopping' && (run.state !== 'running' || run.untilEpoch !== epoch)) return;
    run.checkpointStep = Math.max(run.checkpointStep, step);
    this.runs.leave(run, 'paused');
    const trial = this.trials.find(run.trial);
    if (!trial) return;
    if (isTrialOver(trial.row)) this.runs.stop(run);
    else if (trial.row.untilEpoch > epoch) this.runs.goOn(run);
    this.forgetIfOver(trial);
    this.finishIfOver();
  }

  ended(run: RunRow, trigger: 'finished' | 'diverged' | 'failed' | 'stopped', facts: EndFacts): Change[] {
    return this.rows.collect(() => {
      // Said again of what it was before it was ordered anew.
      if (run.state !== 'running' && run.state !== 'stopping') return;
      const trial = this.trials.find(run.trial);
      if (trigger === 'diverged') this.runs.trainedUntil(run, facts.epoch);
      if (trigger === 'stopped') run.checkpointStep = Math.max(run.checkpointStep, facts.step ?? 0);
      this.runs.leave(run, trigger);
      if (!trial) return;
      if (trigger === 'finished') this.finished(trial);
      else if (trigger === 'diverged') this.diverged(trial, facts);
      else if (trigger === 'failed') this.failed(trial, run, facts);
      // A stop may have come too late for a sweep that goes on again.
      else if (this.state === 'running' && trial.row.status === 'running') this.runs.goOn(run);
      this.forgetIfOver(trial);
      this.finishIfOver();
    });
  }

  /** The end of a run is on disk and everybody has forgotten it: if it is to go on, it may begin now. */
  settled(run: RunRow): void {
    this.runs.settled(run);
  }

  /**
   * No trial begins, those that run stop at a checkpoint. To stop what has ended changes nothing: whoever asks may not have heard
   * of the end yet. Errors: `usage` for a pause of what has ended.
   */
  halt(state: 'paused' | 'stopped' | 'failed', reason: string | null): Change[] {
    return this.rows.collect(() => {
      const hasEnded = this.state !== 'running' && this.state !== 'paused';
      if (hasEnded && state === 'stopped') return;
      if (hasEnded && state === 'paused')
        throw new PolyakError('usage', `${this.row.name} is ${this.state}, only a sweep that runs can be paused`);
      this.haltNow(state, reason);
    });
  }

  resume(): Change[] {
    return this.rows.collect(() => {
      if (this.state === 'running') return;
      requireUnhalted(this, this.parts.decider.isHalted ?? false);
      this.failures.forget();
      this.goOn();
      for (const { row, runs } of this.trials.all()) {
        for (const run of runs) {
          // One that waits for its promotion has nothing to do, once it is in its checkpoint.
          const isToGoOn = run.state === 'failed' || (run.state === 'stopped' && row.status === 'running');
          if (isToGoOn && !isTrialOver(row) && !this.isCut(row, run)) this.runs.goOn(run);
        }
      }
      this.finishIfOver();
    });
  }

  /** From now on on so many shards; what is led goes on as it is where `canLead` says that its own number is there. */
  reshard(shards: number, canLead: (shards: number) => boolean): Change[] {
    return this.rows.collect(() => {
      this.parts.row.shards = shards;
      this.rows.write();
      this.rows.note('sweep-resharded', { shards });
      for (const trial of this.trials.all()) {
        for (const run of trial.runs) this.runs.reshard(trial, run, canLead);
        this.forgetIfOver(trial);
      }
    });
  }

  /** Errors: `usage` for fewer trials than before, or more where the search cannot take them. */
  change(settings: SweepSettings): Change[] {
    return this.rows.collect(() => {
      const { trials } = this.settings;
      requireNoBudget(this, settings);
      if (settings.trials !== trials) requireExtensible(this, settings.trials);
      this.parts.record.settings = settings;
      this.rows.write();
      this.rows.note('sweep-changed', { settings });
      if (settings.trials === trials) return this.finishIfOver();
      if (this.state === 'finished') this.setState('running', null);
      this.take({ type: 'extend', trials: settings.trials });
    });
  }

  /**
   * `trial` is the row of a trial that has failed, `runs` are its runs, as stored, and `epochs` what these have reported.
   * The same again, while it is tried again or after it has ended otherwise, changes nothing. Errors: `usage` for all others.
   */
  retry(
    trial: TrialRow,
    runs: readonly RunRow[],
    epochs: ReadonlyMap<string, readonly EpochOfRun[]> = new Map(),
  ): Change[] {
    return this.rows.collect(() => {
      // What is stored may be older: then it runs again already, or its other folds are still on their way into checkpoints.
      const known = this.trials.find(trial.number);
      const { row, runs: all } = known ?? { row: trial, runs };
      if (row.status !== 'failed' && this.retried.has(row.number)) return;
      requireRetriable(this, row, all);
      const active = known ?? this.reopened(trial, runs, epochs);
      Object.assign(active.row, { reason: null, endedAt: null });
      this.setStatus(active, 'running');
      // Before its runs may start, so that the trial is running for whatever they say.
      this.take({ type: 'retry', trial: row.number });
      this.retried.add(row.number);
      this.failures.forget();
      this.goOn();
      for (const run of active.runs) {
        // One that is on its way into its checkpoint goes on when it is there.
        if (run.state === 'finished' || hasLead(run.state)) continue;
        // What it had may be what it failed by, or has been deleted with those that are not wanted.
        Object.assign(run, { retries: 0, checkpointStep: 0 });
        this.runs.goOn(run);
      }
    });
  }

  /** A trial that is over, in mind again. */
  private reopened(
    trial: TrialRow,
    stored: readonly RunRow[],
    epochs: ReadonlyMap<string, readonly EpochOfRun[]>,
  ): ActiveTrial {
    const runs = stored.map((run) => this.runs.find(run.key) ?? run);
    const active = { row: { ...trial }, runs, reports: new MemberReports(this.plan.members), experiment: undefined };
    this.trials.add(active);
    for (const run of runs) this.rememberReports(active, run, epochs.get(run.key) ?? []);
    return active;
  }

  /** The clock: budgets of time, and runs that are due to be tried again. `write` keeps what has been spent. */
  tick(seconds: number, computeSeconds: number, write: boolean): Change[] {
    return this.rows.collect(() => {
      this.spending.passed(seconds, computeSeconds);
      this.runs.tick();
      if (write) this.rows.write();
      const spent = this.spending.spentTime(this.budget);
      if (this.state === 'running' && spent !== undefined) this.haltNow('stopped', spent);
      if (this.isStuck) this.haltNow('failed', 'nothing moves any more, though what it repeats went on');
      // What has become ready meanwhile may not fit the budget of epochs, and nothing else may happen any more.
      this.finishIfOver();
    });
  }

  /** Of a sweep that does not run: what workers did for it until they were told. */
  worked(computeSeconds: number): Change[] {
    return this.rows.collect(() => {
      this.spending.passed(0, computeSeconds);
      this.rows.write();
    });
  }

  snapshot(): SweepSnapshot {
    return snapshotOf(this);
  }

  // ---- the search's events and decisions ----

  private take(event: SearchEvent): boolean {
    const isTaken = this.takeOnly(event);
    if (isTaken) this.finishIfOver();
    return isTaken;
  }

  /** Where what happens to the sweep does not end with the event. */
  private takeOnly(event: SearchEvent): boolean {
    const { decisions, ignored } = this.decisionsOn(event);
    if (ignored !== undefined) return false;
    this.rows.log({ event });
    for (const decision of decisions) {
      this.rows.log({ decision });
      this.carryOut(decision);
    }
    return true;
  }

  /** A repetition in which something else happens than in what it repeats cannot go on. */
  private decisionsOn(event: SearchEvent): Outcome {
    try {
      return this.parts.decider.take(event);
    } catch (error) {
      if (!(error instanceof PolyakError)) throw error;
      // What it has made of the event is not in the log, so that nothing more may be asked of it.
      if (this.state !== 'failed') this.carryOutHalt('failed', error.message);
      return { decisions: [], ignored: error.message };
    }
  }

  private carryOut(decision: Decision): void {
    if (decision.type === 'create') {
      this.asked = Math.max(0, this.asked - decision.count);
      this.ready.addCreate(decision);
      this.trials.counts.waiting += decision.count;
      return;
    }
    if (decision.type === 'halt') return this.carryOutHalt(decision.state, decision.reason);
    const trial = this.trials.find(decision.trial);
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
    for (const run of trial.runs) {
      const isEnded = run.state === 'paused' || run.state === 'stopped' || run.state === 'failed';
      if (isEnded && !this.isCut(trial.row, run)) this.runs.goOn(run);
    }
  }

  /** Of a repetition: what it repeats was halted before the trial was any further. */
  private isCut({ number, untilEpoch }: TrialRow, run: RunRow): boolean {
    const isLastOfAll = untilEpoch >= this.plan.search.untilStep;
    return this.parts.decider.staysOpen?.(number) === true && !isLastOfAll && this.epochOf(run) >= untilEpoch;
  }

  private stopTrial(trial: ActiveTrial, reason: string): void {
    this.over(trial, 'stopped', reason);
    for (const run of trial.runs) this.runs.stop(run);
    this.forgetIfOver(trial);
  }

  // ---- trials ----

  private mayBegin(): boolean {
    const next = this.ready.peekNew();
    if (next === undefined || this.state !== 'running') return false;
    if (this.parts.decider.mayBegin?.(next.number) === false) return false;
    return this.spending.allows(this.budget, next.create.untilStep * this.plan.members);
  }

  private beginTrial(): void {
    const next = this.ready.peekNew();
    if (!next || !this.mayBegin()) return;
    const { number, create } = next;
    // Before anything changes: there may be nothing to draw.
    const { parameters, columns } = this.plan.draw(number, create.space);
    const { experiment, wrong } = this.firstExperimentOf(parameters);
    const since = this.ready.newSince;
    this.ready.begun();
    this.trials.counts.waiting -= 1;
    const row = newTrialRow(this.key, number, create, { parameters, columns });
    const { members } = this.plan;
    const trial: ActiveTrial = { row, experiment, reports: new MemberReports(members), runs: [] };
    this.trials.add(trial);
    this.trials.counts.running += 1;
    if (wrong === undefined) {
      for (let member = 0; member < members; member++) trial.runs.push(this.runs.create(row, member, since));
    }
    // See `beginUntrained`.
    if (row.untilEpoch === 0) for (const run of trial.runs) this.runs.stop(run);
    this.rows.touch(trial);
    this.take({ type: 'created', trial: number, parameters: { ...parameters } });
    if (wrong === undefined) return;
    this.failForGood(trial, { code: 'usage', message: wrong });
    this.forgetIfOver(trial);
    this.finishIfOver();
  }

  /** That of its only run; or why what is drawn makes no right experiment, which is then so of all its folds and repetitions. */
  private firstExperimentOf(parameters: TrialRow['parameters']): { experiment?: string; wrong?: string } {
    try {
      const experiment = this.plan.experimentOf(parameters, 0);
      return this.plan.members === 1 ? { experiment } : {};
    } catch (error) {
      if (!(error instanceof PolyakError)) throw error;
      return { wrong: `${drawnWrong}${error.message.replaceAll('\n', '; ')}` };
    }
  }

  private finished(trial: ActiveTrial): void {
    if (isTrialOver(trial.row) || trial.runs.some(({ state }) => state !== 'finished')) return;
    // What is repeated was halted after its last report, and before it was over.
    if (this.parts.decider.staysOpen?.(trial.row.number)) return;
    if (this.failures.succeeded()) this.rows.write();
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
    if (code === 'disk') return this.waitForDisk(run, message);
    if (mayPass(code) && run.retries < this.settings.retries) {
      run.retries += 1;
      this.rows.note('run-retried', { run: run.key, retry: run.retries, message });
      if (this.state === 'running') this.runs.goOn(run, backoffMs(run.retries));
      else this.rows.add([{ table: 'runs', row: { ...run } }]);
      return;
    }
    const way = code === 'lost' ? `; ${wayToTrainAgain(this, trial.row.number)}` : '';
    this.failForGood(trial, { code, message }, way);
  }

  /** It counts among the failures. `way` is what the user can do about it. */
  private failForGood(trial: ActiveTrial, { code, message }: Pick<EndFacts, 'code' | 'message'>, way = ''): void {
    this.fail(trial, `${message}${way}`);
    // Whether that ends what it repeats, is stored.
    if (this.isRepetition) return;
    const { sameFailures } = this.settings;
    const same = this.failures.add({ trial: trial.row.number, code, message }, sameFailures);
    this.rows.write();
    const { failedTrials } = this.budget;
    if (same !== undefined) {
      this.haltNow('failed', `${same}: ${message}`);
    } else if (failedTrials !== undefined && this.counts.failed > failedTrials) {
      const most = `search.budget.failedTrials allows ${failedTrials}`;
      this.haltNow('failed', `${this.counts.failed} trials have failed, ${most}; the last: ${message}`);
    }
  }

  /** It is not the trial's fault, and would be every other trial's: none is lost, and all go on when the sweep is resumed. */
  private waitForDisk(run: RunRow, message: string): void {
    this.rows.note('run-without-disk', { run: run.key, message });
    // A repetition that is at its end needs no checkpoint any more.
    if (this.state !== 'failed' && !this.parts.decider.isHalted) this.haltNow('failed', message);
  }

  private fail(trial: ActiveTrial, reason: string): void {
    this.over(trial, 'failed', reason);
    for (const run of trial.runs) this.runs.stop(run);
    this.take({ type: 'failed', trial: trial.row.number, reason });
  }

  private over(trial: ActiveTrial, status: 'stopped' | 'finished' | 'failed', reason: string | null): void {
    Object.assign(trial.row, { reason, endedAt: new Date().toISOString() });
    this.setStatus(trial, status);
  }

  private setStatus(trial: ActiveTrial, status: 'running' | 'paused' | 'stopped' | 'finished' | 'failed'): void {
    this.trials.setStatus(trial, status);
    this.rows.touch(trial);
  }

  private forgetIfOver(trial: ActiveTrial): void {
    if (!this.trials.forgetIfOver(trial)) return;
    this.rows.touch(trial);
    this.runs.forget(trial);
    this.retention.over(trial.row, this.settings.keep);
  }

  /** Folders of checkpoints that are not wanted any more, each once. */
  takeDiscards(): string[] {
    const { members } = this.plan;
    const unwanted = this.retention.takeUnwanted();
    if (this.isExternal) return [];
    return unwanted.flatMap((trial) =>
      Array.from({ length: members }, (_, member) => checkpointsFolder(this.row.directory, { trial, member, members })),
    );
  }

  // ---- the sweep ----

  /** Decided as all else is, so that a repetition ends where this did; before the search has begun there is nothing to repeat. */
  private haltNow(state: HaltState, reason: string | null): void {
    if (this.state === 'finished') throw new PolyakError('usage', `${this.row.name} has finished`);
    if (!this.takeOnly({ type: 'halt', state, reason })) this.carryOutHalt(state, reason);
  }

  private carryOutHalt(state: HaltState, reason: string | null): void {
    this.setState(state, reason);
    for (const { runs } of this.trials.all()) {
      for (const run of runs) this.runs.halt(run);
    }
  }

  /** A repetition in which a trial did not fail, for instance, that all others had waited for. */
  private get isStuck(): boolean {
    return this.state === 'running' && this.isRepetition && !this.canStart && !this.runs.isMoving;
  }

  private finishIfOver(): void {
    if (this.state !== 'running') return;
    if (this.ready.length > 0) {
      if (!this.canStart && !this.runs.isMoving && !this.isRepetition)
        this.haltNow('stopped', this.spending.spentEpochs(this.budget));
      return;
    }
    if (this.trials.size > 0) return;
    if (this.parts.decider.isComplete ?? this.trials.over === this.settings.trials) this.setState('finished', null);
  }

  private goOn(): void {
    if (this.state === 'running') return;
    // What ended by itself, and has more to do now, was not halted.
    if (this.state !== 'finished') this.takeOnly({ type: 'resume' });
    this.setState('running', null);
  }

  private setState(state: SweepState, reason: string | null): void {
    const { row } = this.parts;
    if (row.state === state && row.reason === reason) return;
    const endedAt = state === 'running' || state === 'paused' ? null : new Date().toISOString();
    if (row.state === 'running') this.spending.passed(this.spending.uncounted, 0);
    else this.spending.goOn();
    Object.assign(row, { state, reason, endedAt });
    this.rows.write();
    this.rows.note(`sweep-${state}`, { reason });
  }

  private checkAverage(stepsPerEpoch: number): void {
    if (stepsPerEpoch <= 0 || stepsPerEpoch >= this.fewestSteps) return;
    this.fewestSteps = stepsPerEpoch;
    try {
      this.plan.checkAverage(stepsPerEpoch);
    } catch (error) {
      if (!(error instanceof PolyakError)) throw error;
      this.haltNow('failed', error.message);
    }
  }
}

/** What a run has reported of an epoch that others of its trial have not reached yet. */
export interface EpochOfRun extends EpochReport {
  epoch: number;
}

/** Of a run's last event. */
export interface EndFacts {
  /** The epoch that it was in; 0 where that is not known. */
  epoch: number;
  /** Of one that was stopped, that of its checkpoint; 0 where it has none. */
  step?: number;
  /** Of common/errors.ts. */
  code: string;
  message: string;
}
