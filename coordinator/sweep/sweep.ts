/**
 * A sweep as the coordinator runs it: the search decides, this carries it out. What happens to its runs comes in; rows for the
 * store come out, the search's log among them, and only when they are on disk does anybody act. It knows no process.
 */
import { PolyakError } from '../../common/errors.js';
import type { LogEntry, Value } from '../search/log.js';
import type { Change, RunRow, SweepRow, SweepState, TrialRow } from '../store/rows.js';
import type { Best } from './best-so-far.js';
import type { EpochReport } from './member-reports.js';
import type { ReadyQueue } from './ready-queue.js';
import { restoreSweep } from './restore-sweep.js';
import { checkpointsFolder } from './retention.js';
import { retryTrial } from './retry-trial.js';
import type { Spending } from './spending.js';
import { SweepBooks, type EpochOfRun, type SweepParts } from './sweep-books.js';
import { requireExtensible, requireNoBudget, requireUnhalted } from './sweep-changes.js';
import { SweepCourse } from './sweep-course.js';
import type { SweepSettings } from './sweep-settings.js';
import { snapshotOf, type SweepSnapshot, type TrialCounts } from './sweep-snapshot.js';
import { isTrialOver, type ActiveTrial } from './trial-book.js';
import { TrialLife, type EndFacts } from './trial-life.js';
import type { TrialPlan } from './trial-plan.js';

/** A run that is given to a worker, or to a client; or a trial that has failed before it had one. */
export interface StartedRun {
  run: RunRow | undefined;
  changes: Change[];
  /** For it to be given; of a new trial, since the search created it. */
  waitedSeconds: number;
}

export class Sweep {
  private readonly books: SweepBooks;
  private readonly course: SweepCourse;
  private readonly life: TrialLife;
  /** The fewest steps of an epoch for which it is known whether a running average is old enough. */
  private fewestSteps = Number.POSITIVE_INFINITY;

  constructor(parts: SweepParts) {
    this.books = new SweepBooks(parts);
    this.course = new SweepCourse(this.books);
    this.life = new TrialLife(this.books, this.course);
  }

  get spending(): Spending {
    return this.books.spending;
  }

  /** What waits for a worker. */
  get ready(): ReadyQueue {
    return this.books.runs.ready;
  }

  get key(): string {
    return this.books.row.key;
  }

  get row(): Readonly<SweepRow> {
    return this.books.row;
  }

  get state(): SweepState {
    return this.books.state;
  }

  get settings(): SweepSettings {
    return this.books.settings;
  }

  get plan(): TrialPlan {
    return this.books.plan;
  }

  /** Its trials are run by the user's own processes; their runs have no lead and no folder. */
  get isExternal(): boolean {
    return this.books.record.external;
  }

  get isRepetition(): boolean {
    return this.books.isRepetition;
  }

  /** Why its search cannot have more trials now, in words after its name. */
  get refusalOfMore(): string | undefined {
    return this.books.refusalOfMore;
  }

  get counts(): Readonly<TrialCounts> {
    return this.books.trials.counts;
  }

  get best(): Best | null {
    return this.books.bestSoFar.best;
  }

  /** Entries of its log so far. */
  get logLength(): number {
    return this.books.rows.logLength;
  }

  /** Its folder has been written, by a trial that has reported an epoch. */
  get hasTrained(): boolean {
    return this.spending.epochs > 0;
  }

  /** Whether a server leads a run of it: also one that has been stopped leads until it is at a checkpoint. */
  get isLed(): boolean {
    return this.books.trials.isLed;
  }

  /** One that was stopped has ended when its trials are at checkpoints. */
  get hasEnded(): boolean {
    return this.state !== 'running' && this.state !== 'paused' && !this.isLed;
  }

  /** Trials that have begun and are not over. */
  activeTrials(): Iterable<Readonly<ActiveTrial>> {
    return this.books.trials.all();
  }

