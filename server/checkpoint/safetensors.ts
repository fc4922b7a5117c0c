/**
 * The safetensors format: eight bytes of length, JSON, and the tensors' bytes. Written in one pass, read tensor by
 * tensor, every offset checked against the file's size.
 */
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { PolyakError } from '../../common/errors.js';
import { FileBytes, type ByteSource } from './byte-source.js';

const headerBytesMax = 64 << 20;
const entrySchema = z.object({
  dtype: z.literal('F32'),
  shape: z.array(z.number().int().nonnegative()),
  data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
});
const headerSchema = z.object({ __metadata__: z.record(z.string(), z.string()).optional() }).catchall(entrySchema);

export interface TensorEntry {
  dtype: string;
  shape: number[];
  /** From the end of the header. */
  data_offsets: [number, number];
}

/** What a file begins with; the tensors' bytes follow, from a multiple of 8 on. */
export function safetensorsHeader(entries: Record<string, TensorEntry>, metadata: Record<string, string>): Buffer {
  const json = Buffer.from(JSON.stringify({ __metadata__: metadata, ...entries }));
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8));
  json.copy(header, 8);
  return header;
}

/** What a file of these tensors begins with, and how many bytes it has in all. */
export function safetensorsLayout(
  tensors: readonly { name: string; bytes: Uint8Array }[],
  metadata: Record<string, string>,
): { header: Buffer; bytes: number } {
  let offset = 0;
  const entries = tensors.map(({ name, bytes }) => {
    const from = offset;
    offset += bytes.length;
    return [name, { dtype: 'F32', shape: [bytes.length / 4], data_offsets: [from, offset] }] as [string, TensorEntry];
  });
  const header = safetensorsHeader(Object.fromEntries(entries), metadata);
  return { header, bytes: header.length + offset };
}

/** Writes to a new file and syncs it. Answers with its size in bytes. */
export async function writeSafetensors(
  file: string,
  tensors: { name: string; bytes: Uint8Array }[],
  metadata: Record<string, string>,
): Promise<number> {
  const layout = safetensorsLayout(tensors, metadata);
  const handle = await open(file, 'w');
  try {
    // All of it, or an error: one write of what a full disk has no room for writes a part and says nothing.
    await handle.writeFile(layout.header);
    for (const { bytes } of tensors) await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return layout.bytes;
}

/** An open safetensors file. Errors: `data`, naming the file and what is wrong with it. */
export class SafetensorsReader {
  private constructor(
    readonly file: string,
    private readonly source: ByteSource,
    private readonly dataStart: number,
    private readonly entries: z.output<typeof headerSchema>,
  ) {}

  static async open(file: string): Promise<SafetensorsReader> {
    const source = await FileBytes.open(file).catch((error: unknown) => {
      throw new PolyakError('data', `${file}: cannot be opened`, { cause: error });
    });
    return await SafetensorsReader.over(file, source);
  }

  /** `file` is what messages call it. The source is closed with the reader, or where it is none. */
  static async over(file: string, source: ByteSource): Promise<SafetensorsReader> {
    try {
      const size = source.bytes;
      const length = Number((await readExactly(source, file, 0, Math.min(8, size))).readBigUInt64LE(0));
      if (length > headerBytesMax || 8 + length > size) {
        throw new PolyakError('data', `${file}: its header would have ${length} bytes, the file has ${size}`);
      }
      const json: unknown = JSON.parse((await readExactly(source, file, 8, length)).toString());
      return new SafetensorsReader(file, source, 8 + length, headerSchema.parse(json));
    } catch (error) {
      await source.close();
      if (error instanceof PolyakError) throw error;
      throw new PolyakError('data', `${file}: is no safetensors file`, { cause: error });
    }
  }

  get bytes(): number {
    return this.source.bytes;
  }

  get metadata(): Record<string, string> {
    return this.entries.__metadata__ ?? {};
  }

  /** The tensors of one chunk, without their prefix. */
  namesOf(chunk: number): string[] {
    const prefix = `chunk.${chunk}.`;
    return Object.keys(this.entries).flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  }

  async read(name: string): Promise<Buffer> {
    const entry = this.entries[name];
    if (!entry || name === '__metadata__' || !('data_offsets' in entry)) {
      throw new PolyakError('data', `${this.file}: has no tensor '${name}'`);
    }
    const [from, to] = entry.data_offsets;
    return await readExactly(this.source, this.file, this.dataStart + from, to - from);
  }

  async close(): Promise<void> {
    await this.source.close();
  }
}

async function readExactly(source: ByteSource, file: string, position: number, length: number): Promise<Buffer> {
  const { bytes } = source;
  if (length < 0 || position + length > bytes || (position === 0 && length < 8)) {
    throw new PolyakError('data', `${file}: is torn, it ends at byte ${bytes} and should reach ${position + length}`);
  }
  return await source.read(position, length);
}
