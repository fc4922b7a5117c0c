/**
 * Many callers, one transaction: what comes while a transaction is under way goes together into the next one, in order.
 * It knows nothing of databases. Rows must not be changed by their owner until the call has ended.
 */
import { withResolvers } from '../../common/with-resolvers.js';
import type { Change } from './rows.js';

interface Waiting {
  changes: readonly Change[];
  resolve: () => void;
  reject: (error: Error) => void;
}

export class GroupCommit {
  /** How many were begun. */
  transactions = 0;
  private waiting: Waiting[] = [];
  private underWay: Promise<void> | undefined;
  private failure: Error | undefined;

  /** `write` puts all changes on disk, or none. It is not called again before it has ended, and never after an error. */
  constructor(private readonly write: (changes: readonly Change[]) => Promise<void>) {}

  /** Errors: that of the first transaction that failed, for all that were in it and all that come later. */
  async commit(changes: readonly Change[]): Promise<void> {
    if (this.failure) throw this.failure;
    const { promise, resolve, reject } = withResolvers<void>();
    this.waiting.push({ changes, resolve, reject });
    this.underWay ??= this.writeAll();
    await promise;
  }

  /** Lets what has been asked for end; whatever comes later fails with `error`. */
  async close(error: Error): Promise<void> {
    await this.underWay;
    this.failure ??= error;
  }

  private async writeAll(): Promise<void> {
    // What else has come from the network by now goes with it.
    await new Promise(setImmediate);
    while (this.waiting.length > 0) {
      const group = this.waiting;
      this.waiting = [];
      await this.writeGroup(group);
    }
    this.underWay = undefined;
  }

  private async writeGroup(group: Waiting[]): Promise<void> {
    try {
      if (this.failure) throw this.failure;
      this.transactions += 1;
      await this.write(group.length === 1 ? group[0]!.changes : group.flatMap(({ changes }) => changes));
      for (const { resolve } of group) resolve();
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      this.failure ??= error;
      for (const { reject } of group) reject(error);
    }
  }
}
