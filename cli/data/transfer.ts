/**
 * Brings one file to its place: from a folder, or by HTTP. What has arrived lies beside it as `.partial`, from where the
 * next attempt goes on. Whether it is the right file is not decided here.
 */
import { createWriteStream, existsSync } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PolyakError } from '../../common/errors.js';

/** Bytes that are there, and in all, where that is known. */
export type OnBytes = (done: number, total: number | undefined) => void;

const attemptsMax = 4;
const silenceMsMax = 30_000;

export async function copyFile(source: string, partial: string, onBytes: OnBytes): Promise<void> {
  const total = (await stat(source)).size;
  let done = await sizeOf(partial);
  if (done > total) {
    await rm(partial);
    done = 0;
  }
  const handle = await open(source, 'r');
  try {
    const input = handle.createReadStream({ start: done, autoClose: false });
    await append(input, partial, done, total, onBytes);
  } finally {
    await handle.close();
  }
}

/** Errors: `unreachable` when the server cannot be reached or breaks off again and again, `data` when it refuses. */
export async function download(url: string, partial: string, onBytes: OnBytes): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const before = await sizeOf(partial);
    try {
      return await downloadOnce(url, partial, onBytes);
    } catch (error) {
      if (error instanceof PolyakError && error.code !== 'unreachable') throw error;
      const reason = reasonOf(error);
      // A connection that breaks off but got further is worth another attempt.
      const further = (await sizeOf(partial)) > before;
      if (attempt >= attemptsMax || (!further && attempt > 1)) {
        throw new PolyakError('unreachable', `${url}: ${reason}; what has arrived is kept, the same command goes on`, {
          cause: error,
        });
      }
    }
  }
}

async function downloadOnce(url: string, partial: string, onBytes: OnBytes): Promise<void> {
  const done = await sizeOf(partial);
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(new Error('silent for 30 s')), silenceMsMax);
  const heard: OnBytes = (bytes, total) => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new Error('silent for 30 s')), silenceMsMax);
    onBytes(bytes, total);
  };
  try {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (done > 0) headers['range'] = `bytes=${done}-`;
    const response = await fetch(url, { headers, signal: silence.signal });
    // Nothing is left after what is there, or the file is another one by now: the checksum tells.
    if (response.status === 416) return;
    if (!response.ok || !response.body) throw refused(url, response.status);
    const resumed = response.status === 206 && rangeStart(response) === done;
    if (response.status === 206 && !resumed) throw refused(url, response.status);
    const length = Number(response.headers.get('content-length') ?? Number.NaN);
    const from = resumed ? done : 0;
    const total = Number.isFinite(length) ? from + length : undefined;
    await append(Readable.fromWeb(response.body as never), partial, from, total, heard);
    if (total !== undefined && (await sizeOf(partial)) < total) throw new Error('the connection broke off');
  } finally {
    clearTimeout(timer);
  }
}

async function append(input: Readable, partial: string, from: number, total: number | undefined, onBytes: OnBytes) {
  let done = from;
  const counted = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      done += chunk.length;
      onBytes(done, total);
      yield chunk;
    }
  };
  await pipeline(input, counted, createWriteStream(partial, { flags: from > 0 ? 'a' : 'w' }));
}

function refused(url: string, status: number): PolyakError {
  const code = status >= 500 || status === 429 ? 'unreachable' : 'data';
  const way = 'POLYAK_DATA_URL names another server, --from takes files that are here already';
  return new PolyakError(code, `${url}: the server answered ${status}; ${way}`);
}

function rangeStart(response: Response): number {
  return Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? Number.NaN);
}

async function sizeOf(file: string): Promise<number> {
  return existsSync(file) ? (await stat(file)).size : 0;
}

/** fetch hides the reason in causes. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${reasonOf(error.cause)}` : error.message;
}
