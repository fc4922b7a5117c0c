/**
 * Decoded pictures, kept between runs, because decoding tens of thousands takes a minute. An entry belongs to one list
 * of contents, wherever the files lie, one target size and one version of the decoder, and ends with its own SHA-256. It is only ever a shortcut: an entry that is torn, or cannot be written, means decoding again.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import sharp from 'sharp';
import { cacheFolder } from '../../common/cache-folder.js';
import { sha256Of } from './location/file-hashes.js';
import { decodeAll, type DecodeOptions, type Picture } from './picture.js';

/** Fewer are decoded faster than it is worth. */
const picturesMin = 2000;
const entriesMax = 8;
const digestBytes = 32;
const sliceBytes = 4 << 20;

/** As decodeAll; fewer than `cachedFrom` pictures are not kept. */
export async function decodeAllCached(
  files: Picture[],
  size: [number, number],
  samples: Uint8Array,
  options: DecodeOptions & { sha256s?: ReadonlyMap<string, string> },
  cachedFrom = picturesMin,
): Promise<void> {
  if (files.length < cachedFrom) return await decodeAll(files, size, samples, options);
  const folder = join(cacheFolder(), 'pictures');
  const entry = join(folder, `${await keyOf(files, size, options)}.bin`);
  if (await readEntry(entry, samples)) return;
  await decodeAll(files, size, samples, options);
  await writeEntry(folder, entry, samples);
}

async function keyOf(
  files: Picture[],
  size: [number, number],
  { resize, signal, sha256s }: DecodeOptions & { sha256s?: ReadonlyMap<string, string> },
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([sharp.versions, size, resize]));
  for (const { path } of files) hash.update(sha256s?.get(path) ?? (await sha256Of(path, signal)));
  return hash.digest('hex').slice(0, 32);
}

/** Whether the entry was there and whole; if not, what `samples` holds is of no use. */
async function readEntry(entry: string, samples: Uint8Array): Promise<boolean> {
  const file = await open(entry).catch(() => undefined);
  if (!file) return false;
  try {
    if ((await file.stat()).size !== samples.length + digestBytes) return false;
    const digest = Buffer.alloc(digestBytes);
    if (!(await fill(file, samples)) || !(await fill(file, digest))) return false;
    if (!digest.equals(await digestOf(samples))) return false;
    // The entry that was used last is the last to be removed.
    const now = new Date();
    await file.utimes(now, now).catch(() => undefined);
    return true;
  } catch {
    return false;
  } finally {
    await file.close();
  }
}

/** From where the file stands; false where it ends too early. */
async function fill(file: FileHandle, target: Uint8Array): Promise<boolean> {
  for (let filled = 0; filled < target.length;) {
    const { bytesRead } = await file.read(target, filled, Math.min(sliceBytes, target.length - filled));
    if (bytesRead === 0) return false;
    filled += bytesRead;
  }
  return true;
}

/** In slices, because a hundred megabytes at once would hold up heartbeats. */
async function digestOf(bytes: Uint8Array): Promise<Buffer> {
  const hash = createHash('sha256');
  for (let from = 0; from < bytes.length; from += sliceBytes) {
    hash.update(bytes.subarray(from, from + sliceBytes));
    await setImmediate();
  }
  return hash.digest();
}

async function writeEntry(folder: string, entry: string, samples: Uint8Array): Promise<void> {
  const part = `${entry}.${randomBytes(6).toString('hex')}.part`;
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(part, [samples, await digestOf(samples)]);
    await rename(part, entry);
    await removeOldest(folder);
  } catch {
    // A full or read-only disk costs time at the next start, and nothing else.
    await rm(part, { force: true }).catch(() => undefined);
  }
}

async function removeOldest(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.bin'));
  const entries = await Promise.all(
    names.map(async (name) => ({ name, usedAt: (await stat(join(folder, name))).mtimeMs })),
  );
  const old = entries.toSorted((left, right) => right.usedAt - left.usedAt).slice(entriesMax);
  await Promise.all(old.map(async ({ name }) => await rm(join(folder, name), { force: true })));
}
