/** Unpacks an archive of data: tar, plain or gz, by the system's tar, and zip. Only files and folders come out of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import yauzl from 'yauzl';
import { PolyakError } from '../../../common/errors.js';

/** `bytesMax` bounds what comes out. Errors: `data` for an archive that is torn, holds links or is too large; `setup`. */
export async function unpackArchive(
  archive: string,
  folder: string,
  bytesMax: number,
  signal?: AbortSignal,
): Promise<void> {
  const bound = boundOf(archive, bytesMax);
  try {
    if (/\.zip$/i.test(archive)) await unzip(archive, folder, bound, signal);
    else await untar(archive, folder, bound, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof PolyakError) throw error;
    throw new PolyakError('data', `${archive}: cannot be unpacked: ${(error as Error).message}`, { cause: error });
  }
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const strange = entries.find((entry) => !entry.isFile() && !entry.isDirectory());
  if (strange) throw new PolyakError('data', `${archive}: '${strange.name}' in it is a link, data are plain files`);
}

/** What the archive holds, without the one folder that many have around it all. */
export async function rootOf(folder: string): Promise<string> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !/^(\.|__MACOSX$)/.test(name));
  const [only] = entries;
  return entries.length === 1 && only?.isDirectory() ? join(folder, only.name) : folder;
}

/** How a pipe tells that the reader has gone. */
const closedEarly = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED']);

type Bound = (chunks: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;

function boundOf(archive: string, bytesMax: number): Bound {
  let bytes = 0;
  return async function* (chunks) {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        const most = `the cache of data has no room for more than ${bytesMax}`;
        throw new PolyakError(
          'data',
          `${archive}: unpacks to more bytes than that: ${most}; --data-cache-bytes raises it`,
        );
      }
      yield chunk;
    }
  };
}

async function untar(archive: string, folder: string, bound: Bound, signal?: AbortSignal): Promise<void> {
  const tar = spawn('tar', ['-x', '-f', '-', '-C', folder, '--no-same-owner', '--no-same-permissions'], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  tar.stderr.on('data', (text: Buffer) => (said = (said + text.toString()).slice(-1000)));
  const ended = once(tar, 'close').catch((error: unknown) => {
    throw new PolyakError('setup', `tar is needed to unpack ${archive}: apt-get install -y tar`, { cause: error });
  });
  const source = createReadStream(archive);
  const whole = /gz$/i.test(archive)
    ? pipeline(source, createGunzip(), bound, tar.stdin, { signal })
    : pipeline(source, bound, tar.stdin, { signal });
  const piped = whole.catch((error: unknown) => {
    // It stops reading where the archive says that it ends, or it has failed and says so itself.
    if (closedEarly.has((error as NodeJS.ErrnoException).code ?? '')) return;
    tar.kill();
    throw error;
  });
  const [result] = await Promise.allSettled([piped, ended]);
  if (result.status === 'rejected') throw result.reason;
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(said.trim().split('\n').at(-1) ?? `tar exited ${code}`);
}

async function unzip(archive: string, folder: string, bound: Bound, signal?: AbortSignal): Promise<void> {
  // yauzl refuses names that are absolute or lead out of the folder.
  const zip = await yauzl.openPromise(archive);
  for await (const entry of zip.eachEntry()) {
    signal?.throwIfAborted();
    const path = join(folder, entry.fileName);
    if (entry.fileName.endsWith('/')) {
      await mkdir(path, { recursive: true });
      continue;
    }
    await mkdir(dirname(path), { recursive: true });
    const content: Readable = await zip.openReadStreamPromise(entry);
    await pipeline(content, bound, createWriteStream(path, { flags: 'wx' }), { signal });
  }
}
