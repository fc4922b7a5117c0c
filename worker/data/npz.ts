/**
 * NumPy's .npz format: a zip archive of .npy files, stored or deflated. Every offset is checked before it is followed,
 * and nothing is allocated that the array's own header does not promise.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, crc32, inflateRaw, inflateRawSync } from 'node:zlib';
import { PolyakError } from '../../common/errors.js';
import { decodeNpy, promisedNpyBytes, type NpyArray } from '../../common/npy.js';

const endSignature = 0x06054b50;
const endBytes = 22;
const commentBytesMax = 65_535;
const end64Signature = 0x06064b50;
const end64Bytes = 56;
const locatorSignature = 0x07064b50;
const locatorBytes = 20;
const entrySignature = 0x02014b50;
const entryBytes = 46;
const localSignature = 0x04034b50;
const localBytes = 30;
const directoryBytesMax = 1 << 24;
const beginningBytes = 4096;
/** As much as Node holds in one buffer that it reads at once. */
const arrayBytesMax = 2 ** 31 - 1;
const unset = 0xffffffff;

interface Entry {
  isEncrypted: boolean;
  /** 0 is stored, 8 deflated. */
  method: number;
  crc: number;
  packedBytes: number;
  bytes: number;
  localOffset: number;
}

export class NpzFile {
  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly fileBytes: number,
    /** By the array's name. */
    private readonly entries: Map<string, Entry>,
  ) {}

  /** Errors: `data` for what is no such archive. */
  static async open(path: string, key = 'data.path'): Promise<NpzFile> {
    const file = await open(path).catch((error: unknown) => {
      throw new PolyakError('data', `${key}: '${path}' does not exist, or cannot be read`, { cause: error });
    });
    try {
      const info = await file.stat();
      if (!info.isFile()) throw new PolyakError('data', `${key}: '${path}' is a folder, a file belongs there`);
      return new NpzFile(path, file, info.size, await readDirectory(file, info.size, path));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get names(): string[] {
    return [...this.entries.keys()];
  }

  /** Errors: `data`; `key` names the option that names the array. */
  async read(name: string, key: string): Promise<NpyArray> {
    const entry = this.entries.get(name);
    if (!entry) {
      const there = this.names.length === 0 ? 'it is empty' : `it has ${this.names.slice(0, 20).join(', ')}`;
      throw new PolyakError('data', `${key}: '${name}' is no array of ${this.path}; ${there}`);
    }
    const place = `${this.path}[${name}]`;
    return decodeNpy(await this.unpack(entry, place), place);
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private async unpack(entry: Entry, place: string): Promise<Buffer> {
    const { method, isEncrypted, bytes, crc } = entry;
    if (isEncrypted) throw new PolyakError('data', `${place}: is encrypted`);
    if (method !== 0 && method !== 8) {
      throw new PolyakError('data', `${place}: is packed by method ${method}; stored and deflated arrays are read`);
    }
    const start = await this.dataOffset(entry, place);
    const beginning = await this.slice(start, Math.min(entry.packedBytes, beginningBytes), place);
    const promised = promisedNpyBytes(method === 0 ? beginning : inflateBeginning(beginning, place), place);
    if (promised !== bytes || (method === 0 && entry.packedBytes !== bytes)) {
      throw new PolyakError('data', `${place}: has ${bytes} bytes, its header promises ${promised}`);
    }
    if (promised > arrayBytesMax) {
      throw new PolyakError('data', `${place}: has ${promised} bytes, the most is ${arrayBytesMax}`);
    }
    const packed = await this.slice(start, entry.packedBytes, place);
    const whole = method === 0 ? packed : await inflate(packed, bytes, place);
    if (whole.length !== bytes || crc32(whole) !== crc) {
      throw new PolyakError('data', `${place}: is torn, its checksum is not that of its values`);
    }
    return whole;
  }

  private async dataOffset({ localOffset }: Entry, place: string): Promise<number> {
    const local = await this.slice(localOffset, localBytes, place);
    if (local.readUInt32LE(0) !== localSignature) {
      throw new PolyakError('data', `${place}: is torn, the archive has no such entry where its directory says`);
    }
    return localOffset + localBytes + local.readUInt16LE(26) + local.readUInt16LE(28);
  }

  private async slice(offset: number, bytes: number, place: string): Promise<Buffer> {
    if (offset + bytes > this.fileBytes) {
      const found = `the archive has ${this.fileBytes} bytes, ${offset + bytes} are needed`;
      throw new PolyakError('data', `${place}: is torn, ${found}`);
    }
    return await readAt(this.file, offset, bytes);
  }
}

async function readAt(file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  for (let filled = 0; filled < bytes;) {
    const { bytesRead } = await file.read(buffer, filled, bytes - filled, offset + filled);
    if (bytesRead === 0) return buffer.subarray(0, filled);
    filled += bytesRead;
  }
  return buffer;
}

async function readDirectory(file: FileHandle, fileBytes: number, path: string): Promise<Map<string, Entry>> {
  const { offset, bytes, count } = await findDirectory(file, fileBytes, path);
  if (bytes > directoryBytesMax || offset + bytes > fileBytes) {
    throw new PolyakError('data', `${path}: is torn, its directory would have ${bytes} bytes at ${offset}`);
  }
  const directory = await readAt(file, offset, bytes);
  const entries = new Map<string, Entry>();
  let at = 0;
  for (let index = 0; index < count; index++) {
    const next = at + entryBytes <= directory.length ? entryEnd(directory, at) : Infinity;
    if (next > directory.length || directory.readUInt32LE(at) !== entrySignature) {
      throw new PolyakError('data', `${path}: is torn, its directory ends after ${index} of ${count} arrays`);
    }
    const nameEnd = at + entryBytes + directory.readUInt16LE(at + 28);
    const name = directory.toString('utf8', at + entryBytes, nameEnd);
    if (name.endsWith('.npy')) entries.set(name.slice(0, -4), entryAt(directory, at, nameEnd));
    at = next;
  }
  return entries;
}

function entryEnd(directory: Buffer, at: number): number {
  return at + entryBytes + [28, 30, 32].reduce((sum, field) => sum + directory.readUInt16LE(at + field), 0);
}

function entryAt(directory: Buffer, at: number, nameEnd: number): Entry {
  const extra = directory.subarray(nameEnd, nameEnd + directory.readUInt16LE(at + 30));
  const large = largeNumbers(extra);
  // What does not fit 32 bits stands in the extra field, in this order.
  const number = (field: number) => {
    const value = directory.readUInt32LE(at + field);
    return value === unset ? (large.shift() ?? value) : value;
  };
  const bytes = number(24);
  const packedBytes = number(20);
  return {
    isEncrypted: (directory.readUInt16LE(at + 8) & 1) === 1,
    method: directory.readUInt16LE(at + 10),
    crc: directory.readUInt32LE(at + 16),
    ...{ bytes, packedBytes, localOffset: number(42) },
  };
}

function largeNumbers(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length;) {
    const bytes = extra.readUInt16LE(at + 2);
    const field = extra.subarray(at + 4, at + 4 + bytes);
    if (extra.readUInt16LE(at) === 1) {
      return Array.from({ length: Math.floor(field.length / 8) }, (_, index) =>
        Number(field.readBigUInt64LE(index * 8)),
      );
    }
    at += 4 + bytes;
  }
  return [];
}

interface Directory {
  offset: number;
  bytes: number;
  count: number;
}

/** Its place stands in the archive's last record, before a comment of unknown length. */
async function findDirectory(file: FileHandle, fileBytes: number, path: string): Promise<Directory> {
  const tailBytes = Math.min(fileBytes, endBytes + commentBytesMax + locatorBytes);
  const tail = await readAt(file, fileBytes - tailBytes, tailBytes);
  for (let at = tail.length - endBytes; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== endSignature || at + endBytes + tail.readUInt16LE(at + 20) !== tail.length) continue;
    const [count, bytes, offset] = [tail.readUInt16LE(at + 10), tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)];
    if (count !== 0xffff && bytes !== unset && offset !== unset) return { offset, bytes, count };
    if (at < locatorBytes || tail.readUInt32LE(at - locatorBytes) !== locatorSignature) break;
    const place = Number(tail.readBigUInt64LE(at - locatorBytes + 8));
    if (place + end64Bytes > fileBytes) break;
    const end = await readAt(file, place, end64Bytes);
    if (end.readUInt32LE(0) !== end64Signature) break;
    const large = (field: number) => Number(end.readBigUInt64LE(field));
    return { count: large(32), bytes: large(40), offset: large(48) };
  }
  throw new PolyakError(
    'data',
    `${path}: is no .npz file, or its end is missing: it has no directory of a zip archive`,
  );
}

function inflateBeginning(beginning: Buffer, place: string): Buffer {
  try {
    return inflateRawSync(beginning, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw cannotUnpack(place, error);
  }
}

async function inflate(packed: Buffer, bytes: number, place: string): Promise<Buffer> {
  try {
    return await promisify(inflateRaw)(packed, { maxOutputLength: Math.max(1, bytes) });
  } catch (error) {
    throw cannotUnpack(place, error);
  }
}

function cannotUnpack(place: string, error: unknown): PolyakError {
  const why = error instanceof Error ? error.message : String(error);
  return new PolyakError('data', `${place}: cannot be unpacked: ${why}`, { cause: error });
}
