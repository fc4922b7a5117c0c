/**
 * A committed checkpoint: the lead's own record of a cut, naming each shard's file. It is committed by creating the
 * record's file, which only one process can do, after every shard has synced. What is torn or corrupt is passed over for
 * the one before.
 */
import { link, lstat, open, readFile, readdir, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, isAbsolute, join, normalize } from 'node:path';
import { z } from 'zod';
import { PolyakError } from '../../common/errors.js';
import { folderError } from './checkpoint-folder.js';
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

/** Takes the next incarnation, in a folder that is there: whoever creates its file has it, and everybody before is fenced. */
export async function claimIncarnation(directory: string): Promise<number> {
  for (;;) {
    const next = (await newestIncarnation(directory)) + 1;
    try {
      await writeFile(join(directory, `incarnation-${next}`), '', { flag: 'wx' });
      return next;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

export async function newestIncarnation(directory: string): Promise<number> {
  const names = await readdir(directory);
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
  return await commitRecord(directory, record, retention).catch((error: unknown) => {
    throw folderError(directory, error);
  });
}

async function commitRecord(directory: string, record: CheckpointRecord, retention: Retention): Promise<string> {
  const newest = await newestIncarnation(directory);
  if (newest > record.incarnation) {
    throw new PolyakError('fenced', `incarnation ${record.incarnation} cannot commit, ${newest} has been claimed`);
  }
  const path = join(directory, `${recordPrefix(record.step)}${record.incarnation}.json`);
  const temporary = `${path}.partial`;
  try {
    await writeSynced(temporary, JSON.stringify(record));
    // A link fails where the name exists; a rename would replace it.
    await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') throw new PolyakError('fenced', `${path} has been committed by another process`);
      throw error;
    });
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(directory);
  await retain(directory, retention);
  return path;
}

function recordPrefix(step: number): string {
  return `step-${String(step).padStart(9, '0')}.`;
}

async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Names are in the folder, which a power cut may take back as long as it is not synced. */
async function syncFolder(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  await handle.sync();
  await handle.close();
}

/** Committed records, newest first. */
export async function listCheckpoints(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  const parsed = names.flatMap((name) => {
    const match = recordName.exec(name);
    return match ? [{ name, step: Number(match[1]), incarnation: Number(match[2]) }] : [];
  });
  parsed.sort((left, right) => right.step - left.step || right.incarnation - left.incarnation);
  return parsed.map(({ name }) => join(directory, name));
}

/** Of a trial that is to go on from its checkpoint of that step, where there is none of it, nor one of before. */
export function lostCheckpoint(directory: string, step: number): PolyakError {
  const path = join(directory, `${recordPrefix(step)}*.json`);
  return new PolyakError('lost', `the trial's checkpoint ${path} is not there, nor one of before that can be read`);
}

/** The newest record whose files all verify, of that step where one is given, or undefined; `onBad` hears of each that does not. */
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
      onBad(path, error instanceof Error ? error.message : String(error));
    }
  }
  return undefined;
}

export async function readRecord(path: string): Promise<CheckpointRecord> {
  const text = await readFile(path, 'utf8');
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new PolyakError('data', `${path}: is no checkpoint record`, { cause: error });
  }
}

async function verify(directory: string, record: CheckpointRecord): Promise<void> {
  for (const { file, bytes, chunks } of record.files) {
    const { size } = await stat(join(directory, file));
    if (size !== bytes) throw new PolyakError('data', `${file}: has ${size} bytes, its record says ${bytes}`);
    const reader = await SafetensorsReader.open(join(directory, file));
    try {
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
async function retain(directory: string, { keep, snapshots = { keep: 0 } }: Retention): Promise<void> {
  const records = await listCheckpoints(directory);
  const newest = await Promise.all(records.slice(0, keep).map((path) => readRecord(path).catch(() => undefined)));
  const kept = [...newest];
  for (const path of records.slice(keep)) {
    const record = await readRecord(path).catch(() => undefined);
    const steps = new Set(kept.flatMap((each) => (each?.snapshot === true ? [each.step] : [])));
    // Of a step that was computed again after a crash, the newest is enough.
    if (record?.snapshot === true && !steps.has(record.step) && steps.size < snapshots.keep) kept.push(record);
    else await rm(path, { force: true });
  }
  const named = new Set(kept.flatMap((record) => record?.files.map(({ file }) => file) ?? []));
  const oldest = Math.min(...newest.map((record) => record?.step ?? 0));
  for (const name of await readdir(directory)) {
    const step = /^step-(\d+)\..*\.safetensors$/.exec(name)?.[1];
    if (step !== undefined && Number(step) < oldest && !named.has(name))
      await rm(join(directory, name), { force: true });
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

/** Of a trial of a sweep, or of one of its runs. */
const trialCheckpoints = /[/\\]trials[/\\]\d+(?:[/\\]member-\d+)?[/\\]checkpoints$/;

/**
 * Deletes the files of a trial's checkpoints, and the folder where nothing else is in it. Errors: `protocol` for what is no folder
 * of a trial's checkpoints, whoever orders it; a link to another folder is none.
 */
export async function discardCheckpoints(directory: string): Promise<void> {
  if (!isAbsolute(directory) || normalize(directory) !== directory || !trialCheckpoints.test(directory)) {
    const right = 'it must be the absolute path of a SWEEP/trials/NUMBER/checkpoints';
    throw new PolyakError('protocol', `discard: '${directory}' is no folder of a trial's checkpoints; ${right}`);
  }
  const info = await lstat(directory).catch(() => undefined);
  if (!info) return;
  if (!info.isDirectory()) throw new PolyakError('protocol', `discard: '${directory}' is a link or a file, no folder`);
  const names = await readdir(directory);
  // The records first, so that none names a file that is gone.
  for (const name of names.filter((each) => recordName.test(each))) await rm(join(directory, name), { force: true });
  for (const name of names.filter((each) => /^step-\d+\..*\.safetensors$/.test(each) || claimName.test(each))) {
    await rm(join(directory, name), { force: true });
  }
  await rmdir(directory).catch(() => undefined);
}
