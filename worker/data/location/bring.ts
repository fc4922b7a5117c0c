/** Brings a remote location into the cache of this machine, whole and verified, or finds it there. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isArchive, nameOfLocation, shownLocation } from '../../../common/data-location.js';
import { PolyakError } from '../../../common/errors.js';
import { DataCache, type CacheEntry } from './data-cache.js';
import { download, sizeOf } from './download.js';
import { sha256Of } from './file-hashes.js';
import { ChangedOnServer } from '../../../common/remote/http.js';
import { isAway, listRemote, type Remote, type RemoteFile } from './remote-files.js';
import { rootOf, unpackArchive } from './unpack.js';

export interface BringOptions {
  /** Of data.source. */
  source: string;
  /** Of the one file that the location names, hexadecimal. */
  sha256: string | undefined;
  signal: AbortSignal | undefined;
  say: (message: string) => void;
}

/** How often a file may be replaced on its server while it is brought. */
const versionsMax = 3;
const filesAtOnce = 8;
const sayMs = 5000;

/**
 * Errors: `data` for what is refused, is not there, is too large or has another checksum; `unreachable`, when the server
 * is and nothing of the location is in the cache.
 */
export async function bring(location: string, cache: DataCache, options: BringOptions): Promise<CacheEntry> {
  const { sha256 } = options;
  const known = sha256 === undefined ? undefined : await cache.take(checksumKey(location, sha256));
  if (known) return known;
  for (let version = 1; ; version++) {
    try {
      return await bringVersion(location, cache, options);
    } catch (error) {
      if (!(error instanceof ChangedOnServer)) throw error;
      options.say(`${shownLocation(location)} has changed on its server while it was brought: beginning anew`);
      if (version === versionsMax) {
        const often = `has changed on its server ${versionsMax} times while it was brought`;
        throw new PolyakError('data', `${shownLocation(location)}: ${often}`, { cause: error });
      }
    }
  }
}

/** Whether a version of the location is in the cache. */
export async function isInCache(location: string, cache: DataCache, sha256: string | undefined): Promise<boolean> {
  const known = sha256 === undefined ? undefined : await cache.take(checksumKey(location, sha256));
  const entry = known ?? (await cache.takeNewest(DataCache.keyOf(location)));
  await entry?.release();
  return entry !== undefined;
}

async function bringVersion(location: string, cache: DataCache, options: BringOptions): Promise<CacheEntry> {
  const shown = shownLocation(location);
  const { source, sha256, signal, say } = options;
  const remote = await listRemote(location, source, signal).catch(async (error: unknown) => {
    const entry = isAway(error) ? await cache.takeNewest(DataCache.keyOf(location)) : undefined;
    if (!entry) throw error;
    say(`${(error as Error).message}; going on with what is in the cache`);
    return entry;
  });
  if (!('files' in remote)) return remote;
  requireOneFile(shown, remote, sha256);
  const key = keyOf(location, remote, sha256);
  const bytes = remote.files.reduce((sum, { target }) => sum + (target.bytes ?? 0), 0);
  return await cache.fill(key, {
    ...{ location: DataCache.keyOf(location), shown, bytes, signal },
    onWait: (owner) => say(`${shown} is being brought by process ${owner}; waiting for it`),
    bring: async ({ content, arriving }) => {
      say(`bringing ${shown}: ${remote.files.length === 1 ? '' : `${remote.files.length} files, `}${bytes} bytes`);
      await bringFiles(remote, arriving, options, meterOf(shown, bytes, cache.bytesMax, say));
      const root = await settle(remote, arriving, content, cache.bytesMax, signal);
      say(`${shown} is there`);
      return root;
    },
  });
}

/** From where the files have arrived to where they are read; answers with the path there that the location means. */
async function settle(
  { files, isFile }: Remote,
  arriving: string,
  content: string,
  bytesMax: number,
  signal?: AbortSignal,
): Promise<string> {
  const only = isFile ? (files[0]?.name ?? '') : '';
  if (isArchive(only)) {
    await unpackArchive(join(arriving, only), content, bytesMax, signal);
    return relative(content, await rootOf(content));
  }
  for (const { name } of files) {
    await mkdir(dirname(join(content, name)), { recursive: true });
    await rename(join(arriving, name), join(content, name));
  }
  return only;
}

function requireOneFile(shown: string, remote: Remote, sha256: string | undefined): void {
  if (sha256 === undefined || remote.isFile) return;
  throw new PolyakError('usage', `data.sha256: is for one file, ${shown} is a folder of ${remote.files.length}`);
}

