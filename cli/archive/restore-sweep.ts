/**
 * `polyak restore`: an archive becomes a sweep's folder again. It comes from anywhere: every entry must be a plain file that
 * the manifest lists, of its size and SHA-256, and nothing that is there is overwritten.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { PolyakError } from '../../common/errors.js';
import { displayPath } from '../foreground.js';
import { printJson, printText } from '../output.js';
import type { SweepRecord } from '../sweep/sweep-folder.js';
import { manifestBytesMax, manifestName, parseManifest, rowsName, type ArchiveManifest } from './archive-manifest.js';
import { readRows } from './sweep-rows.js';

type Entry = ReturnType<typeof extract> extends AsyncIterable<infer Each> ? Each : never;

/** Errors: `data` for what is no whole archive, or has what it must not have; `usage` where the sweep is there already. */
export async function restoreCommand(file: string, { state, json }: { state: string; json: boolean }): Promise<void> {
  if (!existsSync(file)) throw new PolyakError('usage', `there is no file '${file}'; 'polyak archive SWEEP' makes one`);
  await mkdir(resolve(state), { recursive: true });
  const temporary = await mkdtemp(join(resolve(state), '.restoring-'));
  try {
    const manifest = await unpack(file, temporary, resolve(state));
    const target = join(resolve(state), manifest.sweep);
    await settle(temporary, target, manifest);
    // A folder that is not empty stays as it is.
    if (existsSync(target)) throw there(target);
    await rename(temporary, target);
    if (json) printJson({ sweep: manifest.sweep, folder: target, files: manifest.files.length });
    else
      printText(
        `${displayPath(target)}: ${manifest.files.length} files, verified; see it with\n  npx polyak show ${displayPath(target)}`,
      );
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function there(target: string): PolyakError {
  return new PolyakError('usage', `${target} is there already and is not overwritten; --state names another folder`);
}

async function unpack(file: string, folder: string, state: string): Promise<ArchiveManifest> {
  const archive = extract();
  // What is wrong with the bytes comes out of the entries.
  const reading = pipeline(createReadStream(file), createGunzip(), archive);
  reading.catch(() => undefined);
  const left = new Map<string, ArchiveManifest['files'][number]>();
  let manifest: ArchiveManifest | undefined;
  try {
    for await (const entry of archive) {
      if (!manifest) {
        manifest = await firstEntry(entry, file);
        await refuseTooLarge(manifest, folder, file);
        if (existsSync(join(state, manifest.sweep))) throw there(join(state, manifest.sweep));
        for (const each of manifest.files) left.set(each.name, each);
      } else await takeEntry(entry, folder, left, file);
    }
    await reading;
  } catch (error) {
    archive.destroy();
    if (error instanceof PolyakError) throw error;
    throw new PolyakError('data', `${file}: is no whole archive of a sweep: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (!manifest) throw new PolyakError('data', `${file}: is empty, not an archive of a sweep`);
  const [missing] = left.keys();
  if (missing !== undefined) throw new PolyakError('data', `${file}: ends before ${missing}, which its manifest lists`);
  return manifest;
}

async function firstEntry(entry: Entry, file: string): Promise<ArchiveManifest> {
  const { name, size, type } = entry.header;
  if (name !== manifestName || type !== 'file' || size > manifestBytesMax) {
    throw new PolyakError(
      'data',
      `${file}: begins with ${type} '${name}' of ${size} bytes, not with ${manifestName}: it is no archive of a sweep`,
    );
  }
  const parts: Buffer[] = [];
  for await (const part of entry) parts.push(part as Buffer);
  return parseManifest(Buffer.concat(parts).toString('utf8'), file);
}

async function refuseTooLarge({ files }: ArchiveManifest, folder: string, file: string): Promise<void> {
  const bytes = files.reduce((sum, each) => sum + each.bytes, 0);
  const { bavail, bsize } = await statfs(folder);
  if (bytes > bavail * bsize) {
    throw new PolyakError('exhausted', `${file}: holds ${bytes} bytes, and ${folder} has room for ${bavail * bsize}`);
  }
}

async function takeEntry(
  entry: Entry,
  folder: string,
  left: Map<string, ArchiveManifest['files'][number]>,
  file: string,
): Promise<void> {
  const { name, size, type } = entry.header;
  if (type !== 'file')
    throw new PolyakError('data', `${file}: '${name}' is a ${type}, an archive of a sweep has plain files alone`);
  const listed = left.get(name);
  if (!listed) throw new PolyakError('data', `${file}: '${name}' is not in its manifest, or is there twice`);
  if (size !== listed.bytes)
    throw new PolyakError('data', `${file}: '${name}' has ${size} bytes, its manifest says ${listed.bytes}`);
  left.delete(name);
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  const hash = createHash('sha256');
  const counted = new Transform({
    transform(part: Buffer, _encoding, done) {
      hash.update(part);
      done(null, part);
    },
  });
  await pipeline(entry, counted, createWriteStream(path, { flags: 'wx' }));
  const sha256 = hash.digest('hex');
  if (sha256 !== listed.sha256) {
    throw new PolyakError(
      'data',
      `${file}: '${name}' has sha256 ${sha256}, its manifest says ${listed.sha256}; it is torn or was changed`,
    );
  }
}

/** The store is made anew of the rows, on this machine, and sweep.json says where all is now. */
async function settle(
  folder: string,
  target: string,
  { sweep, directory, checkpoints: bucket }: ArchiveManifest,
): Promise<void> {
  const rows = join(folder, rowsName);
  await readRows(rows, join(folder, 'coordinator.db'), { from: directory, bucket, to: target });
  await rm(rows);
  const file = join(folder, 'sweep.json');
  const record = await recordOf(file);
  const now = {
    ...record,
    name: sweep,
    coordinator: null,
    store: join(target, 'coordinator.db'),
    roles: [],
    pid: null,
    ...(bucket !== undefined && { checkpoints: undefined }),
  };
  await writeFile(file, `${JSON.stringify(now, null, 2)}\n`);
  for (const name of ['logs', 'trials']) await mkdir(join(folder, name), { recursive: true });
}

async function recordOf(file: string): Promise<SweepRecord> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof value === 'object' && value !== null) return value as SweepRecord;
  } catch {
    // Said below.
  }
  throw new PolyakError('data', `${file}: is no JSON object, the archive is not of a sweep`);
}
