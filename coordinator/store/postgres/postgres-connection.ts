/**
 * One connection to a PostgreSQL server, which does one thing at a time. What is lost on the way is tried again on a new
 * connection, for a bounded time; so whoever uses it must be able to repeat what it does.
 */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { PostgresAddress } from './postgres-address.js';
import { isPassing, postgresError } from './postgres-error.js';

export interface Querying {
  query: <Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]) => Promise<pg.QueryResult<Row>>;
}

export interface Patience {
  /** How long what was lost is tried again. */
  retryMs: number;
}

const connectMsMax = 10_000;
/** Of one statement, which is never of more rows than are written within a second. */
const queryMsMax = 60_000;
/** Of the first wait before a new connection; it doubles up to the second. */
const waitMs = { first: 50, longest: 1000 };

/** A client that is lost holds no lock for long. */
const settings = [
  "idle_in_transaction_session_timeout = '15s'",
  "lock_timeout = '15s'",
  "client_encoding = 'UTF8'",
  // Numbers are read as they were written.
  'extra_float_digits = 1',
  // Compiling a query takes longer than a page of trials.
  'jit = off',
];

/** A commit is on disk when it is acknowledged; a server that waits for more, such as its copies, still does. */
const durable = `SELECT set_config('synchronous_commit', 'on', false)
  WHERE current_setting('synchronous_commit') = 'off'`;

export class PostgresConnection {
  private client: pg.Client | undefined;
  private last: Promise<unknown> = Promise.resolve();
  private closed = false;

  constructor(
    private readonly address: PostgresAddress,
    private readonly patience: Patience,
  ) {}

  /** Errors: `usage`, `unreachable`. Not tried again, for the address may be wrong. */
  async open(): Promise<void> {
    try {
      await this.connected();
    } catch (error) {
      throw postgresError(this.address.name, error);
    }
  }

  /** All or nothing. `act` may be called several times, and may have been committed before it is called again. */
  async transaction<Result>(begin: string, act: (on: Querying) => Promise<Result>): Promise<Result> {
    const turn = this.last.then(async () => await this.untilDone(async (client) => await within(client, begin, act)));
    this.last = turn.catch(() => undefined);
    return await turn;
  }

  async read<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[]): Promise<Row[]> {
    const turn = this.last.then(async () => {
      return await this.untilDone(async (client) => (await client.query<Row>(sql, [...values])).rows);
    });
    this.last = turn.catch(() => undefined);
    return await turn;
  }

  requireOpen(): void {
    if (this.closed) throw new Error(`store '${this.address.name}' has been closed`);
  }

  /** After all that was asked before. */
  async close(): Promise<void> {
    const before = this.last;
    this.closed = true;
    await before;
    const { client } = this;
    this.client = undefined;
    await client?.end();
  }

  private async untilDone<Result>(act: (client: pg.Client) => Promise<Result>): Promise<Result> {
    const began = performance.now();
    for (let wait = waitMs.first; ; wait = Math.min(2 * wait, waitMs.longest)) {
      try {
        return await act(await this.connected());
      } catch (error) {
        const seconds = Math.round(this.patience.retryMs / 1000);
        const passed = performance.now() - began;
        if (!isPassing(error)) throw postgresError(this.address.name, error);
        this.drop();
        if (passed + wait > this.patience.retryMs) {
          throw postgresError(this.address.name, error, `, and so for ${seconds} seconds`);
        }
        await delay(wait);
      }
    }
  }

  private async connected(): Promise<pg.Client> {
    if (this.client) return this.client;
    const client = new pg.Client({
      connectionString: this.address.url,
      application_name: 'polyak',
      connectionTimeoutMillis: connectMsMax,
      query_timeout: queryMsMax,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      types,
    });
    // What happens between queries is found out by the next one.
    client.on('error', () => this.forget(client));
    client.on('end', () => this.forget(client));
    try {
      await client.connect();
      await client.query(settings.map((setting) => `SET ${setting}`).join('; '));
      await client.query(durable);
      await client.query(`SET search_path = ${pg.escapeIdentifier(this.address.schema)}, pg_temp`);
    } catch (error) {
      endQuietly(client);
      throw error;
    }
    this.client = client;
    return client;
  }

  private forget(client: pg.Client): void {
    if (this.client === client) this.client = undefined;
  }

  private drop(): void {
    const { client } = this;
    this.client = undefined;
    if (client) endQuietly(client);
  }
}

async function within<Result>(
  client: pg.Client,
  begin: string,
  act: (on: Querying) => Promise<Result>,
): Promise<Result> {
  await client.query(begin);
  try {
    const result = await act({ query: async (sql, values) => await client.query(sql, values && [...values]) });
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // The first error is the one to tell; a connection that is lost has rolled back.
    if (!isPassing(error)) await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Of a connection that may hang, so nobody waits for it. */
function endQuietly(client: pg.Client): void {
  client.on('error', () => undefined);
  client.end().catch(() => undefined);
}

/** Whole numbers of 64 bits as numbers; everything else as the driver does. */
const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, Number);
