/** The thread on which large matrices are decomposed, so that who waits for them goes on sending heartbeats. */
import { parentPort, workerData } from 'node:worker_threads';
import { isErrorCode, PolyakError } from '../errors.js';
import { finishStatistics } from './finish-statistics.js';
import type { FinishReply, FinishRequest } from './finish-in-thread.js';

const { entries, shape, sums, samples } = workerData as FinishRequest;
let reply: FinishReply;
try {
  reply = { finished: finishStatistics(entries, shape, sums, samples) };
} catch (error) {
  if (!(error instanceof PolyakError) || !isErrorCode(error.code)) throw error;
  reply = { code: error.code, message: error.message };
}
parentPort?.postMessage(reply);
