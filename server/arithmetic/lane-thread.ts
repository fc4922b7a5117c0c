/**
 * One arithmetic thread as the main thread sees it: jobs go out in batches and come back in the order they went. While
 * many are under way further ones gather, so the busier the thread, the fewer the messages; but there are enough that it
 * need not wait for the main thread, which may be reading for a millisecond.
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { packageRoot } from '../../common/package-root.js';
import type { Arena } from './arena.js';
import type { ThreadMessage, ThreadReply } from './arithmetic-thread.js';
import type { Job, JobResult } from './job.js';

const jobsUnderWayMax = 32;

interface Pending {
  readonly job: Job;
  readonly resolve: (value: JobResult) => void;
  readonly reject: (error: unknown) => void;
}

export class LaneThread {
  /** That it was at the sums and the updates of steps. */
  readonly seconds = { reduce: 0, apply: 0 };
  readonly #worker: Worker;
  readonly #known = new Set<number>();
  readonly #collected = new FinalizationRegistry<number>((arena) => this.#forget(arena));
  #waiting: Pending[] = [];
  #underWay: Pending[] = [];
  #last: Promise<unknown> = Promise.resolve();
  #flushScheduled = false;
  #failure: Error | undefined;

  constructor(name: string) {
    // Threads run the built file, also when this one is run from its source by a test.
    this.#worker = new Worker(join(packageRoot(), 'dist/server/arithmetic/arithmetic-thread.js'), { name });
    this.#worker.on('message', (reply: ThreadReply) => this.#settle(reply));
    this.#worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', (code) => this.#fail(new Error(`the thread ${name} has ended with exit code ${code}`)));
  }

  /** Why it takes no more jobs. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  run(job: Job): Promise<JobResult> {
    const result = new Promise<JobResult>((resolve, reject) => {
      if (this.#failure) {
        reject(this.#failure);
        return;
      }
      this.#register(job.arena);
      this.#waiting.push({ job, resolve, reject });
      if (!this.#flushScheduled) {
        this.#flushScheduled = true;
        queueMicrotask(() => this.#flush());
      }
    });
    this.#last = result;
    return result;
  }

  /** Resolves when every job given so far has ended, well or not. */
  async drain(): Promise<void> {
    await this.#last.catch(() => undefined);
  }

  /** Rejects what has not been answered. */
  async close(): Promise<void> {
    this.#fail(new Error('the arithmetic threads have been closed'));
    await this.#worker.terminate();
  }

  #flush(): void {
    this.#flushScheduled = false;
    const batch = this.#waiting.splice(0, jobsUnderWayMax - this.#underWay.length);
    if (batch.length === 0) return;
    this.#underWay.push(...batch);
    this.#post({ kind: 'jobs', jobs: batch.map(({ job }) => ({ ...job, arena: job.arena.id })) });
  }

  #register(arena: Arena): void {
    if (!this.#known.has(arena.id)) {
      this.#known.add(arena.id);
      this.#collected.register(arena, arena.id);
      this.#post({ kind: 'register', arena: arena.id, memory: arena.memory });
    }
  }

  /** Without this the thread would keep the memory of an arena that nobody else has. */
  #forget(arena: number): void {
    this.#known.delete(arena);
    this.#post({ kind: 'forget', arena });
  }

  #post(message: ThreadMessage): void {
    this.#worker.postMessage(message);
  }

  #settle({ results, seconds }: ThreadReply): void {
    this.seconds.reduce += seconds.reduce;
    this.seconds.apply += seconds.apply;
    const settled = this.#underWay.splice(0, results.length);
    this.#flush();
    for (const [i, { resolve, reject }] of settled.entries()) {
      const result = results[i]!;
      if ('error' in result) {
        reject(result.error);
      } else {
        resolve(result.value);
      }
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    const pending = [...this.#underWay, ...this.#waiting];
    this.#underWay = [];
    this.#waiting = [];
    for (const { reject } of pending) {
      reject(this.#failure);
    }
  }
}
