/**
 * A process of the user's own that runs trials of one external sweep, as the coordinator sees it: its stream, and how many
 * trials it waits for. What it may have under way is bounded: a client that sends or reads too little or too much is not read.
 */
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { PolyakError } from '../../common/errors.js';
import type { WorkMessage__Output } from '../../proto/gen/polyak/v1/WorkMessage.js';
import type { WorkReply } from '../../proto/gen/polyak/v1/WorkReply.js';

export type WorkCall = ServerDuplexStream<WorkMessage__Output, WorkReply>;

/** Trials that it has or has asked for. */
const trialsMax = 1024;
/** Messages that wait for the disk; half of them are awaited before more is read. */
const pendingMax = 256;

export class WorkClient {
  lastHeardAt = Date.now();
  /** Trials that it has asked for and not been given. */
  wanted = 0;
  /** Trials that it has been given and that are not over, by their runs' keys. */
  readonly held = new Set<string>();
  /** It has been told that the sweep has ended. */
  isTold = false;
  hasLeft = false;
  private pending = 0;
  private isFull = false;

  constructor(
    readonly id: string,
    private readonly call: WorkCall,
  ) {
    call.on('drain', () => {
      this.isFull = false;
      this.readOn();
    });
  }

  /** Errors: `exhausted`. */
  ask(trials: number): void {
    const all = this.wanted + this.held.size + trials;
    if (all > trialsMax)
      throw new PolyakError('exhausted', `work: ${all} trials for one client, the most is ${trialsMax}`);
    this.wanted += trials;
  }

  send(reply: WorkReply): void {
    if (this.hasLeft || this.call.write(reply)) return;
    this.isFull = true;
    this.call.pause();
  }

  /** A message is being kept; `end` is called when it is answered. */
  begin(): void {
    this.pending += 1;
    if (this.pending === pendingMax) this.call.pause();
  }

  end(): void {
    this.pending -= 1;
    if (this.pending === pendingMax / 2) this.readOn();
  }

  close(): void {
    this.hasLeft = true;
    this.call.end();
  }

  private readOn(): void {
    if (!this.isFull && this.pending < pendingMax && !this.hasLeft) this.call.resume();
  }
}
