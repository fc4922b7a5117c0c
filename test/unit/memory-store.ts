/** A store in memory, for what is decided on rows and needs no disk. What it is given it copies, as a disk would. */
import type { Change, EventRow, LogRow, ReportRow, RunRow, SweepRow, TrialRow } from '../../coordinator/store/rows.js';
import { isOver } from '../../coordinator/run-state.js';
import type { StoreReader, TrialPage, TrialQuery } from '../../coordinator/store/store.js';

export class MemoryStore implements StoreReader {
  private readonly sweepRows = new Map<string, SweepRow>();
  private readonly runRows = new Map<string, RunRow>();
  private readonly trialRows = new Map<string, TrialRow>();
  private readonly logRows: LogRow[] = [];
  private readonly eventRows: EventRow[] = [];
  private reportRows: ReportRow[] = [];

  commit(changes: readonly Change[]): void {
    for (const change of structuredClone(changes)) this.write(change);
  }

  /** As a coordinator reads them when it starts. */
  openRuns(): RunRow[] {
    const isOpen = (run: RunRow) => {
      const status = this.trialRows.get(`${run.sweep} ${run.trial}`)?.status;
      return !isOver(run.state) || status === 'running' || status === 'paused';
    };
    return structuredClone([...this.runRows.values()].filter(isOpen));
  }

  async sweeps(): Promise<SweepRow[]> {
    return await Promise.resolve(structuredClone([...this.sweepRows.values()]));
  }

  async trials({ sweep }: TrialQuery): Promise<TrialPage> {
    const rows = [...this.trialRows.values()].filter((row) => row.sweep === sweep);
    const sorted = structuredClone(rows).toSorted((left, right) => left.number - right.number);
    return await Promise.resolve({ rows: sorted, total: rows.length });
  }

  async trial(sweep: string, number: number): Promise<TrialRow | undefined> {
    return await Promise.resolve(structuredClone(this.trialRows.get(`${sweep} ${number}`)));
  }

  async runs(of: { sweep: string; trial: number } | 'alone'): Promise<RunRow[]> {
    const fits = (run: RunRow) =>
      of === 'alone' ? run.sweep === null : run.sweep === of.sweep && run.trial === of.trial;
    return await Promise.resolve(structuredClone([...this.runRows.values()].filter(fits)));
  }

  async run(key: string): Promise<RunRow | undefined> {
    return await Promise.resolve(structuredClone(this.runRows.get(key)));
  }

  async reports(run: string): Promise<ReportRow[]> {
    return await Promise.resolve(structuredClone(this.reportRows.filter((row) => row.run === run)));
  }

  async log(sweep: string, from: number, limit: number): Promise<LogRow[]> {
    const rows = this.logRows.filter((row) => row.sweep === sweep && row.sequence >= from);
    return await Promise.resolve(structuredClone(rows.slice(0, limit)));
  }

  async events(from: number, limit: number): Promise<EventRow[]> {
    return await Promise.resolve(structuredClone(this.eventRows.slice(from, from + limit)));
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  private write(change: Change): void {
    if ('forget' in change) {
      const { run, kind } = change.forget;
      this.reportRows = this.reportRows.filter((row) => row.run !== run || row.kind !== kind);
    } else if (change.table === 'runs') this.runRows.set(change.row.key, change.row);
    else if (change.table === 'sweeps') this.sweepRows.set(change.row.key, change.row);
    else if (change.table === 'trials') this.trialRows.set(`${change.row.sweep} ${change.row.number}`, change.row);
    else if (change.table === 'log') this.append(change.row);
    else if (change.table === 'reports') this.reportRows.push({ at: null, ...change.row });
    else if (change.table === 'events') this.eventRows.push(change.row);
  }

  private append(row: LogRow): void {
    const { length } = this.logRows.filter(({ sweep }) => sweep === row.sweep);
    if (row.sequence !== length) throw new Error(`entry ${row.sequence} is logged where ${length} is next`);
    this.logRows.push(row);
  }
}
