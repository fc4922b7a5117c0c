/**
 * What of a sweep goes into its archive beside its rows: files of its folder, and the checkpoints that are kept, from that folder or
 * from a bucket. Each is read as a stream, in pieces, and may be read twice.
 */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { bucketLocation, isBucket, placeInside } from '../../common/checkpoint-location.js';
import { S3 } from '../../common/remote/s3.js';
import { checkpointPlace } from '../../server/checkpoint/checkpoint-place.js';

export interface Source {
  /** Within the archive. */
  name: string;
  bytes: number;
  open: () => Readable;
}

/** What a bucket is asked for at once. */
const pieceBytes = 8 << 20;

export async function fileSource(name: string, path: string): Promise<Source> {
  return { name, bytes: (await stat(path)).size, open: () => createReadStream(path) };
}

/** `folder` is the sweep's on this machine; `place` is what its trials' checkpoints lie in. */
export async function archivedFiles(folder: string, place: string): Promise<Source[]> {
  const own = await Promise.all(['sweep.json', 'template.json'].map((name) => fileSource(name, join(folder, name))));
  const modules = await filesIn(folder, 'modules');
  const checkpoints = isBucket(place) ? await objectsIn(place) : await filesIn(place, 'trials');
  return [...own, ...modules, ...checkpoints.filter((source) => trialOf(source) !== undefined)];
}

/** The trial that a file is a checkpoint of; undefined of others. */
export function trialOf({ name }: Pick<Source, 'name'>): number | undefined {
  const [, trial] = /^trials\/(\d+)\/(?:member-\d+\/)?checkpoints\//.exec(name) ?? [];
  return trial === undefined ? undefined : Number(trial);
}

async function filesIn(folder: string, name: string): Promise<Source[]> {
  const entries = await readdir(join(folder, name), { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return await Promise.all(files.map(async (file) => await fileSource(relative(folder, file), file)));
}

/** Errors: `data` for a bucket that refuses; `unreachable`. */
async function objectsIn(place: string): Promise<Source[]> {
  const { bucket, prefix } = bucketLocation(place, 'checkpoints');
  const inside = prefix === '' ? '' : `${prefix}/`;
  const objects = await S3.fromEnvironment().list(bucket, `${inside}trials/`);
  return objects.map(({ key, bytes }) => {
    const name = key.slice(inside.length);
    return { name, bytes, open: () => Readable.from(piecesOf(placeInside(place, name), bytes)) };
  });
}

async function* piecesOf(object: string, bytes: number): AsyncGenerator<Buffer> {
  const at = object.lastIndexOf('/');
  const source = await checkpointPlace(object.slice(0, at)).open(object.slice(at + 1));
  try {
    for (let from = 0; from < bytes; from += pieceBytes) {
      yield await source.read(from, Math.min(pieceBytes, bytes - from));
    }
  } finally {
    await source.close();
  }
}
