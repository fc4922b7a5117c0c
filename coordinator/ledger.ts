/**
 * Where every change goes on its way to the store. What is decided in memory is committed here, and told to those who follow
 * when it is on disk. A store that fails ends the coordinator: what it has in mind is ahead of what is kept.
 */
import { PolyakError } from '../common/errors.js';
import type { Change, LogRow, RunRow, SweepRow } from './store/rows.js';
import type { Store } from './store/store.js';

export interface CommitListener {
  log(row: LogRow): void;
  sweep(row: SweepRow): void;
  run(row: RunRow): void;
}

export class Ledger {
  /** Runs of which a change is on its way: how many. */
  private readonly changing = new Map<string, number>();
  private last = Promise.resolve();

  constructor(
    private readonly store: Pick<Store, 'commit'>,
    private readonly listener: CommitListener,
    private readonly fail: (error: PolyakError) => void,
  ) {}

  /** Errors: those of Store.commit; then the coordinator ends. */
  async commit(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return;
    for (const change of changes) this.count(change, 1);
    try {
      const kept = this.store.commit(timed(changes));
      this.last = kept;
      await kept;
    } catch (error) {
      const failure =
        error instanceof PolyakError ? error : new PolyakError('internal', String(error), { cause: error });
      this.fail(failure);
      throw failure;
    }
    for (const change of changes) this.count(change, -1);
    for (const change of changes) {
      if (change.table === 'log') this.listener.log(change.row);
      else if (change.table === 'sweeps') this.listener.sweep(change.row);
      else if (change.table === 'runs') this.listener.run(change.row);
    }
  }

  /** When all that has been decided until now is on disk. Errors: as `commit`. */
  async settled(): Promise<void> {
    await this.last;
  }

  /** Whether the run is in mind what it is not yet on disk, so that nobody may be told. */
  isChanging(run: string): boolean {
    return this.changing.has(run);
  }

  /** Of a change that nobody waits for. */
  commitSoon(changes: readonly Change[]): void {
    this.commit(changes).catch(() => undefined);
  }

  private count(change: Change, by: number): void {
    if (change.table !== 'runs') return;
    const { key } = change.row;
    const count = (this.changing.get(key) ?? 0) + by;
    if (count > 0) this.changing.set(key, count);
    else this.changing.delete(key);
  }
}

/** Reports bear the time of their commit. */
function timed(changes: readonly Change[]): Change[] {
  const at = new Date().toISOString();
  return changes.map((change) =>
    change.table === 'reports' && 'row' in change ? { table: 'reports', row: { at, ...change.row } } : change,
  );
}
