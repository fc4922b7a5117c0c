/**
 * One reader of a trial's weights on one shard. It holds no weights, only which chunks are due, and sends the newest
 * version of each as credit allows: a slow reader skips versions, one that stops reading costs its credit and no more.
 */
import { vectors, type ChunkFrame } from '../common/frame.js';
import type { Chunk } from './chunk.js';
import type { FrameCache } from './frame-cache.js';
import type { ShardTrial } from './shard-trial.js';

const creditMax = 256;
/** Frames given to the transport and not yet taken by it. */
const unsentMax = 16;

export class WeightsReader {
  private readonly due = new Set<number>();
  private credit = 0;
  private unsent = 0;
  private readonly onVersion = (chunk: Chunk) => {
    this.due.add(chunk.spec.index);
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
    for (const chunk of trial.chunks.keys()) this.due.add(chunk);
    if (which === 'weights') trial.readers.add(this.onVersion);
  }

  grant(credit: number): void {
    this.credit = Math.min(creditMax, this.credit + credit);
    this.pump();
  }

  close(): void {
    this.trial.readers.delete(this.onVersion);
    this.due.clear();
  }

  private pump(): void {
    for (const index of this.due) {
      if (this.credit === 0 || this.unsent >= unsentMax) return;
      this.due.delete(index);
      const chunk = this.trial.chunks.get(index);
      if (!chunk) continue;
      this.credit -= 1;
      this.unsent += 1;
      this.send(this.frame(chunk), () => {
        this.unsent -= 1;
        this.pump();
      });
    }
    if (this.which === 'average' && this.due.size === 0 && this.unsent === 0) this.done();
  }

  private frame(chunk: Chunk): ChunkFrame {
    const { data, checksum } = this.cache.of(chunk, this.which);
    const { trialKey, incarnation } = this.trial.order;
    return {
      trialKey,
      incarnation,
      vector: vectors[this.which],
      step: chunk.version,
      chunk: chunk.spec.index,
      firstLeaf: 0,
      leaves: 0,
      checksum,
      data,
    };
  }
}
