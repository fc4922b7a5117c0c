/**
 * Where every change goes on its way to the store. What is decided in memory is committed here, and told to those who follow
 * when it is on disk. A store that fails ends the coordinator: what it has in mind is ahead of what is kept.
 */
import { PolyakError } from '../common/errors.js';
import type { Change, LogRow, SweepRow } from './store/rows.js';
import type { Store } from './store/store.js';

export interface CommitListener {
  log(row: LogRow): void;
  sweep(row: SweepRow): void;
}

export class Ledger {
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: Pick<Store, 'commit'>,
    private readonly listener: CommitListener,
    private readonly fail: (error: PolyakError) => void,
  ) {}

  /** Errors: those of Store.commit; then the coordinator ends. */
  async commit(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return;
    try {
      this.last = this.store.commit(changes);
      await this.last;
    } catch (error) {
      const failure =
        error instanceof PolyakError ? error : new PolyakError('internal', String(error), { cause: error });
      this.fail(failure);
      throw failure;
    }
    for (const change of changes) {
      if (change.table === 'log') this.listener.log(change.row);
      else if (change.table === 'sweeps') this.listener.sweep(change.row);
    }
  }

  /** Resolves when all that was committed before is on disk. Errors: as `commit`. */
  async settled(): Promise<void> {
    await this.last;
  }

  /** Of a change that nobody waits for. */
  commitSoon(changes: readonly Change[]): void {
    this.commit(changes).catch(() => undefined);
  }
}
