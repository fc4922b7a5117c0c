/**
 * Who follows a sweep: each is sent its log from where it is, in order and without gaps, then what is committed. Beside it, once
 * a second, how things stand; that may be lost.
 */
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { RunEvent } from '../../proto/gen/polyak/v1/RunEvent.js';
import type { WatchSweepRequest__Output } from '../../proto/gen/polyak/v1/WatchSweepRequest.js';
import type { LogRow, SweepRow } from '../store/rows.js';
import type { StoreReader } from '../store/store.js';
import { lineOf, type SweepLine } from './log-line.js';
import type { SweepSnapshot } from './sweep-snapshot.js';

export type WatchSweepCall = ServerWritableStream<WatchSweepRequest__Output, RunEvent>;

const pageEntries = 1000;

interface Watcher {
  call: WatchSweepCall;
  /** Entries that it has been sent. */
  position: number;
}

/** Who reads the log from the store itself, at its own pace. */
export interface SweepListener {
  /** There is more on disk, or the sweep has changed. */
  wake(): void;
  progress(line: SweepLine): void;
  /** The coordinator closes. */
  end(): void;
}

export class SweepWatchers {
  private readonly listeners = new Map<string, Set<SweepListener>>();
  private readonly bySweep = new Map<string, Set<Watcher>>();
  /** Entries that are known to be on disk. */
  private readonly committed = new Map<string, number>();
  /** Last lines of sweeps, on disk. */
  private readonly ends = new Map<string, SweepLine>();

  constructor(private readonly store: Pick<StoreReader, 'log'>) {}

  /** `committed` are entries that are on disk; `ended` is the last line of a sweep that had ended when they were. */
  async add(
    call: WatchSweepCall,
    { key, committed, ended }: { key: string; committed: number; ended: SweepLine | undefined },
  ): Promise<void> {
    const watcher: Watcher = { call, position: call.request.from };
    this.committed.set(key, Math.max(committed, this.committed.get(key) ?? 0));
    if (ended && !this.ends.has(key)) this.ends.set(key, ended);
    while (watcher.position < (this.committed.get(key) ?? 0)) {
      const page = await this.store.log(key, watcher.position, pageEntries);
      if (page.length === 0 || call.cancelled) break;
      for (const row of page) await this.write(call, lineOf(row));
      watcher.position += page.length;
    }
    const last = this.ends.get(key);
    if (last) {
      call.write({ body: JSON.stringify(last) });
      return void call.end();
    }
    const watchers = this.bySweep.get(key) ?? new Set();
    this.bySweep.set(key, watchers.add(watcher));
    call.on('cancelled', () => watchers.delete(watcher));
  }

  /** Answers with what takes it away again. */
  listen(key: string, listener: SweepListener): () => void {
    const listeners = this.listeners.get(key) ?? new Set();
    this.listeners.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.listeners.get(key) === listeners) this.listeners.delete(key);
    };
  }

  get sweeps(): string[] {
    const watched = [...this.bySweep].filter(([, watchers]) => watchers.size > 0).map(([key]) => key);
    return [...new Set([...watched, ...this.listeners.keys()])];
  }

  logged(row: LogRow): void {
    this.committed.set(row.sweep, row.sequence + 1);
    this.wake(row.sweep);
    const watchers = this.bySweep.get(row.sweep);
    if (!watchers || watchers.size === 0) return;
    const body = JSON.stringify(lineOf(row));
    for (const watcher of watchers) {
      if (watcher.position > row.sequence) continue;
      watcher.position = row.sequence + 1;
      watcher.call.write({ body });
    }
  }

  /** What may be lost is left out for a watcher that does not read. */
  tell(sweep: string, line: SweepLine): void {
    for (const listener of this.listeners.get(sweep) ?? []) listener.progress(line);
    const body = JSON.stringify(line);
    for (const { call } of this.bySweep.get(sweep) ?? []) if (!call.writableNeedDrain) call.write({ body });
  }

  /** A sweep has ended when none of its trials is led any more: they may be on their way into checkpoints. */
  changed({ key, state, reason }: SweepRow, isLed: boolean): void {
    this.wake(key);
    this.ends.delete(key);
    if (state === 'running' || state === 'paused' || isLed) return;
    const last = endLine({ state, reason });
    this.ends.set(key, last);
    for (const { call } of this.bySweep.get(key) ?? []) {
      call.write({ body: JSON.stringify(last) });
      call.end();
    }
    this.bySweep.delete(key);
  }

  /** Watchers come again, to this coordinator or the next. */
  close(): void {
    for (const watchers of this.bySweep.values()) for (const { call } of watchers) call.end();
    this.bySweep.clear();
    for (const listeners of this.listeners.values()) for (const listener of listeners) listener.end();
    this.listeners.clear();
  }

  private wake(sweep: string): void {
    for (const listener of this.listeners.get(sweep) ?? []) listener.wake();
  }

  private async write(call: WatchSweepCall, line: SweepLine): Promise<void> {
    if (call.write({ body: JSON.stringify(line) })) return;
    await new Promise<void>((resolve) => call.once('drain', resolve).once('cancelled', resolve));
  }
}

/** The last line of a sweep, whose event is its state. */
export function endLine({ state, reason }: Pick<SweepSnapshot, 'state' | 'reason'>): SweepLine {
  return { event: `sweep-${state}`, reason };
}
