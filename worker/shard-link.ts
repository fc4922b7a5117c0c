/**
 * What connects a worker to one shard in one incarnation of a trial: a push stream and a weights stream, each on a
 * connection of its own, so that neither ever waits for the other.
 */
import type { Transport } from '../common/chunk-streams.js';
import type { ChunkFrame } from '../common/frame.js';
import type { Logger } from '../common/log.js';
import type { TlsFiles } from '../common/tls/tls-files.js';
import { PushLink, type Answered } from './push-link.js';
import { subscribeWeights } from './weights-link.js';

export interface LinkOptions {
  address: string;
  transport: Transport;
  /** Plain without it. */
  tls?: TlsFiles | undefined;
  trialKey: Buffer;
  incarnation: number;
  /** The shard knows of another incarnation; these streams are of no more use. */
  onFenced: (message: string) => void;
  onBreak: (error: unknown) => void;
  signal: AbortSignal;
  log: Logger;
}

export class ShardLink {
  private readonly pushLink: PushLink;

  constructor(
    private readonly options: LinkOptions,
    private readonly onFrame: (frame: ChunkFrame) => void,
  ) {
    this.pushLink = new PushLink(options);
  }

  /** The frame's bytes must not change until `answered` is called. */
  push(frame: ChunkFrame, answered: Answered): void {
    this.pushLink.push(frame, answered);
  }

  /** Until the signal aborts. */
  async run(): Promise<void> {
    await Promise.all([this.pushLink.run(), subscribeWeights(this.options, this.onFrame)]);
  }
}
