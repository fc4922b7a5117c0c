/** A bucket that cannot be used now: no trial is to blame, and what was to be done may be tried again. */
import { PolyakError } from '../../common/errors.js';

export class BucketError extends PolyakError {}

/** `unreachable` as it is, `disk` for what was refused; other errors are no fault of the bucket. */
export function bucketError(error: unknown): unknown {
  if (!(error instanceof PolyakError) || error instanceof BucketError) return error;
  const { message, cause } = error;
  if (error.code === 'unreachable') return new BucketError('unreachable', message, { cause });
  if (error.code === 'data') return new BucketError('disk', message, { cause });
  return error;
}
