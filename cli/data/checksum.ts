/** Whether a file is the one that is meant. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { DataFile } from './data-sets.js';

/** Bytes that a gzip bomb may not pass. */
const contentBytesMax = 1 << 30;

/** What is wrong with it, in words; undefined for the right file. */
export async function checksumProblem(file: string, { checksum }: DataFile): Promise<string | undefined> {
  const { of, sha256 } = checksum;
  const hash = createHash('sha256');
  let bytes = 0;
  const count = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > contentBytesMax) throw new Error(`unpacks to more than ${contentBytesMax} bytes`);
      yield chunk;
    }
  };
  const input = createReadStream(file);
  try {
    if (of === 'content') await pipeline(input, createGunzip(), count, hash);
    else await pipeline(input, hash);
  } catch (error) {
    return `cannot be unpacked: ${(error as Error).message}`;
  }
  const found = hash.digest('hex');
  const what = of === 'content' ? 'its content has ' : '';
  return found === sha256 ? undefined : `${what}sha256 ${found}, expected ${sha256}`;
}
