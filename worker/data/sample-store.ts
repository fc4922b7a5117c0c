/** The shared memory that holds all samples, one behind the other: a source may decode straight into it. */
import { PolyakError } from '../../common/errors.js';

const pageBytes = 65_536;
const pagesMax = 65_536;
const growthPages = 64;

/** A WebAssembly memory has 4 GiB, and the batches want some of it. */
export const sampleBytesMax = 3.5 * 2 ** 30;

export class SampleStore {
  /** Byte offset of the first sample. */
  static readonly start = 1024;

  readonly memory = new WebAssembly.Memory({ initial: 1, maximum: pagesMax, shared: true });
  private end = SampleStore.start;

  /** Room for so many bytes, directly behind those before. Errors: `exhausted`. */
  reserve(bytes: number): Uint8Array {
    const start = this.end;
    const all = start - SampleStore.start + bytes;
    if (all > sampleBytesMax) {
      throw new PolyakError('exhausted', `data.path: its samples take ${all} bytes, the most is ${sampleBytesMax}`);
    }
    this.end += bytes;
    const missing = Math.ceil((this.end - this.memory.buffer.byteLength) / pageBytes);
    if (missing > 0) this.memory.grow(Math.max(missing, growthPages));
    return this.view(start, bytes);
  }

  view(start: number, bytes: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, start, bytes);
  }

  holds({ buffer }: ArrayBufferView): boolean {
    // A grown memory has another buffer object over the same bytes.
    return buffer instanceof SharedArrayBuffer;
  }

  /** The first byte behind the samples that begins a page. */
  get freeFrom(): number {
    return Math.ceil(this.end / pageBytes) * pageBytes;
  }
}
