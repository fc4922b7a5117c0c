/** What a sweep has to commit: collected while an event is handled, given out at its end. */
import type { LogEntry } from '../search/log.js';
import { eventChange } from '../store/event-change.js';
import { copyOfTrial } from '../store/row-copies.js';
import type { Change, SweepRow } from '../store/rows.js';
import type { SweepRecord } from './sweep-settings.js';
import type { ActiveTrial } from './trial-book.js';

export class SweepRows {
  private changes: Change[] = [];
  private readonly touched = new Set<ActiveTrial>();
  private sequence = 0;

  /** `record` is what the sweep's row holds as JSON, as it is when it is written. */
  constructor(
    private readonly row: SweepRow,
    private readonly record: () => SweepRecord,
  ) {}

  /** Entries of the log so far. */
  get logLength(): number {
    return this.sequence;
  }

  restore(logLength: number): void {
    this.sequence = logLength;
  }

  collect(handle: () => void): Change[] {
    this.changes = [];
    this.touched.clear();
    handle();
    const { changes } = this;
    this.changes = [];
    // Once each, however often something about it has changed.
    for (const { row, runs } of this.touched) {
      row.computeSeconds = runs.reduce((sum, { computeSeconds }) => sum + computeSeconds, 0);
      changes.push({ table: 'trials', row: copyOfTrial(row) });
    }
    return changes;
  }

  add(changes: readonly Change[]): void {
    this.changes.push(...changes);
  }

  /** The row is written as it is when the event has been handled. */
  touch(trial: ActiveTrial): void {
    this.touched.add(trial);
  }

  /** The sweep's own row. */
  write(): void {
    this.row.settings = JSON.stringify(this.record());
    this.changes.push({ table: 'sweeps', row: { ...this.row } });
  }

  note(what: string, detail: Record<string, unknown>): void {
    this.changes.push(eventChange(what, this.row.key, detail));
  }

  log(entry: LogEntry): void {
    this.changes.push({ table: 'log', row: { sweep: this.row.key, sequence: this.sequence, entry } });
    this.sequence += 1;
  }
}