  /** The line of one that has begun and is not over. */
  trialOf(number: number): Readonly<TrialRow> | undefined {
    return this.books.trials.find(number)?.row;
  }

  experimentOf(run: RunRow): string {
    return this.books.trials.experimentOf(run);
  }

  leavesOf(run: RunRow): number {
    return this.books.trials.leavesOf(run);
  }

  /** The last epoch that was reported of it. */
  epochOf(run: RunRow): number {
    return this.books.trials.epochOf(run);
  }

  // ---- from the outside: each answers with what is to be committed ----

  begin(): Change[] {
    return this.books.rows.collect(() => {
      this.books.rows.write();
      this.books.rows.note('sweep-submitted', { name: this.row.name });
      this.course.take({ type: 'begin' });
    });
  }

  /** As it was: `log` are all entries, which the decider has taken, `ended` the runs of trials that go on without them. */
  restore(
    log: readonly LogEntry[],
    trials: readonly TrialRow[],
    epochs: ReadonlyMap<string, readonly EpochOfRun[]>,
    ended: readonly RunRow[] = [],
  ): void {
    restoreSweep(this.books, log, trials, epochs, ended);
  }

  /** A worker has nothing to do. Only for a schedule that wants to be asked. */
  request(): Change[] {
    return this.books.rows.collect(() => {
      this.books.asked += 1;
      this.course.take({ type: 'request' });
    });
  }

  /** Whether another worker that asks may be given a trial by the schedule. */
  get mayAsk(): boolean {
    const isAsking = this.plan.search.schedule.name === 'asha' && !this.isRepetition;
    return isAsking && this.books.asked === 0 && this.state === 'running';
  }

  /**
   * The run that is to be started next, which is from now on running; without one where none that suits may be, and where the next
   * trial has failed by what it has drawn. Errors: `usage` where nothing can be drawn.
   */
  startNext(suits: (run: RunRow) => boolean = () => true): StartedRun {
    const started: StartedRun = { run: undefined, changes: [], waitedSeconds: 0 };
    started.changes = this.books.rows.collect(() => {
      if (!this.books.runs.firstFor(suits)) this.life.begin();
      const run = this.books.runs.firstFor(suits);
      if (!run || this.state !== 'running' || !this.books.runs.fits(run)) return;
      started.waitedSeconds = this.books.runs.start(run);
      started.run = run;
    });
    return started;
  }

  /** Of a repetition: the next trials that had begun when what it repeats was halted, and had reported nothing. */
  beginUntrained(): Change[] {
    return this.books.rows.collect(() => {
      while (this.course.mayBegin() && this.ready.peekNew()?.create.untilStep === 0) this.life.begin();
    });
  }

  /** Whether `startNext` has something to start. */
  get canStart(): boolean {
    return this.course.canStart;
  }

  /** Whether it has something to start for whom only such runs suit. */
  canStartFor(suits: (run: RunRow) => boolean): boolean {
    return this.course.canStartFor(suits);
  }

  /**
   * A trial trains, with so many steps in an epoch: before it has come to the end of one, the sweep fails where trials would be
   * ranked by a running average that is too young.
   */
  trains(stepsPerEpoch: number): Change[] {
    return this.books.rows.collect(() => this.checkAverage(stepsPerEpoch));
  }

  epoch(run: RunRow, epoch: number, report: EpochReport, stepsPerEpoch: number): Change[] {
    return this.books.rows.collect(() => {
      this.checkAverage(stepsPerEpoch);
      const trial = this.books.trials.find(run.trial);
      if (!trial || epoch <= this.epochOf(run)) return;
      this.books.runs.trainedUntil(run, epoch);
      const together = trial.reports.add(run.member, epoch, report);
      if (!together) return;
      const { row } = trial;
      Object.assign(row, { epoch, value: together.value, loss: together.loss, deviation: together.deviation });
      this.books.bestSoFar.see(row);
      this.books.rows.touch(trial);
      const { value, loss } = together;
      this.course.take({ type: 'report', trial: run.trial, step: epoch, value, loss });
    });
  }

