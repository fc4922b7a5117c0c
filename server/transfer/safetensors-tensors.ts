/**
 * A safetensors file that was made elsewhere, as a source of weights. Nothing in it is believed: the header's length, every
 * type, shape and place is checked against the file's size before a tensor is read.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { PolyakError } from '../../common/errors.js';
import { floatsOf, isFloatType, widths } from './float-types.js';
import type { WeightSource } from './weight-source.js';

const headerBytesMax = 16 << 20;
const tensorsMax = 100_000;
const size = z.int().nonnegative();
const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(size).max(8),
  data_offsets: z.tuple([size, size]),
});
type Entry = z.output<typeof entrySchema>;

/** Errors: `data`, naming the file and what is wrong with it. */
export async function openSafetensors(file: string): Promise<WeightSource> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw new PolyakError('data', `${file}: cannot be opened`, { cause: error });
  });
  try {
    const { entries, dataStart } = await readHeader(file, handle);
    return {
      name: file,
      shapes: new Map([...entries].map(([name, { shape }]) => [name, shape])),
      read: async (name) => {
        const entry = entries.get(name);
        if (!entry) throw new Error(`${file} has no tensor ${name}`);
        const { dtype, data_offsets: offsets } = entry;
        if (!isFloatType(dtype)) throw wrong(file, `${name} is of type ${dtype}, not F32, F16 or BF16`);
        return floatsOf(await readAt(file, handle, dataStart + offsets[0], offsets[1] - offsets[0]), dtype);
      },
      sha256: async () => await sha256OfFiles([file]),
      close: async () => await handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

export async function sha256OfFiles(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) await pipeline(createReadStream(file), hash, { end: false });
  return hash.digest('hex');
}

async function readHeader(
  file: string,
  handle: FileHandle,
): Promise<{ entries: Map<string, Entry>; dataStart: number }> {
  const { size: bytes } = await handle.stat();
  if (bytes < 8) throw wrong(file, `has ${bytes} bytes, and begins with 8 of its header's length`);
  const length = (await readAt(file, handle, 0, 8)).readBigUInt64LE();
  if (length > BigInt(headerBytesMax))
    throw wrong(file, `its header would have ${length} bytes, the most is ${headerBytesMax}`);
  const dataStart = 8 + Number(length);
  if (dataStart > bytes) throw wrong(file, `its header would have ${length} bytes, the file has ${bytes}`);
  const json = parse(file, (await readAt(file, handle, 8, Number(length))).toString());
  const entries = new Map<string, Entry>();
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') continue;
    const entry = entrySchema.safeParse(value);
    if (!entry.success) throw wrong(file, `'${name}' in its header is no tensor with dtype, shape and data_offsets`);
    entries.set(name, entry.data);
  }
  if (entries.size > tensorsMax) throw wrong(file, `has ${entries.size} tensors, the most is ${tensorsMax}`);
  checkPlaces(file, entries, bytes - dataStart);
  return { entries, dataStart };
}

function parse(file: string, text: string): object {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json;
  } catch (error) {
    throw wrong(file, 'its header is no JSON', error);
  }
  throw wrong(file, 'its header is no JSON object');
}

/** Tensors lie one behind the other, each as long as its shape says, from the first byte to the last. */
function checkPlaces(file: string, entries: ReadonlyMap<string, Entry>, dataBytes: number): void {
  const inOrder = [...entries].toSorted(
    ([, left], [, right]) =>
      left.data_offsets[0] - right.data_offsets[0] || left.data_offsets[1] - right.data_offsets[1],
  );
  let at = 0;
  for (const [name, { dtype, shape, data_offsets: offsets }] of inOrder) {
    const [from, to] = offsets;
    const width = Object.hasOwn(widths, dtype) ? widths[dtype] : undefined;
    if (width === undefined) throw wrong(file, `${name} is of type '${dtype}', which safetensors does not have`);
    const expected = shape.reduce((product, each) => product * each, width);
    if (!Number.isSafeInteger(expected) || to - from !== expected) {
      throw wrong(
        file,
        `${name} of [${shape.join(', ')}] ${dtype} has ${expected} bytes, its place [${from}, ${to}) ${to - from}`,
      );
    }
    if (from !== at) throw wrong(file, `${name} begins at byte ${from} of the data, what is before it ends at ${at}`);
    if (to > dataBytes) throw wrong(file, `is torn: ${name} ends at byte ${to} of the data, there are ${dataBytes}`);
    at = to;
  }
  if (at !== dataBytes) throw wrong(file, `its tensors end at byte ${at} of the data, there are ${dataBytes}`);
}

/** Errors: `data` where the file ends before. */
export async function readAt(file: string, handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) throw wrong(file, `is torn, it ends before byte ${position + length}`);
    filled += bytesRead;
  }
  return buffer;
}

function wrong(file: string, what: string, cause?: unknown): PolyakError {
  return new PolyakError('data', `${file}: ${what}`, cause === undefined ? undefined : { cause });
}
