/**
 * The outgoing bytes of a chunk: copied once per version, immutable, shared by all readers, kept until the chunk is a
 * version on. The average's are freed with its last reader.
 */
import { vectorKernels, type VectorKernels } from '../common/kernels/vector-kernels.js';
import type { Arena } from './arithmetic/arena.js';
import type { Chunk } from './chunk.js';

export interface Outgoing {
  version: number;
  data: Buffer;
  checksum: number;
}

export class FrameCache {
  private readonly frames = new WeakMap<Chunk, { weights?: Outgoing; average?: WeakRef<Outgoing> }>();
  private readonly kernels = new WeakMap<Arena, VectorKernels>();

  of(chunk: Chunk, which: 'weights' | 'average'): Outgoing {
    const known = this.frames.get(chunk) ?? {};
    const cached = which === 'weights' ? known.weights : known.average?.deref();
    if (cached?.version === chunk.version) return cached;
    const outgoing = { version: chunk.version, data: chunk.copyOf(which), checksum: this.checksum(chunk, which) };
    if (which === 'weights') known.weights = outgoing;
    else known.average = new WeakRef(outgoing);
    this.frames.set(chunk, known);
    return outgoing;
  }

  private checksum(chunk: Chunk, which: 'weights' | 'average'): number {
    const { arena } = chunk.memory;
    const kernels = this.kernels.get(arena) ?? vectorKernels(arena.memory);
    this.kernels.set(arena, kernels);
    return kernels.checksum(chunk.memory[which], chunk.spec.length);
  }
}
