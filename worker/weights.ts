/**
 * The weights as they arrive, chunk by chunk, in two buffers that take turns: the model reads one while newer chunks are
 * written to the other, so no gradient ever sees weights of two versions. A chunk that is a version ahead of the others
 * waits in a third buffer: the others may yet have to be computed from the version that it has left.
 */
import type { ChunkSpec } from '../common/chunk-layout.js';
import { copyBytes } from '../common/copy-bytes.js';
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
  copyBytes(memory.bytes(at, frame.data.length), frame.data);
  const checksum = kernels.checksum(at, chunk.length);
  if (checksum !== frame.checksum) {
    throw new PolyakError(
      'protocol',
      `chunk ${frame.chunk} has checksum ${checksum}, its frame says ${frame.checksum}`,
    );
  }
}

export class Weights {
  /** Versions of the chunks in the buffer that is being written; -1 for none. */
  private readonly arriving: Int32Array;
  /** Versions of the chunks that are ahead. */
  private readonly ahead: Int32Array;
  /** The version that is being collected, and how many chunks have it. */
  private target = -1;
  private atTarget = 0;
  /** Which buffer the model reads, what is in it, and whether anybody has waited for that. */
  private reading = { buffer: 1, version: -1, isTaken: true };
  /** What the model has loaded: a version, or something else. */
  private loaded: { version: number; done: Promise<void> } | undefined;
  private inUse = false;
  private readonly changed = new Set<() => void>();

  constructor(private readonly options: WeightsOptions) {
    this.arriving = new Int32Array(options.chunks.length).fill(-1);
    this.ahead = new Int32Array(options.chunks.length).fill(-1);
  }

  /** Forgets all versions: a new incarnation begins. */
  reset(): void {
    this.arriving.fill(-1);
    this.ahead.fill(-1);
    this.target = -1;
    this.atTarget = 0;
    Object.assign(this.reading, { version: -1, isTaken: true });
    this.loaded = undefined;
  }

  /** Errors: `protocol`. */
  receive(frame: ChunkFrame): void {
    const { chunk, step } = frame;
    // Else it would begin a version that is whole already, and the next one would wait behind it for ever.
    if (step <= this.reading.version) return;
    const known = this.arriving[chunk];
    if (known === undefined || step > known) {
      const isAhead = known !== undefined && known !== -1 && known === this.target;
      if (isAhead) this.write(this.ahead, this.options.memory.ahead, frame);
      else {
        this.write(this.arriving, this.offsetOf(1 - this.reading.buffer), frame);
        this.arrived(step);
      }
    }
    this.swapIfDue();
    for (const wake of this.changed) wake();
  }

  /**
   * Waits until the model is taking the weights of `step`, and keeps them until `giveBack`. False when they cannot be had
   * any more, since some chunk is beyond, or when the signal aborts.
   */
  async waitFor(step: number, signal: AbortSignal): Promise<boolean> {
    while (this.reading.version !== step) {
      if (signal.aborted || Math.max(this.target, this.reading.version) > step) return false;
      if (!this.swapIfWhole()) await this.change(signal);
    }
    this.inUse = true;
    this.reading.isTaken = true;
    this.load();
    return true;
  }

  /** Rejects when the model could not take the weights. What the compute thread is asked now it does after that. */
  get taken(): Promise<void> {
    return this.loaded?.done ?? Promise.resolve();
  }

  /** The model reads other weights for a while, such as the average. */
  async borrow(offset: number): Promise<void> {
    this.inUse = true;
    this.loaded = undefined;
    await this.options.load(offset);
  }

  giveBack(): void {
    this.inUse = false;
    this.swapIfDue();
  }

  private offsetOf(buffer: number): number {
    return this.options.memory.weights[buffer === 0 ? 0 : 1];
  }

  private write(versions: Int32Array, offset: number, frame: ChunkFrame): void {
    if (frame.step < (versions[frame.chunk] ?? -1)) return;
    if (versions === this.arriving && this.arriving[frame.chunk] === this.target) this.atTarget -= 1;
    versions[frame.chunk] = -1;
    writeChunk(this.options, this.options.chunks[frame.chunk], offset, frame);
    versions[frame.chunk] = frame.step;
  }

  /** A chunk of this version is in the buffer that is written. A shard sends older versions first, while it has them. */
  private arrived(version: number): void {
    if (version === this.target) this.atTarget += 1;
    if (version <= this.target) return;
    this.target = version;
    // No chunk will come at the version before: what waited is due.
    for (const chunk of this.arriving.keys()) if (this.arriving[chunk] !== this.target) this.takeAhead(chunk);
    this.atTarget = this.arriving.filter((at) => at === this.target).length;
  }

  private takeAhead(chunk: number): void {
    const version = this.ahead[chunk] ?? -1;
    const spec = this.options.chunks[chunk];
    if (version < 0 || !spec) return;
    const { memory } = this.options;
    const to = this.offsetOf(1 - this.reading.buffer) + spec.offset * 4;
    memory.bytes(to, spec.length * 4).set(memory.bytes(memory.ahead + spec.offset * 4, spec.length * 4));
    this.arriving[chunk] = version;
    this.ahead[chunk] = -1;
    this.target = Math.max(this.target, version);
  }

  /**
   * A version that nobody has waited for yet is kept: where the shards send it with the next one close behind, the step that
   * they have taken is still to be computed, since who did it has died unheard.
   */
  private swapIfDue(): void {
    if (this.reading.isTaken) this.swapIfWhole();
  }

  /** Where the buffer that is written is whole and nobody computes; so the last whole version is always kept. */
  private swapIfWhole(): boolean {
    const { target } = this;
    if (this.inUse || target <= this.reading.version || this.atTarget < this.options.chunks.length) return false;
    this.reading = { buffer: 1 - this.reading.buffer, version: target, isTaken: false };
    this.arriving.fill(-1);
    this.target = -1;
    for (const chunk of this.ahead.keys()) this.takeAhead(chunk);
    this.atTarget = this.target < 0 ? 0 : this.arriving.filter((at) => at === this.target).length;
    this.load();
    return true;
  }

  private load(): void {
    const { buffer, version } = this.reading;
    if (this.loaded?.version === version) return;
    this.loaded = { version, done: this.options.load(this.offsetOf(buffer)) };
    this.loaded.done.catch(() => undefined);
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
