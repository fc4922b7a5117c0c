/**
 * A committed checkpoint: the lead's own record of a cut, naming each shard's file. It is committed by creating the
 * record's file, which only one process can do, after every shard has synced. What is torn or corrupt is passed over for
 * the one before.
 */
import { lstat } from 'node:fs/promises';
import { basename, isAbsolute, normalize } from 'node:path';
import { z } from 'zod';
import { isBucket, placeAround, placeInside } from '../../common/checkpoint-location.js';
import { PolyakError } from '../../common/errors.js';
import { BucketError } from './bucket-error.js';
import { folderError } from './checkpoint-folder.js';
import { checkpointPlace, type CheckpointPlace } from './checkpoint-place.js';
import { SafetensorsReader } from './safetensors.js';
import { sha256, tensorName } from './shard-file.js';

const recordSchema = z.object({
  format: z.literal(1),
  trialKey: z.string(),
  incarnation: z.number().int(),
  step: z.number().int().nonnegative(),
  /** Manifest of common/manifest.ts. */
  manifest: z.looseObject({ parameterCount: z.number(), statisticsCount: z.number() }),
  chunkFloats: z.number().int().positive(),
  files: z.array(z.object({ file: z.string(), bytes: z.number(), chunks: z.array(z.number()) })),
  /** What the lead must know to go on: named values, see TrialState. */
  lead: z.record(z.string(), z.unknown()),
  /** Mean of the inputs as base64 of little-endian float32, or null. */
  preprocess: z.string().nullable(),
  /** Kept for an ensemble, beside those that a run is continued from. */
  snapshot: z.boolean().optional(),
});
export type CheckpointRecord = z.output<typeof recordSchema>;

const recordName = /^step-(\d+)\.(\d+)\.json$/;
const claimName = /^incarnation-(\d+)$/;

/**
 * Takes the next incarnation, in a folder that is there: whoever creates its file has it, and everybody before is fenced. Errors:
 * `disk`, `lost`; `unreachable` of a bucket.
 */
export async function claimIncarnation(directory: string): Promise<number> {
  const place = checkpointPlace(directory);
  for (;;) {
    const next = (await newestIncarnation(place)) + 1;
    if (await place.claim(`incarnation-${next}`)) return next;
  }
}

async function newestIncarnation(place: CheckpointPlace): Promise<number> {
  const names = await place.list();
  return Math.max(0, ...names.map((name) => Number(claimName.exec(name)?.[1] ?? 0)));
}

/** How many of the newest are kept, and how many of the newest snapshots. */
export interface Retention {
  keep: number;
  snapshots?: { keep: number } | undefined;
}

/** Errors: `fenced` when a newer incarnation was claimed, or another process committed this very cut; `disk`, `lost`. */
export async function commitCheckpoint(
  directory: string,
  record: CheckpointRecord,
  retention: Retention,
): Promise<string> {
  const place = checkpointPlace(directory);
  const newest = await newestIncarnation(place).catch((error: unknown) => {
    throw isBucket(directory) ? error : folderError(directory, error);
  });
  if (newest > record.incarnation) {
    throw new PolyakError('fenced', `incarnation ${record.incarnation} cannot commit, ${newest} has been claimed`);
  }
  const file = `${recordPrefix(record.step)}${record.incarnation}.json`;
  const path = placeInside(directory, file);
  if (!(await place.commit(file, JSON.stringify(record)))) {
    throw new PolyakError('fenced', `${path} has been committed by another process`);
  }
  await retain(place, retention);
  return path;
}

function recordPrefix(step: number): string {
  return `step-${String(step).padStart(9, '0')}.`;
}

/** Committed records, newest first; none where there is no such folder. Errors: `unreachable`, `disk` of a bucket. */
export async function listCheckpoints(directory: string): Promise<string[]> {
  const place = checkpointPlace(directory);
  return recordsOf(await namesIn(place)).map((name) => placeInside(directory, name));
}

async function namesIn(place: CheckpointPlace): Promise<string[]> {
  return await place.list().catch((error: unknown) => {
    if (error instanceof BucketError) throw error;
    return [];
  });
}

function recordsOf(names: readonly string[]): string[] {
  const parsed = names.flatMap((name) => {
    const match = recordName.exec(name);
    return match ? [{ name, step: Number(match[1]), incarnation: Number(match[2]) }] : [];
  });
  parsed.sort((left, right) => right.step - left.step || right.incarnation - left.incarnation);
  return parsed.map(({ name }) => name);
}

/** Of a trial that is to go on from its checkpoint of that step, where there is none of it, nor one of before. */
export function lostCheckpoint(directory: string, step: number): PolyakError {
  const path = placeInside(directory, `${recordPrefix(step)}*.json`);
  return new PolyakError('lost', `the trial's checkpoint ${path} is not there, nor one of before that can be read`);
}

/**
 * The newest record whose files all verify, of that step where one is given, or undefined; `onBad` hears of each that does not. Errors:
 * `unreachable` or `disk` of a bucket that cannot be read, since that says nothing of what lies there.
 */
