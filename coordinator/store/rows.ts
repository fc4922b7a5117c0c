/** What the store keeps, as rows of plain values. The coordinator's own objects are made of them again when it starts. */
import type { LogEntry, Value } from '../search/log.js';
import type { TrialStatus } from '../search/search-table.js';
import type { RunState } from '../run-state.js';

/** One training on the parameter server: alone, or for a trial of a sweep. */
export interface RunRow {
  /** Eight bytes, hexadecimal: random, never used again. */
  key: string;
  /** Resolved, as JSON; empty for a trial's, which follows from the sweep's experiment and the trial's parameters. */
  experiment: string;
  /** Folder of its checkpoints. */
  directory: string;
  /** Step not to pass; 0 for all epochs. */
  untilStep: number;
  /** The epoch at whose end it pauses; 0 where it trains to its end. */
  untilEpoch: number;
  shards: number;
  state: RunState;
  /** Of a trial's: the newest checkpoint that was reported, from which it is to go on; 0 where there is none. */
  checkpointStep: number;
  /** How often it was tried again after an error. */
  retries: number;
  /** The sweep's key; null for a run alone. */
  sweep: string | null;
  /** Number of the sweep's trial; 0 for a run alone. */
  trial: number;
  /** Which fold or repetition of the trial. */
  member: number;
  /** Seconds that workers were assigned to it. */
  computeSeconds: number;
  /** ISO 8601. */
  createdAt: string;
}

/** One line of a sweep's table. */
export interface TrialRow {
  sweep: string;
  /** From 0. */
  number: number;
  /** What `substitute` takes: values by parameter name. */
  parameters: Record<string, unknown>;
  /** For tables: one value per parameter that is there in this trial. */
  columns: Record<string, number | boolean | string>;
  bracket: number;
  round: number;
  rung: number;
  status: TrialStatus | 'waiting';
  /** The epoch that it may go on to. */
  untilEpoch: number;
  epoch: number;
  /** The objective at the newest evaluation, and at the best. */
  value: Value;
  best: Value;
  bestEpoch: number;
  /** Of training, at the newest report. */
  loss: Value;
  /** Standard deviation of `value` over folds or repetitions; null where there is one. */
  deviation: Value;
  /** Why it was stopped or has failed. */
  reason: string | null;
  computeSeconds: number;
  /** Of one that is over: epochs that its runs have trained, all together. Some may have come further than `epoch`. */
  trained: number;
  /** ISO 8601; null while it has not begun, or not ended. */
  startedAt: string | null;
  endedAt: string | null;
}

export type SweepState =
  /** Trials are run as workers are free. */
  | 'running'
  /** No trial is begun; those that ran are at a checkpoint. */
  | 'paused'
  /** Ended by the user; it can be resumed. */
  | 'stopped'
  /** All its trials are over. */
  | 'finished'
  /** It cannot go on by itself; `reason` says why. It can be resumed when that is mended. */
  | 'failed';

export interface SweepRow {
  /** Eight bytes, hexadecimal, chosen by who submits, so that a submission may be repeated. */
  key: string;
  name: string;
  /** The template: resolved as far as parameters allow, as JSON. */
  experiment: string;
  /** Folder of the sweep; its trials' folders lie in it. */
  directory: string;
  shards: number;
  state: SweepState;
  reason: string | null;
  /** What may be changed while it runs, as JSON. */
  settings: string;
  createdAt: string;
  endedAt: string | null;
}

export type ReportKind = 'EPOCH' | 'PAUSED' | 'END' | 'NOTICE';

export interface ReportRow {
  run: string;
  kind: ReportKind;
  step: number;
  /** JSON. */
  body: string;
  /** When it was kept, ISO 8601; null of what a Polyak kept that knew no times of reports. */
  at: string | null;
}

/** One that is to be kept; without a time, that is when it is committed. */
export type NewReportRow = Omit<ReportRow, 'at'> & { at?: string | null };

export interface EventRow {
  /** ISO 8601. */
  at: string;
  /** Such as `run-running` or `shard-taken`. */
  what: string;
  /** Key of a run or sweep, or name of an epoch. */
  subject: string;
  /** JSON. */
  detail: string;
}

export interface LogRow {
  sweep: string;
  /** From 0, without gaps. */
  sequence: number;
  entry: LogEntry;
}

/** An epoch fences old processes: `coordinator`, or `shard 0` and so on. */
export interface EpochRow {
  name: string;
  epoch: number;
  process: string;
}

/** One row to write. Rows with a key replace what was there under it; reports that are there already stay as they are. */
export type Change =
  | { table: 'runs'; row: RunRow }
  | { table: 'trials'; row: TrialRow }
  | { table: 'sweeps'; row: SweepRow }
  | { table: 'reports'; row: NewReportRow }
  | { table: 'events'; row: EventRow }
  | { table: 'log'; row: LogRow }
  | { table: 'epochs'; row: EpochRow }
  /** Of a run that begins again. */
  | { table: 'reports'; forget: { run: string; kind: 'END' } };
