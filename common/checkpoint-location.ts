/** How a place of checkpoints is written: the path of a folder, or `s3://bucket/prefix`. Nothing is looked up here. */
import { dirname, join } from 'node:path';
import { PolyakError } from './errors.js';

/** Of `s3://bucket/prefix`, both without slashes at their ends. */
export interface BucketLocation {
  bucket: string;
  /** '' for the bucket's root. */
  prefix: string;
}

const scheme = 's3://';
const lengthMax = 800;

export function isBucket(place: string): boolean {
  return place.startsWith(scheme);
}

/** Errors: `usage`, with what would be right; `where` says what was given, such as `--checkpoints`. */
export function bucketLocation(place: string, where: string): BucketLocation {
  const refuse = (what: string) => new PolyakError('usage', `${where} '${place}': ${what}; give s3://bucket/prefix`);
  if (!isBucket(place)) throw refuse('it is no place in a bucket');
  if (place.length > lengthMax) throw refuse(`it has ${place.length} characters, the most is ${lengthMax}`);
  const [bucket = '', ...rest] = place.slice(scheme.length).replace(/\/+$/, '').split('/');
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) throw refuse(`'${bucket}' is no name of a bucket`);
  const bad = rest.find((name) => !/^[\w.=+@-]+$/.test(name) || name === '.' || name === '..');
  if (bad !== undefined) throw refuse(`its part '${bad}' may have letters, digits and . _ = + @ - only`);
  return { bucket, prefix: rest.join('/') };
}

/** A place inside of another, or a file's. */
export function placeInside(place: string, ...names: string[]): string {
  return isBucket(place) ? [place.replace(/\/+$/, ''), ...names].join('/') : join(place, ...names);
}

/** What a place or a file lies in. */
export function placeAround(place: string): string {
  return isBucket(place) ? place.slice(0, place.lastIndexOf('/')) : dirname(place);
}
