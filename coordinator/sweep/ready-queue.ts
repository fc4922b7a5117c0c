/** The trials of a sweep that wait for a worker: first those that have begun, in the order in which they came, then new ones. */
import type { Create } from '../search/log.js';

export interface NewTrial {
  number: number;
  create: Create;
}

export class ReadyQueue {
  private readonly runs = new Set<string>();
  private readonly creates: Create[] = [];
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
    this.creates.push(create);
    this.waitingNew += create.count;
  }

  addRun(key: string): void {
    this.runs.add(key);
  }

  deleteRun(key: string): void {
    this.runs.delete(key);
  }

  /** The key of the run that has waited longest. */
  get firstRun(): string | undefined {
    const [key] = this.runs;
    return key;
  }

  /** The next trial that has not begun; it stays first until `begun`. */
  peekNew(): NewTrial | undefined {
    const create = this.creates[0];
    return create && { number: create.first + this.begunOfFirst, create };
  }

  begun(): void {
    const create = this.creates[0];
    if (!create) return;
    this.waitingNew -= 1;
    this.begunOfFirst += 1;
    if (this.begunOfFirst < create.count) return;
    this.creates.shift();
    this.begunOfFirst = 0;
  }
}
