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
  /** It is sent the log out of the store, and not what comes, until it has all that came before. */
  isBehind: boolean;
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
    const watcher: Watcher = { call, position: call.request.from, isBehind: true };
    this.committed.set(key, Math.max(committed, this.committed.get(key) ?? 0));
    if (ended && !this.ends.has(key)) this.ends.set(key, ended);
    const watchers = this.bySweep.get(key) ?? new Set();
    this.bySweep.set(key, watchers.add(watcher));
    call.on('cancelled', () => this.remove(key, watcher));
    await this.catchUp(key, watcher);
  }

  /** From the store, as fast as it reads; then it is sent what comes, until it does not read as fast as that. */
  private async catchUp(key: string, watcher: Watcher): Promise<void> {
    const { call } = watcher;
    while (watcher.position < (this.committed.get(key) ?? 0)) {
      const page = await this.store.log(key, watcher.position, pageEntries);
      if (page.length === 0) break;
      for (const row of page) {
        if (isGone(call)) return this.remove(key, watcher);
        await this.write(call, lineOf(row));
        watcher.position = row.sequence + 1;
      }
    }
    if (isGone(call)) return this.remove(key, watcher);
    watcher.isBehind = false;
    const last = this.ends.get(key);
    if (!last) return;
    call.write({ body: JSON.stringify(last) });
    call.end();
    this.remove(key, watcher);
  }

  private remove(key: string, watcher: Watcher): void {
    const watchers = this.bySweep.get(key);
    watchers?.delete(watcher);
    if (watchers?.size === 0) this.bySweep.delete(key);
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
      if (watcher.isBehind || watcher.position > row.sequence) continue;
      if (watcher.call.writableNeedDrain) this.leaveBehind(row.sweep, watcher);
      else {
        watcher.position = row.sequence + 1;
        watcher.call.write({ body });
      }
    }
  }

  /** It does not read: what comes is not kept in memory for it, it is read from the store when it does. */
  private leaveBehind(key: string, watcher: Watcher): void {
    watcher.isBehind = true;
    watcher.call.once('drain', () => {
      this.catchUp(key, watcher).catch((error: unknown) => watcher.call.destroy(error as Error));
    });
  }

  /** What may be lost is left out for a watcher that does not read. */
  tell(sweep: string, line: SweepLine): void {
    for (const listener of this.listeners.get(sweep) ?? []) listener.progress(line);
    const body = JSON.stringify(line);
    for (const { call, isBehind } of this.bySweep.get(sweep) ?? []) {
      if (!isBehind && !call.writableNeedDrain) call.write({ body });
    }
  }

  /** A sweep has ended when none of its trials is led any more: they may be on their way into checkpoints. */
  changed({ key, state, reason }: SweepRow, isLed: boolean): void {
    this.wake(key);
    this.ends.delete(key);
    if (state === 'running' || state === 'paused' || isLed) return;
    const last = endLine({ state, reason });
    this.ends.set(key, last);
    for (const watcher of this.bySweep.get(key) ?? []) {
      // One that is behind is told when it has the log.
      if (watcher.isBehind) continue;
      watcher.call.write({ body: JSON.stringify(last) });
      watcher.call.end();
      this.remove(key, watcher);
    }
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
    if (call.write({ body: JSON.stringify(line) }) || isGone(call)) return;
    await new Promise<void>((resolve) => {
      const go = () => {
        for (const event of ['drain', 'finish', 'cancelled']) call.off(event, go);
        resolve();
      };
      for (const event of ['drain', 'finish', 'cancelled']) call.on(event, go);
    });
  }
}

function isGone(call: WatchSweepCall): boolean {
  return call.cancelled || call.writableEnded;
}

/** The last line of a sweep, whose event is its state. */
export function endLine({ state, reason }: Pick<SweepSnapshot, 'state' | 'reason'>): SweepLine {
  return { event: `sweep-${state}`, reason };
}
