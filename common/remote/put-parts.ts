/**
 * One PUT of bytes that lie in several places in memory, without putting them together: `fetch` would copy them, or send
 * them in chunks of unknown length, which S3 refuses.
 */
import { once } from 'node:events';
import { request as requestPlain, type IncomingMessage } from 'node:http';
import { request as requestSecure } from 'node:https';
import { PolyakError } from '../errors.js';
import { reasonOf, silenceMsMax } from './http.js';

/** Of an answer that only says how it went. */
const answerBytesMax = 64 << 10;
const sliceBytes = 1 << 20;

/** `request` is signed, and has no body. Errors: `unreachable` where the connection breaks or nothing moves for half a minute. */
export async function putParts(
  { url, headers }: Request,
  parts: readonly Uint8Array[],
  shown: string,
  signal?: AbortSignal,
): Promise<Response> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const send = url.startsWith('https:') ? requestSecure : requestPlain;
  const given = { ...Object.fromEntries(headers), 'content-length': String(length) };
  const outgoing = send(url, { method: 'PUT', headers: given, timeout: silenceMsMax, ...(signal && { signal }) });
  // Of one that is ended here nobody wants to hear.
  outgoing.on('error', () => undefined);
  outgoing.on('timeout', () => outgoing.destroy(new Error(`silent for ${silenceMsMax / 1000} s`)));
  try {
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).once('error', reject);
    });
    // Who refuses need not take the bytes first.
    const response = await Promise.race([answered, write(outgoing, parts).then(async () => await answered)]);
    return await read(response);
  } catch (error) {
    signal?.throwIfAborted();
    throw new PolyakError('unreachable', `${shown}: ${reasonOf(error)}`, { cause: error });
  } finally {
    outgoing.destroy();
  }
}

async function write(outgoing: ReturnType<typeof requestPlain>, parts: readonly Uint8Array[]): Promise<void> {
  const over = new AbortController();
  outgoing.once('response', () => over.abort()).once('close', () => over.abort());
  for (const part of parts) {
    for (let from = 0; from < part.length; from += sliceBytes) {
      if (over.signal.aborted) return;
      if (outgoing.write(part.subarray(from, from + sliceBytes))) continue;
      await once(outgoing, 'drain', { signal: over.signal }).catch(() => undefined);
    }
  }
  if (!over.signal.aborted) outgoing.end();
}

async function read(response: IncomingMessage): Promise<Response> {
  const bytes: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= answerBytesMax) bytes.push(chunk);
  }
  const headers = Object.entries(response.headers).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' ? [[name, value]] : [],
  );
  const status = response.statusCode ?? 500;
  const hasBody = status !== 204 && status !== 304;
  return new Response(hasBody ? Buffer.concat(bytes) : null, { status, headers });
}
