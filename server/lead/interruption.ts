/** What can end an incarnation while its lead waits for something else, and how the lead's waiting notices. */
import { PolyakError } from '../../common/errors.js';

/** The incarnation is over because a shard is gone; the next one begins from the newest checkpoint. */
export class Rollback extends Error {}

/** Another process leads the trial: nothing is to be said about it from here any more. */
export class Replaced extends Error {}

/** Somebody wants the trial to end where its newest checkpoint is. */
export class Stopped extends Error {}

/** The process is to end: the trial goes on elsewhere, from its newest checkpoint. */
export class Drained extends Error {}

/** The trial has ended for good, with this event. */
export class TrialEnd extends Error {
  constructor(readonly event: Record<string, unknown>) {
    super(String(event['event']));
  }
}

/** One for each incarnation. */
export class Interruption {
  interrupt!: (error: Error) => void;
  private readonly over = new AbortController();
  private readonly interrupted = new Promise<never>((_, reject) => (this.interrupt = reject));

  constructor() {
    this.interrupted.catch(() => this.close());
  }

  /** Aborted when the incarnation is over, however it ended. */
  get signal(): AbortSignal {
    return this.over.signal;
  }

  /** The incarnation has ended: what is still under way for it need not be done any more. */
  close(): void {
    this.over.abort();
  }

  /** Errors: what interrupts the incarnation, as well as the work's own. */
  async race<Value>(work: Promise<Value>): Promise<Value> {
    return await Promise.race([work, this.interrupted]);
  }
}

/** What is fenced is the incarnation, by one claimed since; whether the lead is, too, its shards and the coordinator say. */
export async function orRollback<Value>(work: Promise<Value>): Promise<Value> {
  return await work.catch((error: unknown) => {
    throw error instanceof PolyakError && error.code === 'fenced' ? new Rollback(error.message) : error;
  });
}
