/** What is to be done about a run that has failed: again, or not, or not even with the rest of the sweep. */

/** Such as a server that was out of reach for too long; all else says of the experiment that it does not work. */
const transient: ReadonlySet<string> = new Set(['unreachable', 'internal', 'fenced', 'setup']);

export function mayPass(code: string): boolean {
  return transient.has(code);
}

export function backoffMs(retries: number): number {
  return Math.min(60_000, 1000 * 2 ** retries);
}

export interface FailureRecord {
  error: string;
  count: number;
}

/** Trials that fail one after another by the same error. */
export class SameFailures {
  private last: string;
  private count: number;

  constructor({ error, count }: FailureRecord = { error: '', count: 0 }) {
    this.last = error;
    this.count = count;
  }

  record(): FailureRecord {
    return { error: this.last, count: this.count };
  }

  /** How many there are now. */
  add(message: string): number {
    // Numbers and keys differ from trial to trial.
    const error = message.replace(/[0-9a-f]{16}|\d+/g, '#');
    this.count = error === this.last ? this.count + 1 : 1;
    this.last = error;
    return this.count;
  }

  /** Whether that changes anything. */
  succeeded(): boolean {
    const hadFailed = this.count > 0;
    this.count = 0;
    this.last = '';
    return hadFailed;
  }
}
