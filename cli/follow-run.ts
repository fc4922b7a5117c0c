/** A run seen through its coordinator, which may go away and come back: submit, follow its events to the end, stop. */
import { setTimeout as delay } from 'node:timers/promises';
import { PolyakError } from '../common/errors.js';
import { coordinatorClient, unary } from '../common/rpc.js';
import type { TlsFiles } from '../common/tls/tls-files.js';
import type { CoordinatorClient } from '../proto/gen/polyak/v1/Coordinator.js';
import { followStream, outOfReach, retryMs } from './follow-stream.js';

/** An event of a run, as `--json` prints it. */
export interface RunEvent {
  event: string;
  [member: string]: unknown;
}

export interface Submission {
  trialKey: Buffer;
  experiment: string;
  directory: string;
  untilStep: number;
  shards: number;
}

const ends = new Set(['finished', 'diverged', 'failed', 'stopped']);
/** Whether it is a run's last event. */
export function isRunEnd({ event }: { event: string }): boolean {
  return ends.has(event);
}

const callMsMax = 5000;

export class RunFollower {
  private readonly client: CoordinatorClient;
  private readonly peer: string;

  /** `patienceMs` is how long the coordinator may be out of reach. The connection is plain without `tls`. */
  constructor(
    coordinator: string,
    private readonly trialKey: Buffer,
    private readonly patienceMs: number,
    tls?: TlsFiles,
  ) {
    this.client = coordinatorClient(coordinator, tls);
    this.peer = `coordinator ${coordinator}`;
  }

  async submit(submission: Submission, signal: AbortSignal): Promise<void> {
    await insist(this.patienceMs, signal, (deadline) =>
      unary(this.peer, (callback) => this.client.submit(submission, { deadline }, callback)),
    );
  }

  async stop(signal: AbortSignal): Promise<void> {
    const { trialKey } = this;
    await insist(this.patienceMs, signal, (deadline) =>
      unary(this.peer, (callback) => this.client.stop({ trialKey }, { deadline }, callback)),
    );
  }

  /** Every event once, until the last, which is also the answer. */
  async follow(onEvent: (event: RunEvent) => void, signal: AbortSignal): Promise<RunEvent> {
    const { trialKey, peer, patienceMs } = this;
    // The coordinator tells all that it has stored again on each call, in the same order.
    let seen = 0;
    let position = 0;
    return await followStream({
      ...{ peer, patienceMs, signal },
      open: () => {
        position = 0;
        return this.client.watch({ trialKey });
      },
      receive: (body) => {
        const event = JSON.parse(body) as RunEvent;
        if (event.event === 'progress') {
          onEvent(event);
          return undefined;
        }
        position += 1;
        if (position <= seen) return undefined;
        seen = position;
        onEvent(event);
        return isRunEnd(event) ? event : undefined;
      },
    });
  }

  close(): void {
    this.client.close();
  }
}

/** Calls again while there is no answer; so the call must be one that may be repeated. Errors: as the call's last. */
export async function insist<Reply>(
  patienceMs: number,
  signal: AbortSignal,
  call: (deadline: number) => Promise<Reply>,
): Promise<Reply> {
  const until = Date.now() + patienceMs;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await call(Date.now() + callMsMax);
    } catch (error) {
      if (!(error instanceof PolyakError) || error.code !== 'unreachable') throw error;
      if (Date.now() > until) throw outOfReach(error, patienceMs);
      await delay(retryMs, undefined, { signal });
    }
  }
}
