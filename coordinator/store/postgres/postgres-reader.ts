/** What is read of a PostgreSQL store. It makes, migrates and locks nothing. */
import type { EventRow, LogRow, ReportRow, RunRow, SweepRow, TrialRow } from '../rows.js';
import type { OpenState, StoreReader, TrialPage, TrialQuery } from '../store.js';
import { requireNewest } from '../store-version.js';
import { columnList, rowOf, type TableName, type TableRows } from '../tables.js';
import { trialSort, type TrialSort } from '../trial-sort.js';
import { postgresAddress, type PostgresAddress } from './postgres-address.js';
import { PostgresConnection, type Patience, type Querying } from './postgres-connection.js';
import { postgresVersion, versionOf } from './postgres-migrations.js';

/** Of one moment, however many queries there are. */
const snapshot = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

export class PostgresStoreReader implements StoreReader {
  protected constructor(protected readonly reading: PostgresConnection) {}

  static async open(url: string, patience: Patience): Promise<PostgresStoreReader> {
    const address = postgresAddress(url);
    const reading = new PostgresConnection(address, patience);
    await reading.open();
    try {
      await reading.transaction(snapshot, async (on) => await requireKnown(on, address));
    } catch (error) {
      await reading.close();
      throw error;
    }
    return new PostgresStoreReader(reading);
  }

  async sweeps(): Promise<SweepRow[]> {
    return await this.rows('sweeps', 'ORDER BY sequence');
  }

  async trials(query: TrialQuery): Promise<TrialPage> {
    const order = orderBy(trialSort(query), query.descending ?? false);
    const { sweep, status, offset = 0, limit = null } = query;
    const where = 'WHERE sweep = $1 AND ($2::text[] IS NULL OR status = ANY($2))';
    // The page is found by what it is sorted by alone; only its own rows are read whole.
    const page = `SELECT number FROM trials${order.from} ${where} ${order.sql} OFFSET $3 LIMIT $4`;
    const placed = `(SELECT number, row_number() OVER () AS place FROM (${page}) AS page) AS placed`;
    const rows = `SELECT ${columnList('trials', 'trials.')} FROM ${placed} JOIN trials USING (number)
      WHERE trials.sweep = $1 ORDER BY place`;
    return await this.snapshot(async (on) => {
      const count = await on.query<{ total: number }>(`SELECT count(*) AS total FROM trials ${where}`, [sweep, status]);
      const found = await on.query(rows, [sweep, status, offset, limit, ...order.values]);
      return { rows: found.rows.map((row) => rowOf('trials', row)), total: count.rows[0]!.total };
    });
  }

  async trial(sweep: string, number: number): Promise<TrialRow | undefined> {
    return (await this.rows('trials', 'WHERE sweep = $1 AND number = $2', sweep, number))[0];
  }

  async runs(of: { sweep: string; trial: number } | 'alone'): Promise<RunRow[]> {
    if (of === 'alone') return await this.rows('runs', 'WHERE sweep IS NULL ORDER BY sequence');
    return await this.rows('runs', 'WHERE sweep = $1 AND trial = $2 ORDER BY member, sequence', of.sweep, of.trial);
  }

  async run(key: string): Promise<RunRow | undefined> {
    return (await this.rows('runs', 'WHERE key = $1', key))[0];
  }

  async reports(run: string): Promise<ReportRow[]> {
    return await this.rows('reports', 'WHERE run = $1 ORDER BY sequence', run);
  }

  async log(sweep: string, from: number, limit: number): Promise<LogRow[]> {
    return await this.rows('log', 'WHERE sweep = $1 AND sequence >= $2 ORDER BY sequence LIMIT $3', sweep, from, limit);
  }

  /** Events are numbered from 1 without gaps, for none is ever removed. */
  async events(from: number, limit: number): Promise<EventRow[]> {
    return await this.rows('events', 'WHERE sequence > $1 ORDER BY sequence LIMIT $2', from, limit);
  }

  async close(): Promise<void> {
    await this.reading.close();
  }

  protected async openState(): Promise<OpenState> {
    const open = `SELECT key FROM sweeps WHERE state <> 'finished'`;
    const live = `SELECT sequence FROM runs WHERE sweep IS NULL
      UNION SELECT sequence FROM runs WHERE state IN ('waiting', 'running', 'stopping', 'paused') AND sweep IN (${open})
      UNION SELECT runs.sequence FROM trials JOIN runs ON runs.sweep = trials.sweep AND runs.trial = trials.number
      WHERE trials.status IN ('running', 'paused') AND trials.sweep IN (${open})`;
    return await this.snapshot(async (on) => ({
      epochs: await select(on, 'epochs', 'ORDER BY name'),
      runs: await select(on, 'runs', `WHERE sequence IN (${live}) ORDER BY sequence`),
      sweeps: await select(on, 'sweeps', 'ORDER BY sequence'),
    }));
  }

  private async rows<Name extends TableName>(
    table: Name,
    rest: string,
    ...values: (string | number)[]
  ): Promise<TableRows[Name][]> {
    this.reading.requireOpen();
    const found = await this.reading.read(`SELECT ${columnList(table)} FROM ${table} ${rest}`, values);
    return found.map((row) => rowOf(table, row));
  }

  private async snapshot<Result>(read: (on: Querying) => Promise<Result>): Promise<Result> {
    this.reading.requireOpen();
    return await this.reading.transaction(snapshot, read);
  }
}

async function select<Name extends TableName>(on: Querying, table: Name, rest: string): Promise<TableRows[Name][]> {
  const { rows } = await on.query(`SELECT ${columnList(table)} FROM ${table} ${rest}`);
  return rows.map((row) => rowOf(table, row));
}

async function requireKnown(on: Querying, address: PostgresAddress): Promise<void> {
  requireNewest(address.name, await versionOf(on, address), postgresVersion);
}

function orderBy(sort: TrialSort, descending: boolean): { from: string; sql: string; values: string[] } {
  const direction = `${descending ? 'DESC' : 'ASC'} NULLS LAST`;
  if ('column' in sort) return { from: '', sql: `ORDER BY ${sort.column} ${direction}, number`, values: [] };
  // Numbers come before text, and those that have neither are null in both.
  const number = `CASE jsonb_typeof(chosen) WHEN 'number' THEN chosen::double precision
    WHEN 'boolean' THEN chosen::boolean::integer END`;
  const text = `CASE jsonb_typeof(chosen) WHEN 'string' THEN chosen #>> '{}' END COLLATE "C"`;
  const keys = descending ? [text, number] : [number, text];
  return {
    from: ' CROSS JOIN LATERAL (SELECT by_column -> $5::text AS chosen OFFSET 0) AS parameter',
    sql: `ORDER BY ${keys.map((key) => `${key} ${direction}`).join(', ')}, number`,
    values: [sort.parameter],
  };
}
