/**
 * The outgoing bytes of a chunk: copied once per version, immutable while anybody uses them, shared by all readers. The
 * buffers of weights are used again, because V8 collects its whole heap for every 64 MB of them that it allocates.
 */
import { vectorKernels, type VectorKernels } from '../common/kernels/vector-kernels.js';
import type { Arena } from './arithmetic/arena.js';
import type { Chunk } from './chunk.js';

/** Free buffers that are kept. */
const freeBytesMax = 256 << 20;

/** A chunk's bytes at one version. Who keeps it for later than now retains it, and releases it once. */
export class Outgoing {
  private users = 1;

  constructor(
    readonly version: number,
    readonly data: Buffer,
    readonly checksum: number,
    private readonly giveBack: (data: Buffer) => void,
  ) {}

  retain(): this {
    if (this.users === 0) throw new Error(`version ${this.version} has been given back`);
    this.users += 1;
    return this;
  }

  release(): void {
    this.users -= 1;
    if (this.users === 0) this.giveBack(this.data);
  }
}

export class FrameCache {
  private readonly frames = new WeakMap<Chunk, { weights?: Outgoing; average?: WeakRef<Outgoing> }>();
  private readonly kernels = new WeakMap<Arena, VectorKernels>();
  /** By length. */
  private readonly free = new Map<number, Buffer[]>();
  private freeBytes = 0;

  of(chunk: Chunk, which: 'weights' | 'average'): Outgoing {
    const known = this.frames.get(chunk) ?? {};
    const cached = which === 'weights' ? known.weights : known.average?.deref();
    if (cached?.version === chunk.version) return cached;
    this.frames.set(chunk, known);
    if (which === 'weights') {
      known.weights?.release();
      return (known.weights = this.make(chunk, which, (data) => this.giveBack(data)));
    }
    // The average's go with their last reader.
    const made = this.make(chunk, which, () => undefined);
    known.average = new WeakRef(made);
    return made;
  }

  /** It has been closed; what its readers still use goes with them. */
  forget(chunk: Chunk): void {
    this.frames.get(chunk)?.weights?.release();
    this.frames.delete(chunk);
  }

  private make(chunk: Chunk, which: 'weights' | 'average', giveBack: (data: Buffer) => void): Outgoing {
    const data = this.take(chunk.spec.length * 4);
    chunk.copyTo(data, which);
    return new Outgoing(chunk.version, data, this.checksum(chunk, which), giveBack);
  }

  private take(bytes: number): Buffer {
    const data = this.free.get(bytes)?.pop();
    if (!data) return Buffer.allocUnsafeSlow(bytes);
    this.freeBytes -= bytes;
    return data;
  }

  private giveBack(data: Buffer): void {
    if (this.freeBytes + data.length > freeBytesMax) return;
    const buffers = this.free.get(data.length) ?? [];
    this.free.set(data.length, buffers);
    buffers.push(data);
    this.freeBytes += data.length;
  }

  private checksum(chunk: Chunk, which: 'weights' | 'average'): number {
    const { arena } = chunk.memory;
    const kernels = this.kernels.get(arena) ?? vectorKernels(arena.memory);
    this.kernels.set(arena, kernels);
    return kernels.checksum(chunk.memory[which], chunk.spec.length);
  }
}
