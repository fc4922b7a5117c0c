/**
 * The shard's arithmetic on a few threads, so that the main thread only moves bytes. Jobs of one lane are carried out in
 * the order they were given; a chunk keeps to one lane.
 */
import { type VectorKernels, vectorKernels } from '../../common/kernels/vector-kernels.js';
import type { Arena } from './arena.js';
import { executeJob } from './execute-job.js';
import type { Job, JobResult } from './job.js';
import { LaneThread } from './lane-thread.js';

export class Arithmetic {
  readonly #threads: LaneThread[];
  /** Only without threads. */
  readonly #kernels = new WeakMap<Arena, VectorKernels>();
  #closed = false;

  /** With 0 threads a job is done at once, on the calling thread. */
  constructor(threads: number) {
    this.#threads = Array.from({ length: threads }, (_, i) => new LaneThread(`arithmetic-${i}`));
  }

  /** That the threads were at the sums and the updates of steps, all together; 0 without threads. */
  get seconds(): { reduce: number; apply: number } {
    const total = { reduce: 0, apply: 0 };
    for (const { seconds } of this.#threads) {
      total.reduce += seconds.reduce;
      total.apply += seconds.apply;
    }
    return total;
  }

  /** Why a thread takes no more jobs, so that whatever is on its lanes fails; undefined while all do. */
  get failure(): string | undefined {
    return this.#threads.find(({ failure }) => failure)?.failure?.message;
  }

  /**
   * Lane l runs on thread l mod threads. The promise is rejected by what the job throws, and by the end of the thread.
   * Who reads a slot awaits the jobs that write it; who releases one awaits all jobs that use it.
   */
  async run<J extends Job>(lane: number, job: J): Promise<JobResult<J>> {
    const thread = this.#threads[lane % this.#threads.length];
    if (thread) {
      return (await thread.run(job)) as JobResult<J>;
    }
    if (this.#closed) {
      throw new Error('the arithmetic threads have been closed');
    }
    return executeJob(this.#kernelsOf(job.arena), job) as JobResult<J>;
  }

  /** Resolves when every job that the lane has been given so far has ended, well or not. */
  async drain(lane: number): Promise<void> {
    await this.#threads[lane % this.#threads.length]?.drain();
  }

  /** Ends the threads; jobs not yet answered are rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #kernelsOf(arena: Arena): VectorKernels {
    let kernels = this.#kernels.get(arena);
    if (!kernels) {
      kernels = vectorKernels(arena.memory);
      this.#kernels.set(arena, kernels);
    }
    return kernels;
  }
}
