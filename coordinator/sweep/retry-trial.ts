/** A trial that has failed, tried again because somebody asked for it. */
import { hasLead } from '../run-state.js';
import type { RunRow, TrialRow } from '../store/rows.js';
import { MemberReports } from './member-reports.js';
import type { EpochOfRun, SweepBooks } from './sweep-books.js';
import { requireRetriable } from './sweep-changes.js';
import type { SweepCourse } from './sweep-course.js';
import type { ActiveTrial } from './trial-book.js';

/** As stored: `epochs` is by run what it has reported. */
export interface StoredTrial {
  trial: TrialRow;
  runs: readonly RunRow[];
  epochs: ReadonlyMap<string, readonly EpochOfRun[]>;
}

/** The same again, while it is tried again or after it has ended otherwise, changes nothing. Errors: `usage` for all others. */
export function retryTrial(books: SweepBooks, course: SweepCourse, { trial, runs, epochs }: StoredTrial): void {
  // What is stored may be older: then it runs again already, or its other folds are still on their way into checkpoints.
  const known = books.trials.find(trial.number);
  const { row, runs: all } = known ?? { row: trial, runs };
  if (row.status !== 'failed' && books.retried.has(row.number)) return;
  requireRetriable(books, row, all);
  const active = known ?? reopened(books, { trial, runs, epochs });
  Object.assign(active.row, { reason: null, endedAt: null });
  books.setStatus(active, 'running');
  // Before its runs may start, so that the trial is running for whatever they say.
  course.take({ type: 'retry', trial: row.number });
  books.retried.add(row.number);
  books.failures.forget();
  course.goOn();
  for (const run of active.runs) {
    // One that is on its way into its checkpoint goes on when it is there.
    if (run.state === 'finished' || hasLead(run.state)) continue;
    // What it had may be what it failed by, or has been deleted with those that are not wanted.
    Object.assign(run, { retries: 0, checkpointStep: 0 });
    books.runs.goOn(run);
  }
}

/** A trial that is over, in mind again. */
function reopened(books: SweepBooks, { trial, runs: stored, epochs }: StoredTrial): ActiveTrial {
  const runs = stored.map((run) => books.runs.find(run.key) ?? run);
  const active = { row: { ...trial }, runs, reports: new MemberReports(books.plan.members), experiment: undefined };
  books.trials.add(active);
  for (const run of runs) books.rememberReports(active, run, epochs.get(run.key) ?? []);
  return active;
}
