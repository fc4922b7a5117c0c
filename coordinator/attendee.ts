/** A server or worker process that attends, and what it has been told. It forgets when its stream ends. */
import type { Register__Output } from '../proto/gen/polyak/v1/Register.js';
import type { Order } from '../proto/gen/polyak/v1/Order.js';

export class Attendee {
  lastHeardAt = Date.now();
  /** Of a worker: the share of its time in which it has nothing to compute, over the last seconds. */
  waiting = 0;
  /** By subject: what it was last told, so that nothing is said twice on one stream. */
  private readonly told = new Map<string, string>();

  constructor(
    readonly register: Register__Output,
    /** Epoch of its shard number; 0 of a worker. */
    readonly shardEpoch: number,
    private readonly write: (order: Order) => void,
    /** Ends its stream. */
    readonly end: () => void,
  ) {}

  heard(waiting: number): void {
    this.waiting = (this.waiting + Math.min(1, Math.max(0, waiting))) / 2;
  }

  get name(): string {
    return this.register.role === 'SERVER' ? `server ${this.register.shard}` : 'worker';
  }

  send(order: Order): void {
    this.write(order);
  }

  /** Sends the order unless the same was the last one about this. */
  tell(about: string, order: Order): void {
    const text = JSON.stringify(order);
    if (this.told.get(about) === text) return;
    this.told.set(about, text);
    this.write(order);
  }

  /** What was said of it does not count any more. */
  forget(about: string): void {
    this.told.delete(about);
  }
}
