/**
 * The weights as they arrive, chunk by chunk, in two buffers that take turns: the model reads one while newer chunks are
 * written to the other, so no gradient ever sees weights of two versions.
 */
import type { ChunkSpec } from '../common/chunk-layout.js';
import { PolyakError } from '../common/errors.js';
import type { ChunkFrame } from '../common/frame.js';
import type { VectorKernels } from '../common/kernels/vector-kernels.js';
import { withResolvers } from '../common/with-resolvers.js';
import type { TrialMemory } from './trial-memory.js';

export interface WeightsOptions {
  memory: TrialMemory;
  chunks: readonly ChunkSpec[];
  kernels: VectorKernels;
  /** Makes the model read from this byte offset; the compute thread does nothing else meanwhile. */
  load: (offset: number) => Promise<void>;
}

/** Copies a frame's floats to `offset` plus the chunk's place. Errors: `protocol`; the chunk is spoiled then. */
export function writeChunk(
  { memory, kernels }: Pick<WeightsOptions, 'memory' | 'kernels'>,
  chunk: { offset: number; length: number } | undefined,
  offset: number,
  frame: ChunkFrame,
): void {
  if (!chunk || frame.data.length !== chunk.length * 4) {
    const expected = chunk ? `${chunk.length * 4} bytes` : 'no such chunk';
    throw new PolyakError(
      'protocol',
      `chunk ${frame.chunk} came with ${frame.data.length} bytes, expected ${expected}`,
    );
  }
  const at = offset + chunk.offset * 4;
  memory.bytes(at, frame.data.length).set(frame.data);
  const checksum = kernels.checksum(at, chunk.length);
  if (checksum !== frame.checksum) {
    throw new PolyakError(
      'protocol',
      `chunk ${frame.chunk} has checksum ${checksum}, its frame says ${frame.checksum}`,
    );
  }
}

export class Weights {
  /** Versions of the chunks in the buffer that is being written. */
  private arriving: Int32Array;
  /** Which buffer the model reads, and what is in it. */
  private reading = { buffer: 1, version: -1 };
  /** What the model has loaded: a version, or something else. */
  private loaded: { version: number; done: Promise<void> } | undefined;
  private inUse = false;
  private newest = -1;
  private readonly changed = new Set<() => void>();

  constructor(private readonly options: WeightsOptions) {
    this.arriving = new Int32Array(options.chunks.length).fill(-1);
  }

  /** Forgets all versions: a new incarnation begins. */
  reset(): void {
    this.arriving.fill(-1);
    this.reading.version = -1;
    this.loaded = undefined;
    this.newest = -1;
  }

  /** Errors: `protocol`. */
  receive(frame: ChunkFrame): void {
    const known = this.arriving[frame.chunk];
    if (known !== undefined && frame.step < known) return;
    this.arriving[frame.chunk] = -1;
    writeChunk(this.options, this.options.chunks[frame.chunk], this.offsetOf(1 - this.reading.buffer), frame);
    this.arriving[frame.chunk] = frame.step;
    this.newest = Math.max(this.newest, frame.step);
    this.swapIfWhole();
    for (const wake of this.changed) wake();
  }

  /**
   * Waits until the model has the weights of `step`, and keeps them until `giveBack`. False when they cannot be had any
   * more, since some chunk is beyond, or when the signal aborts.
   */
  async waitFor(step: number, signal: AbortSignal): Promise<boolean> {
    while (this.reading.version !== step) {
      if (signal.aborted || this.newest > step) return false;
      await this.change(signal);
    }
    this.inUse = true;
    await this.load();
    return true;
  }

  /** The model reads other weights for a while, such as the average. */
  async borrow(offset: number): Promise<void> {
    this.inUse = true;
    this.loaded = undefined;
    await this.options.load(offset);
  }

  giveBack(): void {
    this.inUse = false;
    this.swapIfWhole();
  }

  private offsetOf(buffer: number): number {
    return this.options.memory.weights[buffer === 0 ? 0 : 1];
  }

  /** As soon as the buffer that is written is whole and nobody computes; so the last whole version is always kept. */
  private swapIfWhole(): void {
    const version = this.arriving[0] ?? -1;
    if (this.inUse || version <= this.reading.version || !this.arriving.every((at) => at === version)) return;
    this.arriving.fill(-1);
    this.reading = { buffer: 1 - this.reading.buffer, version };
    this.load().catch(() => undefined);
  }

  private async load(): Promise<void> {
    const { buffer, version } = this.reading;
    if (this.loaded?.version !== version) {
      this.loaded = { version, done: this.options.load(this.offsetOf(buffer)) };
    }
    await this.loaded.done;
  }

  private async change(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = withResolvers<void>();
    const wake = () => resolve();
    this.changed.add(wake);
    signal.addEventListener('abort', wake, { once: true });
    await promise;
    this.changed.delete(wake);
    signal.removeEventListener('abort', wake);
  }
}
