/**
 * The runs that a coordinator has in mind: those of trials that are not over, and all that are alone. A change of a run is a change of
 * its row here and a row for the store; whoever makes it commits it before anybody acts on it.
 */
import type { Change, ReportKind, RunRow } from './store/rows.js';
import type { StoreReader } from './store/store.js';
import { hasLead, nextState, type RunTrigger } from './run-state.js';
import { eventChange } from './store/event-change.js';
import { copyOfRun } from './store/row-copies.js';

export class Runs {
  private readonly rows = new Map<string, RunRow>();
  private readonly rowsAlone = new Map<string, RunRow>();
  /** Those with a lead: running or stopping. One without shards is external and has none. */
  private readonly led = new Map<string, RunRow>();
  private readonly toStop = new Map<string, RunRow>();
  /** By run: what was reported of it, and when that was on disk. */
  private readonly reported = new Map<string, Promise<Map<string, Promise<void>>>>();

  constructor(
    private readonly store: Pick<StoreReader, 'reports' | 'run'>,
    rows: readonly RunRow[],
  ) {
    for (const row of rows) this.keep(row);
  }

  /** Of those in mind. */
  find(key: string): RunRow | undefined {
    return this.rows.get(key);
  }

  /** Of all that the store has. */
  async findAny(key: string): Promise<RunRow | undefined> {
    return this.rows.get(key) ?? (await this.store.run(key));
  }

  /** Those in mind. */
  all(): Iterable<RunRow> {
    return this.rows.values();
  }

  alone(): RunRow[] {
    return [...this.rowsAlone.values()];
  }

  ofSweep(sweep: string): RunRow[] {
    return [...this.rows.values()].filter((row) => row.sweep === sweep);
  }

  withLead(): Iterable<RunRow> {
    return this.led.values();
  }

  /** Those that are to end and have not. */
  stopping(): Iterable<RunRow> {
    return this.toStop.values();
  }

  /** A new run, of which nothing has been reported. */
  create(row: RunRow): Change[] {
    this.keep(row);
    this.reported.set(row.key, Promise.resolve(new Map()));
    const { directory, untilStep, untilEpoch, shards } = row;
    return [
      { table: 'runs', row: copyOfRun(row) },
      eventChange('run-created', row.key, { directory, untilStep, untilEpoch, shards }),
    ];
  }

  /** Errors: `usage` for what cannot follow. */
  advance(row: RunRow, trigger: RunTrigger, change: Partial<RunRow> = {}): Change[] {
    const from = row.state;
    const state = nextState(row, trigger);
    Object.assign(row, change, { state });
    this.keep(row);
    const written: Change = { table: 'runs', row: copyOfRun(row) };
    return state === from ? [written] : [written, eventChange(`run-${state}`, row.key, { from })];
  }

  /**
   * Calls `first` when nothing of that kind and step has been reported of the run, and resolves when that is on disk; the
   * same report again waits for the first.
   */
  async once(run: string, kind: ReportKind, step: number, first: () => Promise<void>): Promise<void> {
    const known = await this.reportsOf(run);
    const id = `${kind} ${step}`;
    const before = kind === 'NOTICE' ? undefined : known.get(id);
    if (before) return await before;
    const kept = first();
    known.set(id, kept);
    await kept;
  }

  /** Its end may be reported again, because it begins again. */
  forgetEnd(run: string): Change[] {
    const known = this.reported.get(run);
    if (known) {
      const without = known.then((ids) => new Map([...ids].filter(([id]) => !id.startsWith('END '))));
      this.reported.set(run, without);
    }
    return [{ table: 'reports', forget: { run, kind: 'END' } }];
  }

  private async reportsOf(run: string): Promise<Map<string, Promise<void>>> {
    const known =
      this.reported.get(run) ??
      this.store
        .reports(run)
        .then((rows) => new Map(rows.map(({ kind, step }) => [`${kind} ${step}`, Promise.resolve()])));
    this.reported.set(run, known);
    return await known;
  }

  /** Its trial is over, and it is too. */
  forget(key: string): void {
    this.rows.delete(key);
    this.led.delete(key);
    this.reported.delete(key);
  }

  private keep(row: RunRow): void {
    this.rows.set(row.key, row);
    if (row.sweep === null) this.rowsAlone.set(row.key, row);
    if (row.shards > 0 && hasLead(row.state)) this.led.set(row.key, row);
    else this.led.delete(row.key);
    if (row.state === 'stopping') this.toStop.set(row.key, row);
    else this.toStop.delete(row.key);
  }
}
