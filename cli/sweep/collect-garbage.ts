/** `polyak gc`: what sweeps keep that nobody needs: checkpoints of trials that are over and not among the best, unknown folders. */
import { existsSync } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bucketLocation, isBucket } from '../../common/checkpoint-location.js';
import { PolyakError } from '../../common/errors.js';
import { S3 } from '../../common/remote/s3.js';
import { discardCheckpoints } from '../../server/checkpoint/checkpoint.js';
import { displayPath } from '../foreground.js';
import { printJson, printText } from '../output.js';
import { bestTrials } from './best.js';
import { sweepNames } from './find-sweep.js';
import { openReader } from './open-reader.js';
import { SweepFolder } from './sweep-folder.js';

export interface CollectFlags {
  state: string;
  dryRun: boolean;
  json: boolean;
}

export interface Garbage {
  path: string;
  bytes: number;
  why: string;
}

/** Of one sweep, or of all in the state folder. Errors: `usage` where a sweep that is named cannot be read. */
export async function collectCommand(sweep: string | undefined, { state, dryRun, json }: CollectFlags): Promise<void> {
  const names = sweep === undefined ? sweepNames(state) : [sweep];
  let total = 0;
  for (const name of names) {
    const folder = SweepFolder.open(state, name);
    for (const garbage of await garbageOf(folder, sweep === undefined)) {
      if (!dryRun) await remove(garbage.path);
      total += garbage.bytes;
      if (json) printJson({ event: dryRun ? 'would delete' : 'deleted', sweep: folder.facts.name, ...garbage });
      else
        printText(
          `${isBucket(garbage.path) ? garbage.path : displayPath(garbage.path)}  ${garbage.bytes} bytes  ${garbage.why}`,
        );
    }
  }
  if (json) printJson({ event: 'collected', bytes: total, dryRun });
  else printText(`${total} bytes ${dryRun ? 'would be' : 'were'} freed`);
}

/** A sweep that cannot be read is passed over with a word where it was not named: nothing of it is known to be garbage. */
async function garbageOf(folder: SweepFolder, isAny: boolean): Promise<Garbage[]> {
  try {
    return await lookThrough(folder);
  } catch (error) {
    if (!isAny || !(error instanceof PolyakError)) throw error;
    process.stderr.write(`polyak: ${folder.facts.name} is passed over: ${error.message}\n`);
    return [];
  }
}

async function lookThrough(folder: SweepFolder): Promise<Garbage[]> {
  // Listed before the store is read: a trial that begins meanwhile is not here, and one that is here is in the store.
  const listed = existsSync(folder.trials) ? await readdir(folder.trials) : [];
  const remote = isBucket(folder.place) ? await checkpointsInBucket(folder.place) : [];
  const reader = await openReader(folder);
  try {
    const { settings, counts } = await reader.sweep();
    const { rows } = await reader.trials({});
    const rowOf = new Map(rows.map((row) => [row.number, row]));
    const best = await bestTrials(reader, settings.keep + counts.running + counts.paused);
    const over = best.filter(({ status }) => status === 'finished' || status === 'stopped');
    const kept = new Set(over.slice(0, settings.keep).map(({ number }) => number));
    const found: Garbage[] = [];
    for (const name of listed.toSorted((left, right) => Number(left) - Number(right))) {
      if (!/^\d+$/.test(name)) continue;
      const path = join(folder.trials, name);
      const row = rowOf.get(Number(name));
      if (!row) found.push({ path, bytes: await bytesOf(path), why: 'of no trial that the store knows' });
      else if (['finished', 'stopped', 'failed'].includes(row.status) && !kept.has(row.number)) {
        for (const checkpoints of await checkpointsOf(path)) {
          const why = `trial is ${row.status} and not among the best ${settings.keep}`;
          found.push({ path: checkpoints, bytes: await bytesOf(checkpoints), why });
        }
      }
    }
    for (const { trial, path, bytes } of remote) {
      const row = rowOf.get(trial);
      if (!row) found.push({ path, bytes, why: 'of no trial that the store knows' });
      else if (['finished', 'stopped', 'failed'].includes(row.status) && !kept.has(trial))
        found.push({ path, bytes, why: `trial is ${row.status} and not among the best ${settings.keep}` });
    }
    return found;
  } finally {
    await reader.close();
  }
}

async function remove(path: string): Promise<void> {
  if (isBucket(path)) await discardCheckpoints(path);
  else await rm(path, { recursive: true, force: true });
}

/** By trial, of a sweep whose checkpoints lie in a bucket. */
async function checkpointsInBucket(place: string): Promise<{ trial: number; path: string; bytes: number }[]> {
  const { bucket, prefix } = bucketLocation(place, 'checkpoints');
  const inside = prefix === '' ? 'trials/' : `${prefix}/trials/`;
  const found = new Map<string, { trial: number; path: string; bytes: number }>();
  for (const { key, bytes } of await S3.fromEnvironment().list(bucket, inside)) {
    const [, folder, trial] = /^((\d+)(?:\/member-\d+)?\/checkpoints)\/[^/]+$/.exec(key.slice(inside.length)) ?? [];
    if (folder === undefined) continue;
    const known = found.get(folder) ?? { trial: Number(trial), path: `s3://${bucket}/${inside}${folder}`, bytes: 0 };
    found.set(folder, { ...known, bytes: known.bytes + bytes });
  }
  return [...found.values()].toSorted((left, right) => left.trial - right.trial);
}

/** Of its only run, or of each member. */
async function checkpointsOf(trial: string): Promise<string[]> {
  const members = (await readdir(trial)).filter((name) => name.startsWith('member-')).map((name) => join(trial, name));
  return [trial, ...members].map((folder) => join(folder, 'checkpoints')).filter((path) => existsSync(path));
}

/** Links are not followed. */
async function bytesOf(path: string): Promise<number> {
  const info = await lstat(path);
  if (!info.isDirectory()) return info.size;
  const sizes = await Promise.all((await readdir(path)).map(async (name) => await bytesOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}
