/**
 * Which versions of the program work together: during a rolling upgrade the processes of a cluster differ, by one minor
 * version at most. Before 1.0 a minor version may change anything but what this promises.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PolyakError } from './errors.js';
import { packageRoot } from './package-root.js';

let own: string | undefined;

/** Of this process's program, such as 0.1.0. */
export function ownVersion(): string {
  own ??= (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
  return own;
}

/** Of programs that did not say theirs yet. */
const silentVersion = '0.1.0';

/**
 * `peer` is what messages call it, such as `worker`. Errors: `refused`, naming both versions, where they are further apart than one
 * minor version or no versions at all.
 */
export function assertCompatible(peer: string, version: string, here = ownVersion()): void {
  const theirs = numbersOf(version === '' ? silentVersion : version);
  const ours = numbersOf(here);
  if (theirs && ours && theirs.major === ours.major && Math.abs(theirs.minor - ours.minor) <= 1) return;
  const shown = version.length > 40 ? `${version.slice(0, 40)}…` : version;
  const rule = 'processes of one cluster may differ by one minor version, during an upgrade';
  throw new PolyakError('refused', `${peer} is of Polyak '${shown}', this process of ${here}: ${rule}`);
}

function numbersOf(version: string): { major: number; minor: number } | undefined {
  const [, major, minor] = /^(\d{1,6})\.(\d{1,6})\./.exec(version) ?? [];
  return major === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}
