/** The trials of a sweep that wait for a worker: first those that have begun, in the order in which they came, then new ones. */
import type { Create } from '../search/log.js';

export interface NewTrial {
  number: number;
  create: Create;
}

export class ReadyQueue {
  /** By key: since when they wait, by `performance.now()`; who has waited longest first. */
  private readonly runs = new Map<string, number>();
  private readonly creates: { create: Create; since: number }[] = [];
  /** How many of the first `create` have begun. */
  private begunOfFirst = 0;
  private waitingNew = 0;

  get length(): number {
    return this.runs.size + this.waitingNew;
  }

  /** Trials of which nothing has begun. */
  get newTrials(): number {
    return this.waitingNew;
  }

  addCreate(create: Create): void {
    this.creates.push({ create, since: performance.now() });
    this.waitingNew += create.count;
  }

  addRun(key: string, since = performance.now()): void {
    if (!this.runs.has(key)) this.runs.set(key, since);
  }

  deleteRun(key: string): void {
    this.runs.delete(key);
  }

  /** The keys of the runs that have begun; who has waited longest first. */
  keys(): Iterable<string> {
    return this.runs.keys();
  }

  /** How long it has waited. */
  waitedSeconds(key: string): number {
    return (performance.now() - (this.runs.get(key) ?? performance.now())) / 1000;
  }

  /** The next trial that has not begun; it stays first until `begun`. */
  peekNew(): NewTrial | undefined {
    const first = this.creates[0];
    return first && { number: first.create.first + this.begunOfFirst, create: first.create };
  }

  /** Since when the next trial that has not begun waits, by `performance.now()`. */
  get newSince(): number {
    return this.creates[0]?.since ?? performance.now();
  }

  begun(): void {
    const first = this.creates[0];
    if (!first) return;
    this.waitingNew -= 1;
    this.begunOfFirst += 1;
    if (this.begunOfFirst < first.create.count) return;
    this.creates.shift();
    this.begunOfFirst = 0;
  }
}
