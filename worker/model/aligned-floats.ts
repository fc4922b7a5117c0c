/**
 * Float arrays aligned as TensorFlow wants them, so that a tensor made of one uses its memory in place. The memory is
 * used again by the next who asks on this thread.
 */
import { MemoryPool } from '../memory-pool.js';

const pageBytes = 65536;
const alignmentBytes = 64;

/** Of this thread: the models that are built on it one after another. */
export const modelMemories = new MemoryPool();

export interface AlignedFloats {
  /** Their content is arbitrary. */
  arrays: Float32Array[];
  /** Nobody uses the arrays any more, no tensor either; to be called once. */
  release: () => void;
}

/** One array for each length, all in one block. */
export function alignedFloats(lengths: readonly number[]): AlignedFloats {
  const slotBytes = (length: number) => Math.ceil((length * 4) / alignmentBytes) * alignmentBytes;
  const bytes = lengths.reduce((sum, length) => sum + slotBytes(length), 0);
  // A WebAssembly memory begins at a page; an ArrayBuffer begins anywhere.
  const memory = modelMemories.take(Math.max(1, Math.ceil(bytes / pageBytes)));
  let start = 0;
  const arrays = lengths.map((length) => {
    const floats = new Float32Array(memory.buffer, start, length);
    start += slotBytes(length);
    return floats;
  });
  return { arrays, release: () => modelMemories.give(memory) };
}
