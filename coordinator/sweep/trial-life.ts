/** A trial's life: it begins with what it draws, and the ends of its runs make it finished, tried again, or failed. */
import { PolyakError } from '../../common/errors.js';
import type { RunRow, TrialRow } from '../store/rows.js';
import { backoffMs, mayPass } from './failures.js';
import { MemberReports } from './member-reports.js';
import { newTrialRow } from './new-trial.js';
import type { SweepBooks } from './sweep-books.js';
import { wayToTrainAgain } from './sweep-changes.js';
import type { SweepCourse } from './sweep-course.js';
import { isTrialOver, type ActiveTrial } from './trial-book.js';

/** How the reason of a trial begins that has failed before it had a run. */
const drawnWrong = 'what it has drawn makes no right experiment: ';

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

export class TrialLife {
  constructor(
    private readonly books: SweepBooks,
    private readonly course: SweepCourse,
  ) {}

  begin(): void {
    const next = this.books.runs.ready.peekNew();
    if (!next || !this.course.mayBegin()) return;
    const { number, create } = next;
    // Before anything changes: there may be nothing to draw.
    const { parameters, columns } = this.books.plan.draw(number, create.space);
    const { experiment, wrong } = this.firstExperimentOf(parameters);
    const since = this.books.runs.ready.newSince;
    this.books.runs.ready.begun();
    this.books.trials.counts.waiting -= 1;
    const row = newTrialRow(this.books.row.key, number, create, { parameters, columns });
    const { members } = this.books.plan;
    const trial: ActiveTrial = { row, experiment, reports: new MemberReports(members), runs: [] };
    this.books.trials.add(trial);
    this.books.trials.counts.running += 1;
    if (wrong === undefined) {
      for (let member = 0; member < members; member++) trial.runs.push(this.books.runs.create(row, member, since));
    }
    // See `beginUntrained`.
    if (row.untilEpoch === 0) for (const run of trial.runs) this.books.runs.stop(run);
    this.books.rows.touch(trial);
    this.course.take({ type: 'created', trial: number, parameters: { ...parameters } });
    if (wrong === undefined) return;
    this.failForGood(trial, { code: 'usage', message: wrong });
    this.books.forgetIfOver(trial);
    this.course.finishIfOver();
  }

  /** That of its only run; or why what is drawn makes no right experiment, which is then so of all its folds and repetitions. */
  private firstExperimentOf(parameters: TrialRow['parameters']): { experiment?: string; wrong?: string } {
    try {
      const experiment = this.books.plan.experimentOf(parameters, 0);
      return this.books.plan.members === 1 ? { experiment } : {};
    } catch (error) {
      if (!(error instanceof PolyakError)) throw error;
      return { wrong: `${drawnWrong}${error.message.replaceAll('\n', '; ')}` };
    }
  }

  finished(trial: ActiveTrial): void {
    if (isTrialOver(trial.row) || trial.runs.some(({ state }) => state !== 'finished')) return;
    // What is repeated was halted after its last report, and before it was over.
    if (this.books.decider.staysOpen?.(trial.row.number)) return;
    if (this.books.failures.succeeded()) this.books.rows.write();
    this.books.over(trial, 'finished', null);
    this.course.take({ type: 'finished', trial: trial.row.number });
  }

  diverged(trial: ActiveTrial, { epoch, message }: EndFacts): void {
    if (isTrialOver(trial.row)) return;
    trial.row.epoch = Math.max(trial.row.epoch, epoch);
    Object.assign(trial.row, { value: null, loss: null });
    const { number } = trial.row;
    const step = Math.min(epoch, trial.row.untilEpoch);
    const counted = this.course.take({ type: 'report', trial: number, step, value: null, loss: null });
    if (counted && isTrialOver(trial.row)) trial.row.reason = `notFinite: ${message}`;
    if (isTrialOver(trial.row)) return;
    this.fail(trial, message);
  }

  failed(trial: ActiveTrial, run: RunRow, { code, message }: EndFacts): void {
    if (isTrialOver(trial.row)) return;
    if (code === 'disk') return this.waitForDisk(run, message);
    if (mayPass(code) && run.retries < this.books.settings.retries) {
      run.retries += 1;
      this.books.rows.note('run-retried', { run: run.key, retry: run.retries, message });
      if (this.books.state === 'running') this.books.runs.goOn(run, backoffMs(run.retries));
      else this.books.rows.add([{ table: 'runs', row: { ...run } }]);
      return;
    }
    const way = code === 'lost' ? `; ${wayToTrainAgain(this.books, trial.row.number)}` : '';
    this.failForGood(trial, { code, message }, way);
  }

  /** It counts among the failures. `way` is what the user can do about it. */
  private failForGood(trial: ActiveTrial, { code, message }: Pick<EndFacts, 'code' | 'message'>, way = ''): void {
    this.fail(trial, `${message}${way}`);
    // Whether that ends what it repeats, is stored.
    if (this.books.isRepetition) return;
    const { sameFailures } = this.books.settings;
    const same = this.books.failures.add({ trial: trial.row.number, code, message }, sameFailures);
    this.books.rows.write();
    const { failedTrials } = this.books.budget;
    if (same !== undefined) {
      this.course.haltNow('failed', `${same}: ${message}`);
    } else if (failedTrials !== undefined && this.books.trials.counts.failed > failedTrials) {
      const most = `search.budget.failedTrials allows ${failedTrials}`;
      this.course.haltNow(
        'failed',
        `${this.books.trials.counts.failed} trials have failed, ${most}; the last: ${message}`,
      );
    }
  }

  /** It is not the trial's fault, and would be every other trial's: none is lost, and all go on when the sweep is resumed. */
  private waitForDisk(run: RunRow, message: string): void {
    this.books.rows.note('run-without-disk', { run: run.key, message });
    // A repetition that is at its end needs no checkpoint any more.
    if (this.books.state !== 'failed' && !this.books.decider.isHalted) this.course.haltNow('failed', message);
  }

  private fail(trial: ActiveTrial, reason: string): void {
    this.books.over(trial, 'failed', reason);
    for (const run of trial.runs) this.books.runs.stop(run);
    this.course.take({ type: 'failed', trial: trial.row.number, reason });
  }
}
