/** What is known of a run without asking its processes: out of its folder, its journal and its newest checkpoint. */
import { metricNames } from '../common/experiment/metrics.js';
import { partsOfStage } from '../common/experiment/stages.js';
import { readRecord, listCheckpoints } from '../server/checkpoint/checkpoint.js';
import { leadRecordSchema } from '../server/lead/trial-state.js';
import { isRunEnd } from './follow-run.js';
import type { RunFolder } from './run-folder.js';
import { readJournal, type JournalEntry } from './run-journal.js';

/**
 * - `new`: never started.
 * - `running`: the process that follows it is alive.
 * - `interrupted`: that process is gone without an end; it can be resumed.
 * - the others as the run ended.
 */
export type RunState = 'new' | 'running' | 'interrupted' | 'stopped' | 'finished' | 'diverged' | 'failed';

export interface RunResults {
  state: RunState;
  /** Of the last epoch, or of the end. */
  step: number;
  epoch: number | null;
  loss: number | null;
  accuracy: number | null;
  /** Metrics over the training samples, by name. */
  metrics: Record<string, number | null>;
  validation: { loss: number; accuracy: number | null; [metric: string]: number | null } | null;
  test: { accuracy: number | null; averageAccuracy: number | null; [metric: string]: number | null } | null;
  weightsSha256: string | null;
  averageSha256: string | null;
  imagesPerSecond: number | null;
  reproducible: boolean | null;
  /** Seconds that it ran, of all its attempts that ended in order. */
  seconds: number;
  /** Why it failed or diverged. */
  message: string | null;
}

export interface RunHistory {
  results: RunResults;
  epochs: JournalEntry[];
  notices: JournalEntry[];
}

export function historyOf(folder: RunFolder): RunHistory {
  const entries = readJournal(folder.journal);
  const epochs = entries.filter(({ event }) => event === 'epoch');
  const epoch = epochs.at(-1);
  const boundary = entries.findLast((entry) => entry.event === 'started' || isRunEnd(entry));
  const end = boundary && isRunEnd(boundary) ? boundary : undefined;
  const last = (end ?? {}) as Partial<RunResults>;
  const before = (epoch ?? {}) as Partial<RunResults>;
  return {
    results: {
      state: stateOf(folder, boundary),
      step: Math.max(0, ...[epoch?.['step'], end?.['step'], end?.['steps']].map((step) => Number(step ?? 0))),
      epoch: epoch === undefined ? null : Number(epoch['epoch']),
      loss: last.loss ?? before.loss ?? null,
      accuracy: last.accuracy ?? before.accuracy ?? null,
      metrics: Object.fromEntries(namesIn(epoch).flatMap((name) => metricIn(name, end ?? {}, epoch ?? {}))),
      validation: last.validation ?? before.validation ?? null,
      test: last.test ?? null,
      weightsSha256: last.weightsSha256 ?? null,
      averageSha256: last.averageSha256 ?? null,
      imagesPerSecond: last.imagesPerSecond ?? null,
      reproducible: last.reproducible ?? null,
      seconds: secondsOf(entries),
      message: last.message ?? null,
    },
    epochs,
    notices: entries.filter(({ event }) => event === 'notice'),
  };
}

/** Of metrics, also of those of one stage of several. */
function namesIn(epoch: JournalEntry | undefined): string[] {
  return [...metricNames, ...Object.keys(epoch ?? {}).filter((name) => partsOfStage(name) !== undefined)];
}

/** Of the first entry that has it. */
function metricIn(name: string, ...entries: Partial<JournalEntry>[]): [string, number][] {
  const value = entries.map((entry) => entry[name]).find((each) => typeof each === 'number');
  return value === undefined ? [] : [[name, value]];
}

/** What the first worker proved: data and arithmetic. Undefined before the first checkpoint. */
export async function checkpointFacts(folder: RunFolder) {
  for (const path of await listCheckpoints(folder.checkpoints)) {
    try {
      const { facts } = leadRecordSchema.parse((await readRecord(path)).lead);
      if (facts) return facts;
    } catch {
      // A torn record is passed over, as by the lead.
    }
  }
  return undefined;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function stateOf(folder: RunFolder, boundary: JournalEntry | undefined): RunState {
  const { pid } = folder.facts;
  if (boundary === undefined) return 'new';
  if (isRunEnd(boundary)) return boundary.event as RunState;
  return pid !== null && isAlive(pid) ? 'running' : 'interrupted';
}

function secondsOf(entries: JournalEntry[]): number {
  let seconds = 0;
  let startedAt: number | undefined;
  for (const entry of entries) {
    const at = Date.parse(entry.at);
    if (entry.event === 'started') startedAt = at;
    else if (isRunEnd(entry) && startedAt !== undefined) {
      seconds += (at - startedAt) / 1000;
      startedAt = undefined;
    }
  }
  return seconds;
}
