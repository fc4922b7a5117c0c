/** The events of runs on their way to whoever watches. Only a watcher's stream is held here; what lasts is in the store. */
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { RunEvent } from '../proto/gen/polyak/v1/RunEvent.js';
import type { WatchRequest__Output } from '../proto/gen/polyak/v1/WatchRequest.js';

type WatchCall = ServerWritableStream<WatchRequest__Output, RunEvent>;

export class RunEvents {
  private readonly watchers = new Map<string, Set<WatchCall>>();

  /** What is new from now on, until the run ends or the watcher leaves. */
  add(key: string, call: WatchCall): void {
    const calls = this.watchers.get(key) ?? new Set();
    this.watchers.set(key, calls.add(call));
    call.on('cancelled', () => calls.delete(call));
  }

  /** An event that may be lost is left out for a watcher that does not read. */
  send(key: string, body: string, mayBeLost: boolean): void {
    for (const call of this.watchers.get(key) ?? []) if (!mayBeLost || !call.writableNeedDrain) call.write({ body });
  }

  /** The last event of a run. */
  end(key: string, body: string): void {
    this.send(key, body, false);
    for (const call of this.watchers.get(key) ?? []) call.end();
    this.watchers.delete(key);
  }

  /** Watchers come again, to this coordinator or the next. */
  close(): void {
    for (const calls of this.watchers.values()) for (const call of calls) call.end();
    this.watchers.clear();
  }
}
