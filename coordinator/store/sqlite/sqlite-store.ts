/**
 * A store in a SQLite file. One connection writes and another reads, each on a thread of its own, so that neither a sync of
 * the disk nor a long read holds up the caller or each other.
 */
import { GroupCommit } from '../group-commit.js';
import type { Change, EventRow, LogRow, ReportRow, RunRow, SweepRow, TrialRow } from '../rows.js';
import type { OpenState, Store, StoreReader, TrialPage, TrialQuery } from '../store.js';
import { trialSort } from '../trial-sort.js';
import { SqliteConnection } from './sqlite-connection.js';
import type { SqliteReader } from './sqlite-reader.js';
import type { SqliteWriter } from './sqlite-writer.js';
import { writesOf } from './sqlite-writes.js';

/** Copying what is sent holds up the caller: by some ten milliseconds for so many. */
const changesPerMessage = 2048;

export class SqliteStoreReader implements StoreReader {
  protected constructor(protected readonly reading: SqliteConnection<SqliteReader>) {}

  static async open(path: string): Promise<SqliteStoreReader> {
    return new SqliteStoreReader(await openReading(path));
  }

  async sweeps(): Promise<SweepRow[]> {
    return await this.reading.call('sweeps');
  }

  async trials(query: TrialQuery): Promise<TrialPage> {
    trialSort(query);
    return await this.reading.call('trials', query);
  }

  async trial(sweep: string, number: number): Promise<TrialRow | undefined> {
    return await this.reading.call('trial', sweep, number);
  }

  async runs(of: { sweep: string; trial: number } | 'alone'): Promise<RunRow[]> {
    return await this.reading.call('runs', of);
  }

  async run(key: string): Promise<RunRow | undefined> {
    return await this.reading.call('run', key);
  }

  async reports(run: string): Promise<ReportRow[]> {
    return await this.reading.call('reports', run);
  }

  async log(sweep: string, from: number, limit: number): Promise<LogRow[]> {
    return await this.reading.call('log', sweep, from, limit);
  }

  async events(from: number, limit: number): Promise<EventRow[]> {
    return await this.reading.call('events', from, limit);
  }

  async close(): Promise<void> {
    await this.reading.close();
  }
}

export class SqliteStore extends SqliteStoreReader implements Store {
  private readonly group: GroupCommit;

  private constructor(
    private readonly path: string,
    private readonly writing: SqliteConnection<SqliteWriter>,
    reading: SqliteConnection<SqliteReader>,
    readonly coordinatorEpoch: number,
  ) {
    super(reading);
    this.group = new GroupCommit(async (changes) => await this.write(changes));
  }

  static async take(path: string, process: string): Promise<SqliteStore> {
    const writing = new SqliteConnection<SqliteWriter>({ mode: 'write', path, process });
    const epoch = await openedOrClosed(writing);
    try {
      return new SqliteStore(path, writing, await openReading(path), epoch);
    } catch (error) {
      await writing.close();
      throw error;
    }
  }

  get transactions(): number {
    return this.group.transactions;
  }

  async open(): Promise<OpenState> {
    return await this.reading.call('open');
  }

  async commit(changes: readonly Change[]): Promise<void> {
    await this.group.commit(changes);
  }

  async assertCurrent(): Promise<void> {
    await this.writing.call('assertCurrent');
  }

  override async close(): Promise<void> {
    await this.group.close(new Error(`store '${this.path}' has been closed`));
    // The last connection to a file tidies up behind itself, and only one that writes can.
    await this.reading.close();
    await this.writing.close();
  }

  private async write(changes: readonly Change[]): Promise<void> {
    let sent = 0;
    for (; changes.length - sent > changesPerMessage; sent += changesPerMessage) {
      await this.writing.call('stage', writesOf(changes.slice(sent, sent + changesPerMessage)));
    }
    await this.writing.call('commit', writesOf(sent === 0 ? changes : changes.slice(sent)));
  }
}

async function openReading(path: string): Promise<SqliteConnection<SqliteReader>> {
  const reading = new SqliteConnection<SqliteReader>({ mode: 'read', path });
  await openedOrClosed(reading);
  return reading;
}

async function openedOrClosed(
  connection: SqliteConnection<SqliteReader> | SqliteConnection<SqliteWriter>,
): Promise<number> {
  try {
    return await connection.opened;
  } catch (error) {
    await connection.close();
    throw error;
  }
}
