/**
 * One reader of a trial's weights on one shard. It holds no weights, only which chunks are due, and sends the newest
 * version of each as credit allows: a slow reader skips versions, one that stops reading costs its credit and no more.
 */
import { vectors, type ChunkFrame } from '../common/frame.js';
import type { Chunk } from './chunk.js';
import type { FrameCache, Outgoing } from './frame-cache.js';
import type { ShardTrial } from './shard-trial.js';

const creditMax = 256;
/** Frames given to the transport and not yet taken by it. */
const unsentMax = 16;

export class WeightsReader {
  private readonly due = new Set<number>();
  /** Chunks of which the version before is due as well; those go first. */
  private readonly duePrevious = new Set<number>();
  private readonly lastSent = new Map<number, number>();
  private credit = 0;
  private unsent = 0;
  private readonly onVersion = (chunk: Chunk) => {
    this.markDue(chunk.spec.index);
    this.pump();
  };

  constructor(
    private readonly trial: ShardTrial,
    private readonly which: 'weights' | 'average',
    private readonly cache: FrameCache,
    private readonly send: (frame: ChunkFrame, sent: () => void) => void,
    /** Called when a reader of the average has everything. */
    private readonly done: () => void,
  ) {
    for (const chunk of trial.chunks.keys()) this.markDue(chunk);
    if (which === 'weights') trial.readers.add(this.onVersion);
  }

  grant(credit: number): void {
    this.credit = Math.min(creditMax, this.credit + credit);
    this.pump();
  }

  close(): void {
    this.trial.readers.delete(this.onVersion);
    this.due.clear();
    this.duePrevious.clear();
  }

  private markDue(chunk: number): void {
    this.due.add(chunk);
    const previous = this.which === 'weights' ? this.trial.previous.get(chunk) : undefined;
    // While a chunk is being updated, the version that it will have left is still its present one.
    const isLeft = previous && previous.version < (this.trial.chunks.get(chunk)?.version ?? 0);
    if (isLeft && (this.lastSent.get(chunk) ?? -1) < previous.version) this.duePrevious.add(chunk);
  }

  private pump(): void {
    for (const index of this.duePrevious) {
      if (!this.maySend) return;
      this.duePrevious.delete(index);
      const previous = this.trial.previous.get(index);
      const chunk = this.trial.chunks.get(index);
      if (previous && chunk) this.sendFrame(chunk, previous);
    }
    for (const index of this.due) {
      if (!this.maySend) return;
      this.due.delete(index);
      const chunk = this.trial.chunks.get(index);
      if (chunk) this.sendFrame(chunk, this.cache.of(chunk, this.which));
    }
    if (this.which === 'average' && this.due.size === 0 && this.unsent === 0) this.done();
  }

  private get maySend(): boolean {
    return this.credit > 0 && this.unsent < unsentMax;
  }

  private sendFrame(chunk: Chunk, outgoing: Outgoing): void {
    this.credit -= 1;
    this.unsent += 1;
    this.lastSent.set(chunk.spec.index, outgoing.version);
    outgoing.retain();
    this.send(this.frame(chunk, outgoing), () => {
      outgoing.release();
      this.unsent -= 1;
      this.pump();
    });
  }

  private frame(chunk: Chunk, { data, checksum, version }: Outgoing): ChunkFrame {
    const { trialKey, incarnation } = this.trial.order;
    return {
      trialKey,
      incarnation,
      vector: vectors[this.which],
      step: version,
      chunk: chunk.spec.index,
      firstLeaf: 0,
      leaves: 0,
      checksum,
      data,
    };
  }
}