  /**
   * Of an external trial: without `value` where it was not evaluated, without `loss` where there is none. At the end of its
   * rung it is paused at once. The same again changes nothing.
   */
  told(run: RunRow, epoch: number, report: { value?: Value; loss?: Value }): Change[] {
    return this.books.rows.collect(() => {
      const trial = this.books.trials.find(run.trial);
      if (!trial || epoch <= this.epochOf(run)) return;
      this.books.runs.trainedUntil(run, epoch);
      Object.assign(trial.row, { epoch, ...report });
      if (report.value !== undefined) this.books.bestSoFar.see(trial.row);
      this.books.rows.touch(trial);
      this.course.take({ type: 'report', trial: run.trial, step: epoch, ...report });
      this.pausedNow(run, epoch);
    });
  }

  /** Whoever had it is gone: it waits for another. */
  yielded(run: RunRow): Change[] {
    return this.books.rows.collect(() => this.books.runs.yielded(run));
  }

  /** `step` is that of its checkpoint. The same again, after it has gone on, changes nothing. */
  paused(run: RunRow, epoch: number, step = 0): Change[] {
    return this.books.rows.collect(() => this.pausedNow(run, epoch, step));
  }

  /** An external one has no checkpoint. */
  private pausedNow(run: RunRow, epoch: number, step = 0): void {
    if (run.state !== 'stopping' && (run.state !== 'running' || run.untilEpoch !== epoch)) return;
    run.checkpointStep = Math.max(run.checkpointStep, step);
    this.books.runs.leave(run, 'paused');
    const trial = this.books.trials.find(run.trial);
    if (!trial) return;
    if (isTrialOver(trial.row)) this.books.runs.stop(run);
    else if (trial.row.untilEpoch > epoch) this.books.runs.goOn(run);
    this.books.forgetIfOver(trial);
    this.course.finishIfOver();
  }

  ended(run: RunRow, trigger: 'finished' | 'diverged' | 'failed' | 'stopped', facts: EndFacts): Change[] {
    return this.books.rows.collect(() => {
      // Said again of what it was before it was ordered anew.
      if (run.state !== 'running' && run.state !== 'stopping') return;
      const trial = this.books.trials.find(run.trial);
      if (trigger === 'diverged') this.books.runs.trainedUntil(run, facts.epoch);
      if (trigger === 'stopped') run.checkpointStep = Math.max(run.checkpointStep, facts.step ?? 0);
      this.books.runs.leave(run, trigger);
      if (!trial) return;
      if (trigger === 'finished') this.life.finished(trial);
      else if (trigger === 'diverged') this.life.diverged(trial, facts);
      else if (trigger === 'failed') this.life.failed(trial, run, facts);
      // A stop may have come too late for a sweep that goes on again.
      else if (this.state === 'running' && trial.row.status === 'running') this.books.runs.goOn(run);
      this.books.forgetIfOver(trial);
      this.course.finishIfOver();
    });
  }

  /** The end of a run is on disk and everybody has forgotten it: if it is to go on, it may begin now. */
  settled(run: RunRow): void {
    this.books.runs.settled(run);
  }

  /**
   * No trial begins, those that run stop at a checkpoint. To stop what has ended changes nothing: whoever asks may not have heard
   * of the end yet. Errors: `usage` for a pause of what has ended.
   */
  halt(state: 'paused' | 'stopped' | 'failed', reason: string | null): Change[] {
    return this.books.rows.collect(() => {
      const hasEnded = this.state !== 'running' && this.state !== 'paused';
      if (hasEnded && state === 'stopped') return;
      if (hasEnded && state === 'paused')
        throw new PolyakError('usage', `${this.row.name} is ${this.state}, only a sweep that runs can be paused`);
      this.course.haltNow(state, reason);
    });
  }

