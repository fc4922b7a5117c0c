/** The thread's side of Arithmetic: takes batches of jobs from its port, answers each batch with its results. */
import { parentPort } from 'node:worker_threads';
import { type VectorKernels, vectorKernels } from '../../common/kernels/vector-kernels.js';
import { executeJob } from './execute-job.js';
import type { ArenaJob, JobResult } from './job.js';

/** A job that names its arena by number. */
export type ThreadJob = ArenaJob & { arena: number };

export type ThreadMessage =
  | { kind: 'register'; arena: number; memory: WebAssembly.Memory }
  | { kind: 'forget'; arena: number }
  | { kind: 'jobs'; jobs: ThreadJob[] };

export type ThreadResult = { value: JobResult } | { error: unknown };

const kernelsByArena = new Map<number, VectorKernels>();

function resultOf(job: ThreadJob): ThreadResult {
  try {
    const kernels = kernelsByArena.get(job.arena);
    if (!kernels) {
      throw new Error(`arena ${job.arena} has not been registered`);
    }
    return { value: executeJob(kernels, job) };
  } catch (error) {
    return { error };
  }
}

parentPort?.on('message', (message: ThreadMessage) => {
  switch (message.kind) {
    case 'register':
      kernelsByArena.set(message.arena, vectorKernels(message.memory));
      return;
    case 'forget':
      kernelsByArena.delete(message.arena);
      return;
    case 'jobs':
      parentPort?.postMessage(message.jobs.map(resultOf));
  }
});
