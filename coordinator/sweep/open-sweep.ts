/** A sweep made of its rows: when it is submitted, and again when a coordinator starts on the store. */
import { PolyakError } from '../../common/errors.js';
import type { Runs } from '../runs.js';
import type { Decider } from '../search/decider.js';
import type { LogEntry } from '../search/log.js';
import { Repetition } from '../search/repetition.js';
import { replay } from '../search/replay.js';
import { Search } from '../search/search.js';
import type { RunRow, SweepRow, TrialRow } from '../store/rows.js';
import type { StoreReader } from '../store/store.js';
import { epochReportOf } from './run-report.js';
import { Sweep } from './sweep.js';
import type { EpochOfRun } from './sweep-books.js';
import { isTrialOver } from './trial-book.js';
import { sweepRecordSchema } from './sweep-settings.js';
import { TrialPlan } from './trial-plan.js';

const pageEntries = 10_000;

/** Errors: `usage` for an experiment that cannot be searched; `data` where the stored log is not what it gives. */
export async function openSweep(row: SweepRow, runs: Runs, store: StoreReader): Promise<Sweep> {
  const record = sweepRecordSchema.parse(JSON.parse(row.settings));
  const value = JSON.parse(row.experiment) as Record<string, unknown>;
  const plan = new TrialPlan({ value, folder: record.folder, list: record.list, external: record.external });
  const log = await readLog(store, row.key);
  const decider = await deciderOf(plan, record.replayOf, log, store);
  const sweep = new Sweep({ row, record, plan, decider, runs });
  const { rows } = await store.trials({ sweep: row.key });
  const ended = plan.members === 1 ? [] : await endedRuns(rows, runs, store);
  const all = plan.members === 1 ? [] : [...runs.ofSweep(row.key), ...ended];
  sweep.restore(log, rows, await epochsOf(all, plan.search.metric, store), ended);
  return sweep;
}

async function deciderOf(
  plan: TrialPlan,
  replayOf: string | undefined,
  log: readonly LogEntry[],
  store: StoreReader,
): Promise<Decider> {
  if (replayOf === undefined) return log.length === 0 ? new Search(plan.search) : replay(plan.search, log).search;
  const stored = await readLog(store, replayOf);
  if (stored.length === 0) throw new PolyakError('usage', `there is no sweep ${replayOf} in this store to repeat`);
  const repetition = new Repetition(plan.search.direction, stored);
  for (const entry of log) if ('event' in entry) repetition.take(entry.event);
  return repetition;
}

export async function readLog(store: StoreReader, sweep: string): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for (;;) {
    const page = await store.log(sweep, entries.length, pageEntries);
    for (const { entry } of page) entries.push(entry);
    if (page.length < pageEntries) return entries;
  }
}

/** Of trials that go on: the runs that have ended before the others, which nobody has in mind any more. */
async function endedRuns(trials: readonly TrialRow[], runs: Runs, store: StoreReader): Promise<RunRow[]> {
  const active = trials.filter((trial) => !isTrialOver(trial));
  const found = await Promise.all(active.map(async ({ sweep, number }) => await store.runs({ sweep, trial: number })));
  return found.flat().filter(({ key }) => !runs.find(key));
}

/** By run: what it has reported of its epochs, as stored. */
export async function epochsOf(
  runs: readonly RunRow[],
  metric: string,
  store: StoreReader,
): Promise<Map<string, EpochOfRun[]>> {
  const found = new Map<string, EpochOfRun[]>();
  for (const { key } of runs) {
    const reports = (await store.reports(key)).filter(({ kind }) => kind === 'EPOCH');
    found.set(
      key,
      reports.map(({ body }) => {
        const { epoch, report } = epochReportOf(body, metric);
        return { epoch, ...report };
      }),
    );
  }
  return found;
}
