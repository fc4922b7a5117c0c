/** Leases granted and not yet done, in the order they came. The lead bounds it: it gives an idle worker one at a time. */
import { HeldLease } from './lease.js';

export class LeaseQueue implements AsyncIterable<HeldLease> {
  private readonly waiting: HeldLease[] = [];
  private current: HeldLease | undefined;
  private wake: (() => void) | undefined;
  private closed = false;

  push(lease: HeldLease): void {
    this.waiting.push(lease);
    this.wake?.();
  }

  find(id: number): HeldLease | undefined {
    return this.current?.id === id ? this.current : this.waiting.find((lease) => lease.id === id);
  }

  /** Voids all leases: they were granted on a stream or in an incarnation that is over. */
  voidAll(): void {
    this.current?.void();
    for (const lease of this.waiting.splice(0)) lease.void();
  }

  /** Ends the iteration, after the lease that is being worked on. */
  close(): void {
    this.voidAll();
    this.closed = true;
    this.wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<HeldLease> {
    for (;;) {
      this.current = this.waiting.shift();
      if (this.closed) return;
      if (this.current) yield this.current;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
