/**
 * The store: what a coordinator must not forget. Every implementation passes one contract suite. The coordinator decides in
 * memory, commits, and acts only when the commit is on disk; so a store has to keep rows and find them, and nothing else.
 */
import type { Change, EpochRow, EventRow, LogRow, ReportRow, RunRow, SweepRow, TrialRow } from './rows.js';

export interface TrialQuery {
  sweep: string;
  /**
   * A member of TrialRow that is a number or text, or `columns.NAME` for a parameter. Rows without a value come last, either
   * way; equal ones by number.
   */
  sort?: string;
  descending?: boolean;
  status?: readonly TrialRow['status'][];
  offset?: number;
  /** All, unless given. */
  limit?: number;
}

export interface TrialPage {
  rows: TrialRow[];
  /** How many there are in all. */
  total: number;
}

/** What is over is not read again at the start: a store may hold millions of trials. */
export interface OpenState {
  epochs: EpochRow[];
  /**
   * All that are alone (newest last), and of sweeps that are running, paused, stopped or failed: those not over, and all of
   * trials that are not over, since one that was stopped or has failed may go on.
   */
  runs: RunRow[];
  /** All, oldest first. */
  sweeps: SweepRow[];
}

/** Reading never waits for a writer, nor makes one wait. Rows come as they were at some moment, whole. */
export interface StoreReader {
  sweeps(): Promise<SweepRow[]>;
  trials(query: TrialQuery): Promise<TrialPage>;
  trial(sweep: string, number: number): Promise<TrialRow | undefined>;
  /** Of one trial, by member; or all that are alone. */
  runs(of: { sweep: string; trial: number } | 'alone'): Promise<RunRow[]>;
  run(key: string): Promise<RunRow | undefined>;
  /** In the order in which they came. */
  reports(run: string): Promise<ReportRow[]>;
  /** At most `limit` entries of a sweep's log from `from` on, in order. */
  log(sweep: string, from: number, limit: number): Promise<LogRow[]>;
  /** At most `limit`, in order, from the `from`-th of all. */
  events(from: number, limit: number): Promise<EventRow[]>;
  close(): Promise<void>;
}

export interface Store extends StoreReader {
  /** One more than of any coordinator before on this store: raised, durably, by opening it. */
  readonly coordinatorEpoch: number;
  /** Of commits, so far: fewer than calls where several went together. */
  readonly transactions: number;
  open(): Promise<OpenState>;
  /**
   * All changes or none, in order, on disk when it resolves. Calls that come while one is under way are put together in one
   * transaction, in their order. Errors: `fenced` when a younger coordinator has the store; `exhausted` for a full disk; any
   * error means that nothing of the call is kept, and that all later calls fail too. Rows must not be changed by their
   * owner until it resolves.
   */
  commit(changes: readonly Change[]): Promise<void>;
  /** Errors: `fenced`. */
  assertCurrent(): Promise<void>;
}