  resume(): Change[] {
    return this.books.rows.collect(() => {
      if (this.state === 'running') return;
      requireUnhalted(this, this.books.decider.isHalted ?? false);
      this.books.failures.forget();
      this.course.goOn();
      for (const { row, runs } of this.books.trials.all()) {
        for (const run of runs) {
          // One that waits for its promotion has nothing to do, once it is in its checkpoint.
          const isToGoOn = run.state === 'failed' || (run.state === 'stopped' && row.status === 'running');
          if (isToGoOn && !isTrialOver(row) && !this.course.isCut(row, run)) this.books.runs.goOn(run);
        }
      }
      this.course.finishIfOver();
    });
  }

  /** From now on on so many shards; what is led goes on as it is where `canLead` says that its own number is there. */
  reshard(shards: number, canLead: (shards: number) => boolean): Change[] {
    return this.books.rows.collect(() => {
      this.books.row.shards = shards;
      this.books.rows.write();
      this.books.rows.note('sweep-resharded', { shards });
      for (const trial of this.books.trials.all()) {
        for (const run of trial.runs) this.books.runs.reshard(trial, run, canLead);
        this.books.forgetIfOver(trial);
      }
    });
  }

  /** Errors: `usage` for fewer trials than before, or more where the search cannot take them. */
  change(settings: SweepSettings): Change[] {
    return this.books.rows.collect(() => {
      const { trials } = this.settings;
      requireNoBudget(this, settings);
      if (settings.trials !== trials) requireExtensible(this, settings.trials);
      this.books.record.settings = settings;
      this.books.rows.write();
      this.books.rows.note('sweep-changed', { settings });
      if (settings.trials === trials) return this.course.finishIfOver();
      if (this.state === 'finished') this.course.setState('running', null);
      this.course.take({ type: 'extend', trials: settings.trials });
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
    return this.books.rows.collect(() => retryTrial(this.books, this.course, { trial, runs, epochs }));
  }

  /** The clock: budgets of time, and runs that are due to be tried again. `write` keeps what has been spent. */
  tick(seconds: number, computeSeconds: number, write: boolean): Change[] {
    return this.books.rows.collect(() => {
      this.spending.passed(seconds, computeSeconds);
      this.books.runs.tick();
      if (write) this.books.rows.write();
      const spent = this.spending.spentTime(this.books.budget);
      if (this.state === 'running' && spent !== undefined) this.course.haltNow('stopped', spent);
      if (this.course.isStuck) this.course.haltNow('failed', 'nothing moves any more, though what it repeats went on');
      // What has become ready meanwhile may not fit the budget of epochs, and nothing else may happen any more.
      this.course.finishIfOver();
    });
  }

  /** Of a sweep that does not run: what workers did for it until they were told. */
  worked(computeSeconds: number): Change[] {
    return this.books.rows.collect(() => {
      this.spending.passed(0, computeSeconds);
      this.books.rows.write();
    });
  }

  snapshot(): SweepSnapshot {
    return snapshotOf(this);
  }

  /** Folders of checkpoints that are not wanted any more, each once. */
  takeDiscards(): string[] {
    const { members } = this.plan;
    const unwanted = this.books.retention.takeUnwanted();
    if (this.isExternal) return [];
    return unwanted.flatMap((trial) =>
      Array.from({ length: members }, (_, member) => checkpointsFolder(this.row.directory, { trial, member, members })),
    );
  }

  private checkAverage(stepsPerEpoch: number): void {
    if (stepsPerEpoch <= 0 || stepsPerEpoch >= this.fewestSteps) return;
    this.fewestSteps = stepsPerEpoch;
    try {
      this.plan.checkAverage(stepsPerEpoch);
    } catch (error) {
      if (!(error instanceof PolyakError)) throw error;
      this.course.haltNow('failed', error.message);
    }
  }
}
