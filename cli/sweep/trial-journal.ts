/** What a sweep's store has of a trial, as the journal of a run: the epochs, the notices, and how it ended. */
import type { ReportRow, TrialRow } from '../../coordinator/store/rows.js';
import { isRunEnd, type RunEvent } from '../follow-run.js';
import type { JournalEntry } from '../run-journal.js';
import type { TrialRun } from './sweep-follower.js';

/** Reports that an older Polyak has kept have no time: they bear that of the trial's end, or of now. */
export function trialJournal(row: TrialRow, runs: readonly TrialRun[]): JournalEntry[] {
  if (row.startedAt === null) return [];
  const at = row.endedAt ?? new Date().toISOString();
  const events = runs.map(({ reports }) => reports.flatMap(eventOf));
  const epochs = meanEpochs(events.map((each) => each.filter(({ event }) => event === 'epoch')));
  const notices = events.flat().filter(({ event }) => event === 'notice');
  const end = endOf(row, events.flat(), epochs.at(-1));
  return [
    { at: row.startedAt, event: 'started', trialKey: runs[0]?.run.key },
    ...[...epochs, ...notices, ...(end ? [end] : [])].map((event) => ({ at, ...event })),
  ];
}

function eventOf({ kind, body, at }: ReportRow): RunEvent[] {
  if (kind === 'PAUSED') return [];
  return [{ ...(JSON.parse(body) as RunEvent), ...(at !== null && { at }) }];
}

/** The trial's state decides; what its run said of the end is taken where it says the same. */
function endOf(
  { status, reason, epoch }: TrialRow,
  events: RunEvent[],
  last: RunEvent | undefined,
): RunEvent | undefined {
  if (status === 'running' || status === 'waiting') return undefined;
  const said = events.findLast((event) => isRunEnd(event));
  const step = said?.['step'] ?? last?.['step'] ?? 0;
  if (status === 'finished') return said?.event === 'finished' ? said : { event: 'finished', steps: step };
  if (status === 'failed') {
    return said?.event === 'failed' || said?.event === 'diverged'
      ? said
      : { event: 'failed', code: 'training', message: reason ?? '' };
  }
  if (said?.event === 'diverged') return said;
  const message = status === 'paused' ? `waits at epoch ${epoch} for its promotion` : `stopped: ${reason ?? ''}`;
  return { event: 'stopped', step, message };
}

/** Of folds and repetitions: means over all, of the epochs that all have reached. */
function meanEpochs(members: RunEvent[][]): RunEvent[] {
  const [first = [], ...others] = members;
  if (others.length === 0) return first;
  return first.flatMap((event) => {
    const same = others.map((each) => each.find(({ epoch }) => epoch === event['epoch']));
    return same.every((each) => each !== undefined) ? [meanOfEpochs([event, ...same])] : [];
  });
}

/** At the time of the last of them. */
function meanOfEpochs(events: RunEvent[]): RunEvent {
  const times = events.flatMap(({ at }) => (typeof at === 'string' ? [at] : []));
  return { ...meanOf(events), ...(times.length > 0 && { at: times.toSorted().at(-1) }) };
}

function meanOf<Each>(values: Each[]): Each;
function meanOf(values: unknown[]): unknown {
  const [first] = values;
  if (values.every((value) => typeof value === 'number')) {
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  }
  if (typeof first !== 'object' || first === null || Array.isArray(first)) return first;
  const member = (value: unknown, key: string) => (value as Record<string, unknown> | null)?.[key];
  return Object.fromEntries(Object.keys(first).map((key) => [key, meanOf(values.map((value) => member(value, key)))]));
}
