/** The course of a sweep: what happens goes to the search, what that decides is carried out, and when all is done it ends. */
import { PolyakError } from '../../common/errors.js';
import type { Decision, HaltState, SearchEvent } from '../search/log.js';
import type { Outcome } from '../search/search.js';
import type { RunRow, SweepState, TrialRow } from '../store/rows.js';
import type { SweepBooks } from './sweep-books.js';
import type { ActiveTrial } from './trial-book.js';

export class SweepCourse {
  constructor(private readonly books: SweepBooks) {}

  take(event: SearchEvent): boolean {
    const isTaken = this.takeOnly(event);
    if (isTaken) this.finishIfOver();
    return isTaken;
  }

  /** Where what happens to the sweep does not end with the event. */
  takeOnly(event: SearchEvent): boolean {
    const { decisions, ignored } = this.decisionsOn(event);
    if (ignored !== undefined) return false;
    this.books.rows.log({ event });
    for (const decision of decisions) {
      this.books.rows.log({ decision });
      this.carryOut(decision);
    }
    return true;
  }

  /** A repetition in which something else happens than in what it repeats cannot go on. */
  private decisionsOn(event: SearchEvent): Outcome {
    try {
      return this.books.decider.take(event);
    } catch (error) {
      if (!(error instanceof PolyakError)) throw error;
      // What it has made of the event is not in the log, so that nothing more may be asked of it.
      if (this.books.state !== 'failed') this.carryOutHalt('failed', error.message);
      return { decisions: [], ignored: error.message };
    }
  }

  private carryOut(decision: Decision): void {
    if (decision.type === 'create') {
      this.books.asked = Math.max(0, this.books.asked - decision.count);
      this.books.runs.ready.addCreate(decision);
      this.books.trials.counts.waiting += decision.count;
      return;
    }
    if (decision.type === 'halt') return this.carryOutHalt(decision.state, decision.reason);
    const trial = this.books.trials.find(decision.trial);
    if (!trial) return;
    if (decision.type === 'pause') this.books.setStatus(trial, 'paused');
    else if (decision.type === 'promote') this.promote(trial, decision);
    else this.stopTrial(trial, decision.reason);
  }

  private promote(trial: ActiveTrial, { rung, untilStep }: Decision & { type: 'promote' }): void {
    this.books.asked = Math.max(0, this.books.asked - 1);
    Object.assign(trial.row, { rung, untilEpoch: untilStep });
    this.books.setStatus(trial, 'running');
    // Those that are still on their way into the checkpoint go on when they are there.
    for (const run of trial.runs) {
      const isEnded = run.state === 'paused' || run.state === 'stopped' || run.state === 'failed';
      if (isEnded && !this.isCut(trial.row, run)) this.books.runs.goOn(run);
    }
  }

  /** Of a repetition: what it repeats was halted before the trial was any further. */
  isCut({ number, untilEpoch }: TrialRow, run: RunRow): boolean {
    const isLastOfAll = untilEpoch >= this.books.plan.search.untilStep;
    return (
      this.books.decider.staysOpen?.(number) === true && !isLastOfAll && this.books.trials.epochOf(run) >= untilEpoch
    );
  }

  private stopTrial(trial: ActiveTrial, reason: string): void {
    this.books.over(trial, 'stopped', reason);
    for (const run of trial.runs) this.books.runs.stop(run);
    this.books.forgetIfOver(trial);
  }

  /** Whether a run, or a trial, may be begun now. */
  get canStart(): boolean {
    return this.canStartFor(() => true);
  }

  /** Whether it has something to start for whom only such runs suit. */
  canStartFor(suits: (run: RunRow) => boolean): boolean {
    if (this.books.state !== 'running') return false;
    const run = this.books.runs.firstFor(suits);
    return run ? this.books.runs.fits(run) : this.mayBegin();
  }

  mayBegin(): boolean {
    const next = this.books.runs.ready.peekNew();
    if (next === undefined || this.books.state !== 'running') return false;
    if (this.books.decider.mayBegin?.(next.number) === false) return false;
    return this.books.spending.allows(this.books.budget, next.create.untilStep * this.books.plan.members);
  }

  /** Decided as all else is, so that a repetition ends where this did; before the search has begun there is nothing to repeat. */
  haltNow(state: HaltState, reason: string | null): void {
    if (this.books.state === 'finished') throw new PolyakError('usage', `${this.books.row.name} has finished`);
    if (!this.takeOnly({ type: 'halt', state, reason })) this.carryOutHalt(state, reason);
  }

  private carryOutHalt(state: HaltState, reason: string | null): void {
    this.setState(state, reason);
    for (const { runs } of this.books.trials.all()) {
      for (const run of runs) this.books.runs.halt(run);
    }
  }

  /** A repetition in which a trial did not fail, for instance, that all others had waited for. */
  get isStuck(): boolean {
    return this.books.state === 'running' && this.books.isRepetition && !this.canStart && !this.books.runs.isMoving;
  }

  finishIfOver(): void {
    if (this.books.state !== 'running') return;
    if (this.books.runs.ready.length > 0) {
      if (!this.canStart && !this.books.runs.isMoving && !this.books.isRepetition)
        this.haltNow('stopped', this.books.spending.spentEpochs(this.books.budget));
      return;
    }
    if (this.books.trials.size > 0) return;
    if (this.books.decider.isComplete ?? this.books.trials.over === this.books.settings.trials)
      this.setState('finished', null);
  }

  goOn(): void {
    if (this.books.state === 'running') return;
    // What ended by itself, and has more to do now, was not halted.
    if (this.books.state !== 'finished') this.takeOnly({ type: 'resume' });
    this.setState('running', null);
  }

  setState(state: SweepState, reason: string | null): void {
    const { row } = this.books;
    if (row.state === state && row.reason === reason) return;
    const endedAt = state === 'running' || state === 'paused' ? null : new Date().toISOString();
    if (row.state === 'running') this.books.spending.passed(this.books.spending.uncounted, 0);
    else this.books.spending.goOn();
    Object.assign(row, { state, reason, endedAt });
    this.books.rows.write();
    this.books.rows.note(`sweep-${state}`, { reason });
  }
}
