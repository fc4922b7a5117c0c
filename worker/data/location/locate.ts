/**
 * Makes the data of an experiment lie on this machine: mapped to where they are mounted, brought into the cache, or
 * where the experiment says; and lists the files that are read, with their hashes.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isRemote, nameOfLocation } from '../../../common/data-location.js';
import { PolyakError } from '../../../common/errors.js';
import { locationsOf, mapLocations } from '../../../common/experiment/data-locations.js';
import type { Experiment } from '../../../common/experiment/schema.js';
import { bring, isInCache } from './bring.js';
import { DataCache } from './data-cache.js';
import { sortedByName } from './data-files.js';
import { dataPlace, mapped, type DataPlace } from './data-place.js';
import { hashFiles, type HashedFile } from './file-hashes.js';
import { isAway, listRemote } from './remote-files.js';
import { belongs, namesIn } from './source-files.js';

type Data = Experiment['data'];

export interface LocateOptions {
  place?: DataPlace;
  signal?: AbortSignal;
  /** Progress, a line now and then. */
  say?: (message: string) => void;
}

export interface LocatedData {
  /** With paths of this machine only. */
  data: Data;
  /** Sorted by name; names are relative to data.path, those of other keys begin with it, such as `validation:`. */
  files: HashedFile[];
  /** Of those files, by path. */
  sha256s: ReadonlyMap<string, string>;
  /** The data have been read. */
  release: () => Promise<void>;
}

/** Errors: `data` and `unreachable`, as of `bring`. What is not there is not missed here but by who reads it. */
export async function locateData(data: Data, options: LocateOptions = {}): Promise<LocatedData> {
  const { place = dataPlace(), signal } = options;
  const releases: (() => Promise<void>)[] = [];
  const release = async () => void (await Promise.all(releases.splice(0).map(async (each) => await each())));
  try {
    const located = new Map<string, string>();
    const files: HashedFile[] = [];
    const sha256s = new Map<string, string>();
    for (const [key, location] of locationsOf(data)) {
      const here = mapped(location, place.map);
      const { path, release: releaseOne } = await locate(here, data, key, place, options);
      if (releaseOne) releases.push(releaseOne);
      located.set(key, path);
      const found = await filesAt(path, data.source, signal);
      if (key === 'path' && !isRemote(here)) requireChecksum(data, path, found);
      for (const file of found) {
        sha256s.set(file.path, file.sha256);
        // A file is called as in the experiment, wherever it lies here.
        const name = file.name === '' ? nameOfLocation(location) : file.name;
        files.push({ bytes: file.bytes, sha256: file.sha256, name: key === 'path' ? name : `${key}:${name}` });
      }
    }
    return {
      data: mapLocations(data, (path, key) => located.get(key) ?? path),
      files: sortedByName(files),
      sha256s,
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * Before a run begins: whether its remote data can be had, so that a wrong name is told at once. Errors: as locateData.
 */
export async function checkRemoteData(data: Data, options: LocateOptions = {}): Promise<void> {
  const { place = dataPlace(), signal } = options;
  const cache = new DataCache(place.cacheFolder, place.cacheBytesMax);
  for (const [key, location] of locationsOf(data)) {
    const here = mapped(location, place.map);
    if (!isRemote(here)) continue;
    await listRemote(here, data.source, signal).catch(async (error: unknown) => {
      const sha256 = key === 'path' ? data.sha256 : undefined;
      if (!isAway(error) || !(await isInCache(here, cache, sha256))) throw error;
    });
  }
}

async function locate(
  location: string,
  data: Data,
  key: string,
  place: DataPlace,
  { signal, say = () => undefined }: LocateOptions,
): Promise<{ path: string; release?: () => Promise<void> }> {
  if (!isRemote(location)) return { path: location };
  const cache = new DataCache(place.cacheFolder, place.cacheBytesMax);
  const sha256 = key === 'path' ? data.sha256 : undefined;
  return await bring(location, cache, { source: data.source, sha256, signal, say });
}

/** The file itself, with an empty name, or those of the folder that the source reads. */
async function filesAt(path: string, source: string, signal?: AbortSignal): Promise<(HashedFile & { path: string })[]> {
  const info = await stat(path).catch(() => undefined);
  if (!info) return [];
  if (!info.isDirectory()) {
    const [file] = await hashFiles(dirname(path), [basename(path)], signal);
    return file ? [{ ...file, name: '', path }] : [];
  }
  // Where the names are known, they lie in the folder itself.
  const all = await readdir(path, { recursive: namesIn(source) === undefined });
  const names = all.filter((name) => belongs(source, name));
  const infos = await Promise.all(names.map(async (name) => await stat(join(path, name))));
  const files = names.filter((_, index) => infos[index]?.isFile());
  return (await hashFiles(path, files, signal)).map((file) => ({ ...file, path: join(path, file.name) }));
}

/** Of what was not brought here, and so has not been verified. Errors: `data`, `usage` for a folder. */
function requireChecksum({ path: location, sha256 }: Data, path: string, found: HashedFile[]): void {
  const [file] = found;
  if (sha256 === undefined || !file || file.sha256 === sha256) return;
  if (file.name === '') throw new PolyakError('data', `${path}: has sha256 ${file.sha256}, data.sha256 says ${sha256}`);
  // An archive that is mounted unpacked.
  if (isRemote(location)) return;
  throw new PolyakError('usage', `data.sha256: is for one file, '${path}' is a folder`);
}
