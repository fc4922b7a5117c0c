/** The outgoing bytes of a chunk: copied once per version, immutable, shared by all readers, freed with the last. */
import { vectorKernels, type VectorKernels } from '../common/kernels/vector-kernels.js';
import type { Arena } from './arithmetic/arena.js';
import type { Chunk } from './chunk.js';

interface Outgoing {
  version: number;
  data: Buffer;
  checksum: number;
}

export class FrameCache {
  /** Weakly: when no transport holds the bytes any more, they are gone. */
  private readonly frames = new WeakMap<Chunk, { weights?: WeakRef<Outgoing>; average?: WeakRef<Outgoing> }>();
  private readonly kernels = new WeakMap<Arena, VectorKernels>();

  of(chunk: Chunk, which: 'weights' | 'average'): Outgoing {
    const known = this.frames.get(chunk) ?? {};
    const cached = known[which]?.deref();
    if (cached?.version === chunk.version) return cached;
    const outgoing = { version: chunk.version, data: chunk.copyOf(which), checksum: this.checksum(chunk, which) };
    known[which] = new WeakRef(outgoing);
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
