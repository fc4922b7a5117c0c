/** Submits a run to a coordinator and follows it to its end, through the coordinator's restarts. */
import { setTimeout as delay } from 'node:timers/promises';
import { fromServiceError, coordinatorClient, unary } from '../common/rpc.js';
import type { PolyakError } from '../common/errors.js';
import type { RunEvent as RunEventMessage } from '../proto/gen/polyak/v1/RunEvent.js';
import type { SubmitReply__Output } from '../proto/gen/polyak/v1/SubmitReply.js';
import type { SubmitRequest } from '../proto/gen/polyak/v1/SubmitRequest.js';

export interface RunEvent {
  event: string;
  [name: string]: unknown;
}

const ends = new Set(['finished', 'diverged', 'failed', 'stopped']);

export class RunClient {
  private readonly client;

  constructor(private readonly address: string) {
    this.client = coordinatorClient(address);
  }

  async submit(request: SubmitRequest): Promise<Buffer> {
    const deadline = Date.now() + 30_000;
    const reply = await unary<SubmitReply__Output>(this.peer, (callback) =>
      this.client.submit(request, { deadline }, callback as never),
    );
    return reply.trialKey;
  }

  async stop(trialKey: Buffer): Promise<void> {
    await unary(this.peer, (callback) => this.client.stop({ trialKey }, callback as never));
  }

  /** Calls `show` for each event once; answers with the last. */
  async follow(trialKey: Buffer, show: (event: RunEvent) => void): Promise<RunEvent> {
    const seen = new Set<string>();
    for (;;) {
      const end = await this.watchOnce(trialKey, (body) => {
        const event = JSON.parse(body) as RunEvent;
        // A new stream tells the stored events again.
        if (event.event !== 'progress') {
          if (seen.has(body)) return event;
          seen.add(body);
        }
        show(event);
        return event;
      });
      if (end) return end;
      await delay(200);
    }
  }

  close(): void {
    this.client.close();
  }

  private get peer(): string {
    return `coordinator ${this.address}`;
  }

  private async watchOnce(trialKey: Buffer, take: (body: string) => RunEvent): Promise<RunEvent | undefined> {
    return await new Promise((resolve, reject) => {
      const stream = this.client.watch({ trialKey });
      let end: RunEvent | undefined;
      stream.on('data', ({ body }: RunEventMessage) => {
        const event = take(body ?? '{}');
        if (ends.has(event.event)) end = event;
      });
      stream.on('end', () => resolve(end));
      stream.on('error', (error) => {
        const ours: PolyakError = fromServiceError(error, this.peer);
        if (ours.code === 'usage') reject(ours);
        else resolve(end);
      });
    });
  }
}
