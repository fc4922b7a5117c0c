import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { openStore, openStoreReader } from '../../coordinator/store/open-store.js';
import { postgresAddress } from '../../coordinator/store/postgres/postgres-address.js';
import { PostgresStore } from '../../coordinator/store/postgres/postgres-store.js';
import { CuttingProxy } from './cutting-proxy.js';
import { PostgresServer, serverPrograms } from './postgres-server.js';
import { changes, eventRow, reportRow } from './rows.js';
import { storeContract } from './store.js';
import { expectTakenOver } from './taken-over.js';

const programs = serverPrograms();
if (programs === undefined) {
  process.stderr.write('no PostgreSQL server is installed: apt-get install postgresql; its tests are skipped\n');
}

describe.skipIf(programs === undefined)('a store in PostgreSQL', () => {
  let server: PostgresServer;
  let schemas = 0;
  let schema: string;
  let url: string;

  function fresh(): string {
    schemas += 1;
    schema = `store_${schemas}`;
    return `${server.url()}?schema=${schema}`;
  }

  async function onServer(sql: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client(server.url());
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  beforeAll(async () => {
    server = await PostgresServer.start(programs!);
  });
  afterAll(async () => await server.remove());
  beforeEach(() => {
    url = fresh();
  });

  describe('as any store', () => {
    storeContract({ fresh: async () => await Promise.resolve(fresh()) });
  });

  it('lies in a schema of its own, polyak where none is named', async () => {
    const [named, unnamed] = [await openStore(url, 'p'), await openStore(server.url(), 'p')];
    await named.commit([changes.run()]);
    expect(await unnamed.runs('alone')).toEqual([]);
    const has = async (name: string): Promise<unknown> =>
      (await onServer(`SELECT to_regclass('${name}.runs') IS NOT NULL AS there`))[0]?.['there'];
    expect(await Promise.all([schema, 'polyak', 'public'].map(has))).toEqual([true, true, false]);
    await named.close();
    await unnamed.close();
    await expect(openStore(`${server.url()}?schema=A"b`, 'p')).rejects.toMatchObject({ code: 'usage' });
  });

  it('of a newer version is refused, and not changed', async () => {
    await (await openStore(url, 'p')).close();
    await onServer(`UPDATE ${schema}.store_version SET version = 70`);
    const message = `store 'postgres://polyak@127.0.0.1:${server.port}/postgres' is of version 70, this Polyak knows up to 4: update Polyak`;
    await expect(openStore(url, 'p')).rejects.toMatchObject({ code: 'usage', message });
    await expect(openStoreReader(url)).rejects.toMatchObject({ code: 'usage', message });
    expect(await onServer(`SELECT epoch FROM ${schema}.epochs`)).toEqual([{ epoch: '1' }]);
  });

  it('of before checkpoints and reports had their steps and times is taken over', async () => {
    const made = readFileSync(join(packageRoot(), 'test/contract/first-postgres-store.sql'), 'utf8');
    await onServer(`CREATE SCHEMA ${schema}; SET search_path TO ${schema}; ${made}`);
    await expect(openStoreReader(url)).rejects.toThrow('start a coordinator of this Polyak on it first');
    const store = await openStore(url, 'new');
    await expectTakenOver(store);
    await store.close();
  });

  it('keeps text that PostgreSQL cannot hold as near as it can', async () => {
    const store = await openStore(url, 'p');
    await store.commit([
      changes.trial({ reason: 'a\0b\ud800c', parameters: { 'a\0': '\udc00' }, columns: { 'a\0': '\udc00' } }),
      changes.trial({ number: 1, columns: { learningRate: 2 } }),
      changes.report({ kind: 'NOTICE', body: '\\u0000' }),
    ]);
    const trial = await store.trial('s', 0);
    expect(trial?.reason).toBe('a\ufffdb\ufffdc');
    expect(trial?.parameters).toEqual({ 'a\0': '\udc00' });
    expect(trial?.columns).toEqual({ 'a\0': '\udc00' });
    const { rows } = await store.trials({ sweep: 's', sort: 'columns.learningRate' });
    expect(rows.map(({ number }) => number)).toEqual([1, 0]);
    expect((await store.reports(reportRow().run))[0]?.body).toBe('\\u0000');
    await store.close();
  });

  describe('that cannot be opened', () => {
    const secret = encodeURIComponent(PostgresServer.password);

    async function failureOf(address: string): Promise<{ code: string; text: string }> {
      const errors: unknown[] = [];
      for (const open of [async () => await openStore(address, 'p'), async () => await openStoreReader(address)]) {
        errors.push(await open().catch((error: unknown) => error));
      }
      const [code] = errors.map((error) => (error as { code: string }).code);
      return { code: code!, text: errors.map((error) => `${(error as Error).stack} ${JSON.stringify(error)}`).join() };
    }

    it.each([
      ['a wrong password', 'usage', () => server.url().replace(secret, 'wr0ng'), 'give the right user and password'],
      ['no such database', 'usage', () => server.url('nosuch'), 'make the database with createdb'],
      ['no server', 'unreachable', () => server.url('postgres', 1), 'is the server running'],
      [
        'TLS that the server has not',
        'usage',
        () => `${server.url()}?sslmode=verify-full`,
        'choose what the server offers',
      ],
      [
        'no such host',
        'unreachable',
        () => server.url().replace('127.0.0.1', 'nosuch.invalid'),
        'is the server running',
      ],
    ])('for %s says what to do, without the password', async (_, code, address, advice) => {
      const failure = await failureOf(address());
      expect(failure.code).toBe(code);
      expect(failure.text).toContain(advice);
      expect(failure.text).toContain("store 'postgres://polyak@");
      for (const password of [PostgresServer.password, secret, 'wr0ng']) expect(failure.text).not.toContain(password);
    });
  });

  describe('to which the way is lost', () => {
    let proxy: CuttingProxy;
    let store: PostgresStore;

    beforeEach(async () => {
      proxy = await CuttingProxy.to(server.port);
      store = await PostgresStore.take(`${server.url('postgres', proxy.port)}?schema=${schema}`, 'p', {
        retryMs: 8000,
      });
    });
    afterEach(async () => {
      await store.close();
      await proxy.close();
    });

    const rows = [changes.event({ detail: 'one' }), changes.report({ kind: 'NOTICE', body: 'one' }), changes.run()];

    async function expectOnce(): Promise<void> {
      expect((await store.events(1, 10)).map(({ detail }) => detail)).toEqual(['one']);
      expect((await store.reports(reportRow().run)).map(({ body }) => body)).toEqual(['one']);
      expect(await store.runs('alone')).toHaveLength(1);
    }

    it.each(['BEGIN', 'UPDATE epochs', 'INSERT INTO', 'COMMIT'])(
      'after %s, writes everything once',
      async (message) => {
        proxy.cutAnswerTo(message);
        await store.commit(rows);
        expect(proxy.cuts).toBe(1);
        await expectOnce();
        await store.commit([changes.event({ detail: 'two' })]);
        expect(await store.events(2, 10)).toEqual([eventRow({ detail: 'two' })]);
      },
    );

    it('while it reads, reads again', async () => {
      await store.commit(rows);
      proxy.cutAnswerTo('FROM runs');
      expect(await store.runs('alone')).toHaveLength(1);
      proxy.cutAnswerTo('count(*)');
      expect(await store.trials({ sweep: 's' })).toEqual({ rows: [], total: 0 });
      expect(proxy.cuts).toBe(2);
    });

    it('because the server is started anew, waits for it', async () => {
      await server.stop();
      const committed = store.commit(rows);
      await server.run();
      await committed;
      await expectOnce();
    });

    it('for long, says so, and writes nothing any more', async () => {
      const impatient = await PostgresStore.take(url, 'q', { retryMs: 500 });
      await server.stop();
      const error = await impatient.commit(rows).catch((thrown: unknown) => thrown);
      await server.run();
      expect(error).toMatchObject({ code: 'unreachable' });
      expect(String(error)).toContain('; is the server running, and are host and port right?');
      await expect(impatient.commit([])).rejects.toBe(error);
      await impatient.close();
    });

    it('and a younger coordinator has come meanwhile, is fenced', async () => {
      await store.commit(rows);
      await server.stop();
      await server.run();
      const younger = await openStore(url, 'younger');
      await expect(store.commit(rows)).rejects.toMatchObject({ code: 'fenced' });
      await younger.close();
    });
  });
});

describe('the address of a PostgreSQL store', () => {
  it.each([
    ['postgres://me:se@cr:et@host:5433/db?sslmode=require&schema=a_1&x=y', 'postgres://me@host:5433/db', 'a_1'],
    ['postgresql://host/db?password=secret', 'postgresql://host/db', 'polyak'],
    ['postgres://me@/db?host=/tmp&schema=b', 'postgres://me@/db', 'b'],
    ['postgres:///db', 'postgres:///db', 'polyak'],
  ])('%s is named without what is secret', (address, name, schema) => {
    expect(postgresAddress(address)).toMatchObject({ name, schema });
    expect(postgresAddress(address).url).not.toContain('schema=');
  });
});