/** Another version of a location is another entry. */
function keyOf(location: string, { files }: Remote, sha256: string | undefined): string {
  if (sha256 !== undefined) return checksumKey(location, sha256);
  const versions = files.map(({ name, target }) => [name, target.validator ?? '', String(target.bytes ?? '')]);
  return DataCache.keyOf(location, JSON.stringify(versions));
}

function checksumKey(location: string, sha256: string): string {
  return DataCache.keyOf('sha256', sha256, nameOfLocation(location));
}

async function bringFiles(
  { files }: Remote,
  arriving: string,
  options: BringOptions,
  onBytes: (bytes: number) => void,
): Promise<void> {
  // The first failure stops the others.
  const failure = new AbortController();
  const signal = AbortSignal.any([failure.signal, ...(options.signal ? [options.signal] : [])]);
  let next = 0;
  const bringSome = async () => {
    try {
      for (let file = files[next++]; file; file = files[next++]) {
        await bringFile(file, arriving, { ...options, signal }, onBytes);
      }
    } catch (error) {
      failure.abort(error);
      throw error;
    }
  };
  await Promise.all(Array.from({ length: filesAtOnce }, bringSome));
}

/** Complete under its name, and verified, or in part beside that. */
async function bringFile(
  file: RemoteFile,
  arriving: string,
  { sha256, signal }: BringOptions,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const path = join(arriving, file.name);
  if (existsSync(path)) return onBytes(await sizeOf(path));
  const partial = `${path}.partial`;
  await mkdir(dirname(path), { recursive: true });
  // Without a version, what an earlier process left may be of another file.
  if (file.target.validator === undefined && sha256 === undefined) await rm(partial, { force: true });
  let reported = 0;
  let { md5 } = file;
  await download(file.target, partial, {
    signal,
    onBytes: (done) => {
      onBytes(Math.max(0, done - reported));
      reported = Math.max(reported, done);
    },
    onHeaders: (headers) => {
      // Of what is encrypted by a key of the server's, the ETag is a digest of something else.
      if ((headers.get('x-amz-server-side-encryption') ?? 'AES256') !== 'AES256') md5 = undefined;
    },
  });
  await requireWhole(file, partial, { sha256, md5, signal });
  await rename(partial, path);
}

async function requireWhole(
  { target }: RemoteFile,
  partial: string,
  { sha256, md5, signal }: { sha256: string | undefined; md5: string | undefined; signal: AbortSignal | undefined },
): Promise<void> {
  const bytes = await sizeOf(partial);
  const wrong: string[] = [];
  if (target.bytes !== undefined && target.bytes !== bytes) wrong.push(`${bytes} bytes, not ${target.bytes}`);
  if (sha256 !== undefined) {
    const found = await sha256Of(partial, signal);
    if (found !== sha256) wrong.push(`sha256 ${found}, data.sha256 says ${sha256}`);
  }
  if (md5 !== undefined) {
    const found = await md5Of(partial, signal);
    if (found !== md5) wrong.push(`md5 ${found}, its ETag says ${md5}`);
  }
  if (wrong.length === 0) return;
  await rm(partial, { force: true });
  const why = 'it is not the file that is meant, or was damaged on the way';
  throw new PolyakError('data', `${target.shown}: what has arrived has ${wrong.join(', and ')}; ${why}`);
}

async function md5Of(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('md5');
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest('hex');
}

/** Adds what has arrived, and says so now and then. Errors: `data` for more than the cache may hold. */
function meterOf(
  shown: string,
  bytesTotal: number,
  bytesMax: number,
  say: (message: string) => void,
): (bytes: number) => void {
  let [done, saidAt] = [0, Date.now()];
  return (bytes) => {
    done += bytes;
    if (done > bytesMax) {
      const way = '--data-cache-bytes or POLYAK_DATA_CACHE_BYTES raises that';
      throw new PolyakError(
        'data',
        `${shown}: has more than the ${bytesMax} bytes that the cache of data holds; ${way}`,
      );
    }
    if (Date.now() - saidAt < sayMs) return;
    saidAt = Date.now();
    const share = bytesTotal > 0 ? `, ${Math.floor((100 * done) / bytesTotal)} %` : '';
    say(`bringing ${shown}: ${done} of ${bytesTotal > 0 ? bytesTotal : 'an unknown number of'} bytes${share}`);
  };
}
