/** `finishStatistics` for those who must not be held up: what decomposes a matrix is done on a thread of its own. */
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { PolyakError, type ErrorCode } from '../errors.js';
import type { Experiment } from '../experiment/schema.js';
import { packageRoot } from '../package-root.js';
import { finishStatistics, type FinishedStatistics } from './finish-statistics.js';
import { preprocessPlan } from './preprocess-plan.js';

export interface FinishRequest {
  entries: Experiment['preprocess'];
  shape: readonly number[];
  sums: Float32Array;
  samples: number;
}

export type FinishReply = { finished: FinishedStatistics } | { code: ErrorCode; message: string };

/** Errors: as of `finishStatistics`. */
export async function finishInThread(request: FinishRequest): Promise<FinishedStatistics> {
  const { entries, shape, sums, samples } = request;
  if (!preprocessPlan(entries).rotates) return finishStatistics(entries, shape, sums, samples);
  // The thread runs the built file, also when this one is run from its source by a test.
  const file = join(packageRoot(), 'dist/common/preprocessing/finish-thread.js');
  const thread = new Worker(file, { workerData: request, name: 'preprocess' });
  try {
    const [reply] = (await once(thread, 'message')) as [FinishReply];
    if ('code' in reply) throw new PolyakError(reply.code, reply.message);
    return reply.finished;
  } finally {
    await thread.terminate();
  }
}
