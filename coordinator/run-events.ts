/**
 * The events of runs that are not over, on their way to whoever watches: each watcher is told all that was reported of the
 * run, in order, then what is new.
 */
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { RunEvent } from '../proto/gen/polyak/v1/RunEvent.js';
import type { WatchRequest__Output } from '../proto/gen/polyak/v1/WatchRequest.js';

export type WatchCall = ServerWritableStream<WatchRequest__Output, RunEvent>;

interface Followed {
  /** Bodies of what is on disk, in order. */
  bodies: string[];
  calls: Set<WatchCall>;
}

export class RunEvents {
  private readonly runs = new Map<string, Followed>();

  /** `bodies` are those of an earlier attempt at the run. */
  open(key: string, bodies: string[]): void {
    this.runs.set(key, { bodies, calls: this.runs.get(key)?.calls ?? new Set() });
  }

  /** Until the run ends or the watcher leaves. */
  follow(key: string, call: WatchCall): void {
    const run = this.runs.get(key);
    if (!run) return void call.end();
    for (const body of run.bodies) call.write({ body });
    run.calls.add(call);
    call.on('cancelled', () => run.calls.delete(call));
  }

  /** What is on disk now. */
  send(key: string, body: string): void {
    const run = this.runs.get(key);
    if (!run) return;
    run.bodies.push(body);
    for (const call of run.calls) call.write({ body });
  }

  /** May be lost: a watcher that does not read is left out. */
  progress(key: string, body: string): void {
    for (const call of this.runs.get(key)?.calls ?? []) if (!call.writableNeedDrain) call.write({ body });
  }

  /** The last event of a run, on disk. */
  end(key: string, body: string): void {
    this.send(key, body);
    for (const call of this.runs.get(key)?.calls ?? []) call.end();
    this.runs.delete(key);
  }

  /** Watchers come again, to this coordinator or the next. */
  close(): void {
    for (const { calls } of this.runs.values()) for (const call of calls) call.end();
    this.runs.clear();
  }
}
