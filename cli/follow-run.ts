/** A run seen through its coordinator, which may go away and come back: submit, follow its events to the end, stop. */
import { setTimeout as delay } from 'node:timers/promises';
import { PolyakError } from '../common/errors.js';
import { coordinatorClient, fromServiceError, unary } from '../common/rpc.js';
import type { CoordinatorClient } from '../proto/gen/polyak/v1/Coordinator.js';
import type { RunEvent__Output } from '../proto/gen/polyak/v1/RunEvent.js';

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

const retryMs = 200;
const callMsMax = 5000;

export class RunFollower {
  private readonly client: CoordinatorClient;
  private readonly peer: string;

  /** `patienceMs` is how long the coordinator may be out of reach. */
  constructor(
    coordinator: string,
    private readonly trialKey: Buffer,
    private readonly patienceMs: number,
  ) {
    this.client = coordinatorClient(coordinator);
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
    // The coordinator tells all that it has stored again on each call, in the same order.
    let seen = 0;
    let reachableAt = Date.now();
    for (;;) {
      let position = 0;
      let last: RunEvent | undefined;
      const receive = (body: string) => {
        const event = JSON.parse(body) as RunEvent;
        reachableAt = Date.now();
        if (event.event === 'progress') return onEvent(event);
        position += 1;
        if (position <= seen) return;
        seen = position;
        onEvent(event);
        if (isRunEnd(event)) last = event;
      };
      const error = await this.watch(receive, signal);
      if (last) return last;
      signal.throwIfAborted();
      if (error && error.code !== 'unreachable' && error.code !== 'internal') throw error;
      if (!error) reachableAt = Date.now();
      else if (Date.now() - reachableAt > this.patienceMs) throw outOfReach(error, this.patienceMs);
      await delay(retryMs, undefined, { signal });
    }
  }

  close(): void {
    this.client.close();
  }

  private async watch(receive: (body: string) => void, signal: AbortSignal): Promise<PolyakError | undefined> {
    const stream = this.client.watch({ trialKey: this.trialKey });
    const cancel = () => stream.cancel();
    signal.addEventListener('abort', cancel);
    try {
      return await new Promise((resolve) => {
        stream.on('data', ({ body }: RunEvent__Output) => receive(body));
        stream.on('error', (error) => resolve(fromServiceError(error, this.peer)));
        stream.on('end', () => resolve(undefined));
      });
    } finally {
      signal.removeEventListener('abort', cancel);
    }
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

function outOfReach(error: PolyakError, patienceMs: number): PolyakError {
  if (error.code !== 'unreachable') return error;
  const seconds = `${Math.ceil(patienceMs / 1000)} s`;
  const way = "is the address right, and does a 'polyak coordinator' run there?";
  return new PolyakError(
    'unreachable',
    `${error.message.replace(/ Resolution note: $/, '')} (for ${seconds}); ${way}`,
    {
      cause: error,
    },
  );
}
