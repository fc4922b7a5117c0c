/** A worker's connections in one incarnation of a trial: which chunk goes to which shard, and what comes back from each. */
import { setTimeout as delay } from 'node:timers/promises';
import { leadShardOf, shardOfChunk } from '../common/chunk-layout.js';
import type { Transport } from '../common/chunk-streams.js';
import { PolyakError } from '../common/errors.js';
import { vectors, type ChunkFrame, type VectorNumber } from '../common/frame.js';
import type { Logger } from '../common/log.js';
import type { TlsFiles } from '../common/tls/tls-files.js';
import type { TreeNode } from '../common/reduction-tree.js';
import type { Answered } from './push-link.js';
import { ShardLink, type LinkOptions } from './shard-link.js';
import { readVector } from './weights-link.js';

const readPauseMs = 200;

export interface IncarnationOptions {
  trialKey: Buffer;
  number: number;
  /** Addresses in the order of shard numbers. */
  shards: string[];
  transport: Transport;
  tls: TlsFiles | undefined;
  /** Chunks of the trial's weights. */
  chunkCount: number;
  onWeights: (frame: ChunkFrame) => void;
  /** Called once: the trial is in another incarnation. */
  onFenced: (message: string) => void;
  log: Logger;
}

/** A node cut into chunks, ready to be sent. */
export interface Push {
  vector: VectorNumber;
  step: number;
  node: TreeNode;
  chunks: { data: Uint8Array; checksum: number }[];
}

export class Incarnation {
  private readonly over = new AbortController();
  private readonly links = new Map<number, ShardLink>();
  private readonly running: Promise<unknown>;

  constructor(private readonly options: IncarnationOptions) {
    for (const shard of this.owners()) {
      this.links.set(shard, new ShardLink(this.linkOptions(shard), options.onWeights));
    }
    this.running = Promise.all([...this.links.values()].map((link) => link.run()));
  }

  get number(): number {
    return this.options.number;
  }

  get shards(): string[] {
    return this.options.shards;
  }

  get signal(): AbortSignal {
    return this.over.signal;
  }

  /** Whether these connections are the ones wanted. */
  is(number: number, shards: readonly string[]): boolean {
    return !this.signal.aborted && number === this.number && shards.join() === this.options.shards.join();
  }

  /** Sends every chunk to its shard; `done` when all are answered, or the incarnation is over. */
  push({ vector, step, node, chunks }: Push, done: Answered): void {
    const { trialKey, number } = this.options;
    let left = chunks.length;
    let refusal: string | undefined;
    const answered = (refused?: string) => {
      refusal ??= refused;
      left -= 1;
      if (left === 0) done(refusal);
    };
    for (const [chunk, { data, checksum }] of chunks.entries()) {
      const shard = vector === vectors.preprocess ? this.leadShard : this.shardOf(chunk);
      const place = { step, chunk, firstLeaf: node.first, leaves: node.leaves };
      const frame = { trialKey, incarnation: number, vector, ...place, checksum, data };
      this.linkTo(shard).push(frame, answered);
    }
  }

  /**
   * Reads the running average from all shards, or the preprocessing mean from the lead, from the beginning again when a
   * stream breaks. False when the signal aborts or the incarnation is over.
   */
  async read(
    vector: 'AVERAGE' | 'PREPROCESS',
    onFrame: (frame: ChunkFrame) => void,
    signal: AbortSignal = this.signal,
  ): Promise<boolean> {
    const shards = vector === 'PREPROCESS' ? [this.leadShard] : this.owners();
    while (!signal.aborted && !this.signal.aborted) {
      const attempt = new AbortController();
      const wanted = { signal: AbortSignal.any([this.signal, attempt.signal]) };
      try {
        const read = (shard: number) => readVector({ ...this.linkOptions(shard), ...wanted }, vector, onFrame);
        await Promise.all(shards.map(read));
        return true;
      } catch (error) {
        // What the other shards still send must not mix with what comes of the next attempt.
        attempt.abort();
        const { onFenced, onBreak } = this.linkOptions(this.leadShard);
        if (error instanceof PolyakError && error.code === 'fenced') onFenced(error.message);
        else onBreak(error);
        await delay(readPauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
    return false;
  }

  async close(): Promise<void> {
    this.over.abort();
    await this.running;
  }

  private get leadShard(): number {
    return leadShardOf(this.options.trialKey, this.options.shards.length);
  }

  private shardOf(chunk: number): number {
    const { trialKey, chunkCount, shards } = this.options;
    return shardOfChunk(trialKey, chunk, chunkCount, shards.length);
  }

  private owners(): number[] {
    return [...new Set(Array.from({ length: this.options.chunkCount }, (_, chunk) => this.shardOf(chunk)))];
  }

  private linkTo(shard: number): ShardLink {
    const link = this.links.get(shard);
    if (!link) throw new Error(`there is no link to shard ${shard}`);
    return link;
  }

  private linkOptions(shard: number): LinkOptions {
    const { trialKey, number, shards, transport, tls, log } = this.options;
    const address = shards[shard];
    if (address === undefined) throw new PolyakError('protocol', `shard ${shard} has no address`);
    return {
      address,
      transport,
      tls,
      trialKey,
      incarnation: number,
      signal: this.signal,
      log,
      onFenced: (message) => {
        if (this.signal.aborted) return;
        this.over.abort();
        this.options.onFenced(message);
      },
      onBreak: (error) => {
        const reason = error instanceof Error ? error.message : String(error);
        log.info({ shard: address, reason }, 'a data stream broke; trying again');
      },
    };
  }
}
