/** The thread's side of Arithmetic: takes batches of jobs from its port and answers with their results, in order. */
import { parentPort } from 'node:worker_threads';
import { type VectorKernels, vectorKernels } from '../../common/kernels/vector-kernels.js';
import { executeJob } from './execute-job.js';
import { partOf, type ArenaJob, type JobResult } from './job.js';

/** A job that names its arena by number. */
export type ThreadJob = ArenaJob & { arena: number };

export type ThreadMessage =
  | { kind: 'register'; arena: number; memory: WebAssembly.Memory }
  | { kind: 'forget'; arena: number }
  | { kind: 'jobs'; jobs: ThreadJob[] };

export type ThreadResult = { value: JobResult } | { error: unknown };

/** What is done: the jobs' results in order, and how long the thread was at them. */
export interface ThreadReply {
  results: ThreadResult[];
  seconds: { reduce: number; apply: number };
}

/** What is done is told at least so often, since the main thread can already send it on. */
const tellMs = 0.2;

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
      carryOut(message.jobs);
  }
});

function carryOut(jobs: ThreadJob[]): void {
  let reply: ThreadReply = { results: [], seconds: { reduce: 0, apply: 0 } };
  let toldAt = performance.now();
  let begunAt = toldAt;
  for (const [index, job] of jobs.entries()) {
    reply.results.push(resultOf(job));
    const now = performance.now();
    const part = partOf(job);
    if (part) reply.seconds[part] += (now - begunAt) / 1000;
    begunAt = now;
    if (index < jobs.length - 1 && now - toldAt < tellMs) continue;
    parentPort?.postMessage(reply);
    reply = { results: [], seconds: { reduce: 0, apply: 0 } };
    toldAt = now;
  }
}
