/** Reads a data file, plain or gz, within a bound, so that neither a small file nor a false header becomes a large memory. */
import { existsSync } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, gunzip, gunzipSync } from 'node:zlib';
import { PolyakError } from '../../common/errors.js';

/** As much as Node reads at once. */
const fileBytesMax = 2 ** 31 - 1;
/** Data are packed to a tenth, seldom to a fiftieth; only what is all the same is packed to a thousandth. */
const packedRatioMax = 200;
const unpackedBytesMin = 2 ** 26;
/** Enough for the header of any file that we know, packed or not. */
const beginningBytes = 4096;

interface ReadOptions {
  /** The key of the experiment that names the file. */
  key?: string;
  bytesMax?: number;
}

/** The whole content. Errors: `data`, naming the path. */
export async function readDataFile(path: string, options: ReadOptions = {}): Promise<Buffer> {
  const { key = 'data.path', bytesMax = fileBytesMax } = options;
  const fileBytes = await sizeOf(path, key);
  if (fileBytes > bytesMax) {
    throw new PolyakError('data', `${path}: has ${fileBytes} bytes, the most is ${bytesMax}`);
  }
  const bytes = await readFile(path);
  if (!isGzip(bytes)) return bytes;
  const unpackedMax = Math.min(bytesMax, Math.max(packedRatioMax * fileBytes, unpackedBytesMin));
  return await unpack(path, bytes, unpackedMax, `that ${fileBytes} bytes of data may hold`);
}

/**
 * The content of a file whose header promises its length: `promised` is given the first bytes and answers with the
 * bytes of the whole, which are compared before anything is allocated. Errors: `data`.
 */
export async function readPromisedFile(path: string, promised: (beginning: Buffer) => number): Promise<Buffer> {
  const fileBytes = await sizeOf(path, 'data.path');
  const beginning = await readBeginning(path);
  const packed = isGzip(beginning);
  const expected = promised(packed ? unpackBeginning(path, beginning) : beginning);
  if (expected > fileBytesMax) {
    throw new PolyakError('data', `${path}: its header promises ${expected} bytes, the most is ${fileBytesMax}`);
  }
  const bytes = packed ? await unpack(path, await readFile(path), expected, 'that its header promises') : undefined;
  const found = bytes?.length ?? fileBytes;
  if (found !== expected) {
    throw new PolyakError('data', `${path}: has ${found} bytes, its header promises ${expected}`);
  }
  return bytes ?? (await readFile(path));
}

/** The first of the names that exists in the folder. Errors: `data`, listing what was looked for. */
export async function findFile(folder: string, names: string[]): Promise<string> {
  await requireFolder(folder);
  const found = names.map((name) => `${folder}/${name}`).find((path) => existsSync(path));
  if (found === undefined) {
    throw new PolyakError('data', `data.path: '${folder}' has none of ${names.join(', ')}`);
  }
  return found;
}

/** Errors: `data` when there is none. */
export async function requireFolder(path: string, key = 'data.path'): Promise<void> {
  const info = await stat(path).catch(() => undefined);
  if (!info) throw new PolyakError('data', `${key}: '${path}' does not exist`);
  if (!info.isDirectory()) throw new PolyakError('data', `${key}: '${path}' is a file, a folder belongs there`);
}

async function sizeOf(path: string, key: string): Promise<number> {
  const info = await stat(path).catch(() => undefined);
  if (!info) throw new PolyakError('data', `${key}: '${path}' does not exist`);
  if (!info.isFile()) throw new PolyakError('data', `${key}: '${path}' is a folder, a file belongs there`);
  return info.size;
}

async function readBeginning(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(beginningBytes), 0, beginningBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function unpackBeginning(path: string, beginning: Buffer): Buffer {
  try {
    return gunzipSync(beginning, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw unpackError(path, error);
  }
}

async function unpack(path: string, bytes: Buffer, bytesMax: number, why: string): Promise<Buffer> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: Math.max(bytesMax, 1) });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      throw new PolyakError('data', `${path}: unpacks to more than the ${bytesMax} bytes ${why}`);
    }
    throw unpackError(path, error);
  }
}

function unpackError(path: string, error: unknown): PolyakError {
  const why = error instanceof Error ? error.message : String(error);
  return new PolyakError('data', `${path}: cannot be unpacked: ${why}`, { cause: error });
}