export async function newestCheckpoint(
  directory: string,
  onBad: (path: string, reason: string) => void,
  step?: number,
): Promise<{ path: string; record: CheckpointRecord } | undefined> {
  for (const path of await listCheckpoints(directory)) {
    if (step !== undefined && !basename(path).startsWith(recordPrefix(step))) continue;
    try {
      const record = await readRecord(path);
      await verify(directory, record);
      return { path, record };
    } catch (error) {
      if (error instanceof BucketError) throw error;
      onBad(path, error instanceof Error ? error.message : String(error));
    }
  }
  return undefined;
}

export async function readRecord(path: string): Promise<CheckpointRecord> {
  const directory = placeAround(path);
  const text = (await checkpointPlace(directory).read(path.slice(directory.length + 1))).toString();
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new PolyakError('data', `${path}: is no checkpoint record`, { cause: error });
  }
}

/** A shard's file of a committed checkpoint. Errors: `data`; of a bucket also `unreachable` and `disk`. */
export async function openShardFile(directory: string, file: string): Promise<SafetensorsReader> {
  return await SafetensorsReader.over(placeInside(directory, file), await checkpointPlace(directory).open(file));
}

async function verify(directory: string, record: CheckpointRecord): Promise<void> {
  for (const { file, bytes, chunks } of record.files) {
    const reader = await openShardFile(directory, file);
    try {
      if (reader.bytes !== bytes)
        throw new PolyakError('data', `${file}: has ${reader.bytes} bytes, its record says ${bytes}`);
      for (const chunk of chunks) for (const name of reader.namesOf(chunk)) await readVerified(reader, chunk, name);
    } finally {
      await reader.close();
    }
  }
}

/** A tensor whose bytes agree with the checksum written beside it. */
export async function readVerified(reader: SafetensorsReader, chunk: number, name: string): Promise<Buffer> {
  const key = tensorName(chunk, name);
  const bytes = await reader.read(key);
  const expected = reader.metadata[`sha256:${key}`];
  if (sha256(bytes) !== expected) throw new PolyakError('data', `${reader.file}: ${key} does not match its checksum`);
  return bytes;
}

/** Deletes what is older than the newest `keep` records and no kept snapshot: first the records, then the files that none names. */
async function retain(place: CheckpointPlace, { keep, snapshots = { keep: 0 } }: Retention): Promise<void> {
  const names = await place.list();
  const records = recordsOf(names);
  const readable = async (name: string) => await readRecord(placeInside(place.name, name)).catch(passOver);
  const newest = await Promise.all(records.slice(0, keep).map(readable));
  const kept = [...newest];
  for (const name of records.slice(keep)) {
    const record = await readable(name);
    const steps = new Set(kept.flatMap((each) => (each?.snapshot === true ? [each.step] : [])));
    // Of a step that was computed again after a crash, the newest is enough.
    if (record?.snapshot === true && !steps.has(record.step) && steps.size < snapshots.keep) kept.push(record);
    else await place.remove(name);
  }
  const named = new Set(kept.flatMap((record) => record?.files.map(({ file }) => file) ?? []));
  const oldest = Math.min(...newest.map((record) => record?.step ?? 0));
  for (const name of names) {
    const step = /^step-(\d+)\..*\.safetensors$/.exec(name)?.[1];
    if (step !== undefined && Number(step) < oldest && !named.has(name)) await place.remove(name);
  }
}

/** Steps of the snapshots, newest first. */
export async function snapshotSteps(directory: string): Promise<number[]> {
  const steps: number[] = [];
  for (const path of await listCheckpoints(directory)) {
    const record = await readRecord(path);
    if (record.snapshot === true && !steps.includes(record.step)) steps.push(record.step);
  }
  return steps;
}

/** Of a record that is torn nothing is kept; a bucket that is away says nothing of its records. */
function passOver(error: unknown): undefined {
  if (error instanceof BucketError) throw error;
  return undefined;
}

/** Of a trial of a sweep, or of one of its runs. */
const trialCheckpoints = /[/\\]trials[/\\]\d+(?:[/\\]member-\d+)?[/\\]checkpoints$/;

/**
 * Deletes the files of a trial's checkpoints, and the folder where nothing else is in it. Errors: `protocol` for what is no folder
 * of a trial's checkpoints, whoever orders it; a link to another folder is none.
 */
export async function discardCheckpoints(directory: string): Promise<void> {
  const isPlain = isBucket(directory) || (isAbsolute(directory) && normalize(directory) === directory);
  if (!isPlain || !trialCheckpoints.test(directory)) {
    const right = 'it must be the absolute path of a SWEEP/trials/NUMBER/checkpoints';
    throw new PolyakError('protocol', `discard: '${directory}' is no folder of a trial's checkpoints; ${right}`);
  }
  if (!isBucket(directory)) {
    const info = await lstat(directory).catch(() => undefined);
    if (!info) return;
    if (!info.isDirectory())
      throw new PolyakError('protocol', `discard: '${directory}' is a link or a file, no folder`);
  }
  const place = checkpointPlace(directory);
  const names = await place.list();
  // The records first, so that none names a file that is gone.
  for (const name of names.filter((each) => recordName.test(each))) await place.remove(name);
  for (const name of names.filter((each) => /^step-\d+\..*\.safetensors$/.test(each) || claimName.test(each))) {
    await place.remove(name);
  }
  await place.removeEmpty();
}
