/** `--checkpoints`: a place in a bucket, looked at before anything begins. */
import { bucketLocation } from '../common/checkpoint-location.js';
import { PolyakError } from '../common/errors.js';
import { S3 } from '../common/remote/s3.js';

/**
 * Without a slash at its end; undefined where checkpoints go into the run's folder. Errors: `usage` for what is no place in a
 * bucket, and where this machine's servers would write there without keys.
 */
export function checkedBucket(place: string | undefined, coordinator: string | null): string | undefined {
  if (place === undefined || place === '') return undefined;
  const { bucket, prefix } = bucketLocation(place, '--checkpoints');
  if (coordinator === null && !S3.fromEnvironment().hasKeys) {
    const way =
      "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_ENDPOINT_URL for a server other than Amazon's";
    throw new PolyakError('usage', `--checkpoints ${place}: there are no keys to write there; ${way}`);
  }
  return prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}`;
}
