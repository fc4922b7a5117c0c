/**
 * Brings one file by HTTP. What has arrived lies in a partial file, from where the next attempt goes on if the server
 * still has the same bytes. Whether it is the right file is not decided here.
 */
import { createWriteStream, existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PolyakError } from '../../../common/errors.js';
import {
  ChangedOnServer,
  validatorOf,
  withRetries,
  withoutSilence,
  type RemoteTarget,
} from '../../../common/remote/http.js';

/** Bytes that are there, and in all, where that is known. */
export type OnBytes = (done: number, total: number | undefined) => void;

export interface DownloadOptions {
  onBytes?: OnBytes;
  /** Of the answer that brings bytes. */
  onHeaders?: (headers: Headers) => void;
  signal?: AbortSignal;
}

/**
 * Errors: `unreachable` when the server cannot be reached or breaks off again and again, `data` when it refuses;
 * ChangedOnServer.
 */
export async function download(target: RemoteTarget, partial: string, options: DownloadOptions = {}): Promise<void> {
  const isFurther = async () => await sizeOf(partial);
  await withRetries(target, options.signal, isFurther, async () => await downloadOnce(target, partial, options));
}

async function downloadOnce(target: RemoteTarget, partial: string, options: DownloadOptions): Promise<void> {
  const { onBytes = () => undefined, onHeaders = () => undefined, signal } = options;
  const done = await sizeOf(partial);
  await withoutSilence(signal, async (unlessSilent, heard) => {
    const response = await fetch(await target.request(headersFor(target, done)), { signal: unlessSilent });
    // Nothing is left after what is there, or the file is another one by now: whoever verifies it can tell.
    if (response.status === 416 && (target.bytes === undefined || target.bytes === done)) return;
    const resumed = response.status === 206 && rangeStart(response) === done;
    if (response.status === 416 || (response.status === 206 && !resumed)) {
      await rm(partial, { force: true });
      throw new Error(`the server answered ${response.status} to bytes from ${done} on`);
    }
    if (!response.ok || !response.body) throw await target.refusal(response);
    requireUnchanged(target, response);
    onHeaders(response.headers);
    const length = Number(response.headers.get('content-length') ?? Number.NaN);
    const from = resumed ? done : 0;
    const total = Number.isFinite(length) ? from + length : target.bytes;
    if (target.bytes !== undefined && total !== undefined && total !== target.bytes) throw new ChangedOnServer();
    await append(Readable.fromWeb(response.body as never), partial, from, total, (bytes, all) => {
      heard();
      onBytes(bytes, all);
    });
    if (total !== undefined && (await sizeOf(partial)) < total) throw new Error('the connection broke off');
  });
}

function headersFor({ validator }: RemoteTarget, done: number): Record<string, string> {
  if (done === 0) return {};
  return { range: `bytes=${done}-`, ...(validator !== undefined && { 'if-range': validator }) };
}

function requireUnchanged({ validator }: RemoteTarget, response: Response): void {
  const found = validatorOf(response.headers);
  if (validator !== undefined && found !== undefined && found !== validator) throw new ChangedOnServer();
}

/** Behind what is there, or anew where `from` is 0. Errors: of the disk, and of a file that is longer than `total`. */
export async function append(
  input: Readable,
  partial: string,
  from: number,
  total: number | undefined,
  onBytes: OnBytes,
): Promise<void> {
  let done = from;
  const counted = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      done += chunk.length;
      onBytes(done, total);
      yield chunk;
    }
  };
  await pipeline(input, counted, createWriteStream(partial, { flags: from > 0 ? 'a' : 'w' })).catch(rethrowDisk);
}

/** A full disk is not mended by another attempt. */
function rethrowDisk(error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EFBIG') throw error;
  throw new PolyakError('exhausted', `the disk is full: ${message}`, { cause: error });
}

function rangeStart(response: Response): number {
  return Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? Number.NaN);
}

export async function sizeOf(file: string): Promise<number> {
  return existsSync(file) ? (await stat(file)).size : 0;
}
