/** A sweep's books as they were, from what is stored of it. */
import { isOver } from '../run-state.js';
import type { LogEntry } from '../search/log.js';
import type { RunRow, TrialRow } from '../store/rows.js';
import { MemberReports } from './member-reports.js';
import type { EpochOfRun, SweepBooks } from './sweep-books.js';
import { isTrialOver } from './trial-book.js';

/** As it was: `log` are all entries, which the decider has taken, `ended` the runs of trials that go on without them. */
export function restoreSweep(
  books: SweepBooks,
  log: readonly LogEntry[],
  trials: readonly TrialRow[],
  epochs: ReadonlyMap<string, readonly EpochOfRun[]>,
  ended: readonly RunRow[] = [],
): void {
  books.rows.restore(log.length);
  for (const entry of log) {
    if ('event' in entry) {
      if (entry.event.type === 'request') books.asked += 1;
      if (entry.event.type === 'created') books.runs.ready.begun();
      if (entry.event.type === 'retry') books.retried.add(entry.event.trial);
    } else if (entry.decision.type === 'create') {
      books.asked = Math.max(0, books.asked - entry.decision.count);
      books.runs.ready.addCreate(entry.decision);
    } else if (entry.decision.type === 'promote') books.asked = Math.max(0, books.asked - 1);
  }
  books.trials.counts.waiting = books.runs.ready.newTrials;
  const runs = new Map<number, RunRow[]>();
  for (const run of [...books.runs.ofSweep(), ...ended]) runs.set(run.trial, [...(runs.get(run.trial) ?? []), run]);
  for (const row of trials) restoreTrial(books, row, runs.get(row.number) ?? [], epochs);
  // Those were ordered to be deleted before; what is left nevertheless is for `polyak gc`.
  books.retention.takeUnwanted();
}

function restoreTrial(
  books: SweepBooks,
  row: TrialRow,
  runs: RunRow[],
  epochs: ReadonlyMap<string, readonly EpochOfRun[]>,
): void {
  books.trials.counts[row.status] += 1;
  books.bestSoFar.restore(row);
  const together = row.epoch * books.plan.members;
  if (isTrialOver(row) && runs.every(({ state }) => isOver(state))) {
    // Unknown of one that ended under an older Polyak.
    books.spending.restored(row.trained > 0 ? row.trained : together);
    return books.retention.over(row, books.settings.keep);
  }
  books.spending.restored(together);
  const reports = new MemberReports(books.plan.members);
  const trial = { row, reports, runs, experiment: undefined };
  books.trials.add(trial);
  for (const run of runs) {
    books.rememberReports(trial, run, epochs.get(run.key) ?? []);
    books.spending.restored(books.trials.epochOf(run) - row.epoch);
    books.runs.restore(run);
  }
}
