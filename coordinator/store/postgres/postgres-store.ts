/**
 * A store in a PostgreSQL database. One connection writes and another reads. Each transaction first takes the row of the
 * coordinator's epoch, which keeps younger coordinators waiting, and numbers itself there: a transaction of which the
 * connection was lost before its end was told is found by its number, and not written again.
 */
import { fencedError, startedEvent } from '../coordinator-epoch.js';
import { GroupCommit } from '../group-commit.js';
import type { Change } from '../rows.js';
import type { OpenState, Store } from '../store.js';
import { postgresAddress } from './postgres-address.js';
import { postgresBatches } from './postgres-batches.js';
import { PostgresConnection, type Patience, type Querying } from './postgres-connection.js';
import { migratePostgres } from './postgres-migrations.js';
import { PostgresStoreReader } from './postgres-reader.js';

export class PostgresStore extends PostgresStoreReader implements Store {
  private readonly group = new GroupCommit(async (changes) => await this.write(changes));
  private written = 0;

  private constructor(
    private readonly name: string,
    private readonly writing: PostgresConnection,
    reading: PostgresConnection,
    readonly coordinatorEpoch: number,
  ) {
    super(reading);
  }

  static async take(url: string, process: string, patience: Patience): Promise<PostgresStore> {
    const address = postgresAddress(url);
    const writing = new PostgresConnection(address, patience);
    const reading = new PostgresConnection(address, patience);
    try {
      await writing.open();
      await migratePostgres(writing, address);
      await reading.open();
      const epoch = await writing.transaction('BEGIN', async (on) => await raiseEpoch(on, process));
      return new PostgresStore(address.name, writing, reading, epoch);
    } catch (error) {
      await Promise.all([reading.close(), writing.close()]);
      throw error;
    }
  }

  get transactions(): number {
    return this.group.transactions;
  }

  async open(): Promise<OpenState> {
    return await this.openState();
  }

  async commit(changes: readonly Change[]): Promise<void> {
    await this.group.commit(changes);
  }

  async assertCurrent(): Promise<void> {
    this.writing.requireOpen();
    const { epoch } = await this.writing.transaction('BEGIN READ ONLY', coordinatorRow);
    if (epoch !== this.coordinatorEpoch) throw fencedError(this.coordinatorEpoch, epoch);
  }

  override async close(): Promise<void> {
    await this.group.close(new Error(`store '${this.name}' has been closed`));
    await Promise.all([this.reading.close(), this.writing.close()]);
  }

  private async write(changes: readonly Change[]): Promise<void> {
    const number = this.written + 1;
    await this.writing.transaction('BEGIN', async (on) => {
      if (!(await this.number(on, number))) return;
      for (const { sql, values } of postgresBatches(changes)) await on.query(sql, values);
    });
    this.written = number;
  }

  /** False: the transaction of that number is there already. Errors: `fenced`. */
  private async number(on: Querying, number: number): Promise<boolean> {
    const { rowCount } = await on.query(
      "UPDATE epochs SET commits = $2 WHERE name = 'coordinator' AND epoch = $1 AND commits = $2 - 1",
      [this.coordinatorEpoch, number],
    );
    if (rowCount === 1) return true;
    const { epoch, commits } = await coordinatorRow(on);
    if (epoch !== this.coordinatorEpoch) throw fencedError(this.coordinatorEpoch, epoch);
    if (commits !== number) throw new Error(`store '${this.name}' has commit ${commits}, not ${number}`);
    return false;
  }
}

async function raiseEpoch(on: Querying, process: string): Promise<number> {
  const { rows } = await on.query<{ epoch: number }>(
    `INSERT INTO epochs (name, epoch, process) VALUES ('coordinator', 1, $1) ON CONFLICT (name) DO UPDATE
     SET epoch = epochs.epoch + 1, process = excluded.process, commits = 0 RETURNING epoch`,
    [process],
  );
  const { epoch } = rows[0]!;
  const event: Change = { table: 'events', row: startedEvent(epoch, process) };
  for (const { sql, values } of postgresBatches([event])) await on.query(sql, values);
  return epoch;
}

async function coordinatorRow(on: Querying): Promise<{ epoch: number; commits: number }> {
  const { rows } = await on.query<{ epoch: number; commits: number }>(
    "SELECT epoch, commits FROM epochs WHERE name = 'coordinator'",
  );
  return rows[0] ?? { epoch: 0, commits: 0 };
}
