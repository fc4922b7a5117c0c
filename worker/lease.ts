/** A lease as its holder sees it: which leaves are left to compute, however it shrinks or is voided meanwhile. */
import type { Lease__Output } from '../proto/gen/polyak/v1/Lease.js';

export class HeldLease {
  readonly id: number;
  readonly kind: Lease__Output['kind'];
  /** The step, and the version of the weights. */
  readonly step: number;
  readonly split: 'train' | 'validation' | 'test';
  readonly vector: Lease__Output['vector'];
  readonly incarnation: number;
  readonly first: number;
  private endLeaf: number;
  private nextLeaf: number;
  private readonly gone = new AbortController();

  constructor(message: Lease__Output) {
    this.id = message.id;
    this.kind = message.kind;
    this.step = message.step;
    this.split = message.split === 'TEST' ? 'test' : message.split === 'VALIDATION' ? 'validation' : 'train';
    this.vector = message.vector;
    this.incarnation = message.incarnation;
    this.first = this.nextLeaf = message.firstLeaf;
    this.endLeaf = message.endLeaf;
  }

  get end(): number {
    return this.endLeaf;
  }

  /** The leaf to begin after those begun; undefined when there is none. */
  get next(): number | undefined {
    return this.nextLeaf < this.endLeaf && !this.isVoid ? this.nextLeaf : undefined;
  }

  get isVoid(): boolean {
    return this.gone.signal.aborted;
  }

  /** Aborts when the lease is voided. */
  get signal(): AbortSignal {
    return this.gone.signal;
  }

  /** The leaves to compute; each is begun when it is given out. */
  *leaves(): Generator<number> {
    for (let leaf = this.next; leaf !== undefined; leaf = this.next) {
      this.nextLeaf = leaf + 1;
      yield leaf;
    }
  }

  /** Somebody stole leaves [end, …). Ignored when one of them is begun; then both compute it, which is harmless. */
  shrink(end: number): void {
    if (this.nextLeaf <= end && end < this.endLeaf) this.endLeaf = end;
  }

  void(): void {
    this.gone.abort();
  }
}
