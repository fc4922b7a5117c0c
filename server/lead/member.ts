/** A worker as the lead sees it: its control stream, when it was last heard, how fast it is. */
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { LeadMessage } from '../../proto/gen/polyak/v1/LeadMessage.js';
import type { WorkerMessage__Output } from '../../proto/gen/polyak/v1/WorkerMessage.js';

export type ControlStream = ServerDuplexStream<WorkerMessage__Output, LeadMessage>;

export class Member {
  proven = false;
  lastHeardAt: number;
  /** Moving average; the first guess only matters until the first report. */
  secondsPerLeaf = 0.1;

  constructor(
    readonly id: string,
    private readonly stream: ControlStream,
    readonly attachedAt: number,
  ) {
    this.lastHeardAt = attachedAt;
  }

  send(message: LeadMessage): void {
    if (!this.stream.writableEnded && !this.stream.cancelled) this.stream.write(message);
  }

  measured(secondsPerLeaf: number): void {
    if (secondsPerLeaf > 0) this.secondsPerLeaf += 0.3 * (secondsPerLeaf - this.secondsPerLeaf);
  }

  close(): void {
    if (!this.stream.writableEnded) this.stream.end();
  }
}
