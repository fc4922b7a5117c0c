/** What a bucket does not do now is asked of it again, a little later each time, for as long as somebody wants it. */
import { setTimeout as delay } from 'node:timers/promises';
import { BucketError } from './bucket-error.js';

const pauseMsMin = 500;
const pauseMsMax = 30_000;

export interface InsistOptions {
  /** Nobody wants it any more: rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Hears of each failure, from the first on. */
  onFailure: (error: BucketError, failures: number) => void;
  /** What is refused is not asked again. */
  onlyUnreachable?: boolean;
}

/** Errors: all but those of a bucket, at once. */
export async function insist<Value>(task: () => Promise<Value>, options: InsistOptions): Promise<Value> {
  const { signal, onFailure, onlyUnreachable = false } = options;
  for (let failures = 1; ; failures++) {
    try {
      return await task();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof BucketError) || (onlyUnreachable && error.code !== 'unreachable')) throw error;
      onFailure(error, failures);
    }
    await delay(Math.min(pauseMsMax, pauseMsMin * 2 ** Math.min(failures, 10)), undefined, { signal });
  }
}
