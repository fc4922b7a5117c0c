/**
 * The push stream to one shard. A frame is sent for each credit that the shard granted and kept until it is answered;
 * when the stream breaks, unanswered frames are sent again on the next one, which does no harm: leaves are filled once.
 */
import { openPush, type PushStream } from '../common/chunk-streams.js';
import type { ChunkFrame } from '../common/frame.js';
import type { PushReply__Output } from '../proto/gen/polyak/v1/PushReply.js';
import { keepConnected, streamEnd } from './reconnect.js';
import type { LinkOptions } from './shard-link.js';

/** With the shard's reason when it refused the frame. */
export type Answered = (refusal?: string) => void;

interface Outgoing {
  frame: ChunkFrame;
  answered: Answered;
}

/** Fault injection for tests: every frame goes out twice. */
const copies = process.env['POLYAK_TEST_SEND_TWICE'] === '1' ? 2 : 1;

export class PushLink {
  private stream: PushStream | undefined;
  private credit = 0;
  /** Bounded by the node slots of the trial's memory: each frame is a part of one. */
  private waiting: Outgoing[] = [];
  /** In the order sent, which is the order of the answers. */
  private unanswered: Outgoing[] = [];

  constructor(private readonly options: LinkOptions) {}

  /** The frame's bytes must not change until `answered` is called. */
  push(frame: ChunkFrame, answered: Answered): void {
    if (this.options.signal.aborted) {
      answered();
      return;
    }
    let left = copies;
    const oneAnswered = (refusal?: string) => {
      left -= 1;
      if (left === 0) answered(refusal);
    };
    for (let copy = 0; copy < copies; copy++) this.waiting.push({ frame, answered: oneAnswered });
    this.pump();
  }

  /** Until the signal aborts; then every frame counts as answered. */
  async run(): Promise<void> {
    const { address, transport, tls, signal, onBreak } = this.options;
    await keepConnected(
      signal,
      async () => {
        const stream = openPush(address, transport, tls);
        this.stream = stream;
        stream.on('data', (reply) => {
          if (this.stream === stream) this.receive(reply);
        });
        try {
          await streamEnd(stream, signal);
        } finally {
          this.stream = undefined;
          this.credit = 0;
          this.waiting = [...this.unanswered.splice(0), ...this.waiting];
        }
      },
      onBreak,
    );
    for (const { answered } of this.waiting.splice(0)) answered();
  }

  private receive(reply: PushReply__Output): void {
    this.credit += reply.credit;
    const refusal = reply.result === 'REFUSED' ? reply.message : undefined;
    if (reply.result !== 'NONE') this.unanswered.shift()?.answered(refusal);
    if (reply.result === 'FENCED') this.options.onFenced(reply.message);
    if (reply.result === 'REFUSED') {
      const { address, log } = this.options;
      log.warn({ shard: address, message: reply.message }, 'a push was refused');
    }
    this.pump();
  }

  private pump(): void {
    while (this.stream && this.credit > 0) {
      const next = this.waiting.shift();
      if (!next) return;
      this.credit -= 1;
      this.unanswered.push(next);
      this.stream.write(next.frame);
    }
  }
}
