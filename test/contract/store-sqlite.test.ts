import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { openStore, openStoreReader } from '../../coordinator/store/open-store.js';
import { Database } from '../../coordinator/store/sqlite/database.js';
import { sqliteError } from '../../coordinator/store/sqlite/sqlite-error.js';
import { changes, reportRow, runRow } from './rows.js';
import { storeContract } from './store.js';
import { expectTakenOver } from './taken-over.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-store-'));
  path = join(folder, 'new', 'coordinator.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a store in SQLite', () => {
  storeContract({ fresh: async () => await Promise.resolve(path) });
});

describe('a SQLite file', () => {
  it('leaves nothing beside it once everybody has closed it', async () => {
    const store = await openStore(path, 'p');
    const reader = await openStoreReader(path);
    await store.commit([changes.run()]);
    await reader.close();
    await store.close();
    expect(readdirSync(join(folder, 'new'))).toEqual(['coordinator.db']);
  });

  it('is not made by a reader, nor is its folder', async () => {
    await expect(openStoreReader(path)).rejects.toThrow(`store '${path}' does not exist`);
    expect(existsSync(join(folder, 'new'))).toBe(false);
  });

  it('that is something else is named, and left as it is', async () => {
    mkdirSync(join(folder, 'new'));
    writeFileSync(path, 'seed: 1\n'.repeat(1000));
    for (const open of [async () => await openStore(path, 'p'), async () => await openStoreReader(path)]) {
      await expect(open()).rejects.toMatchObject({
        code: 'usage',
        message: `store '${path}': the file is no SQLite database; name another one`,
      });
    }
    expect(readFileSync(path, 'utf8')).toBe('seed: 1\n'.repeat(1000));
  });

  it('cannot be a folder, nor lie below a file', async () => {
    await expect(openStore(folder, 'p')).rejects.toMatchObject({ code: 'usage' });
    writeFileSync(join(folder, 'new'), '');
    await expect(openStore(path, 'p')).rejects.toMatchObject({ code: 'usage' });
  });

  it('may lie at a path with odd characters', async () => {
    const odd = join(folder, "a 'b' ?mode=ro#%20", 'ü.db');
    const store = await openStore(odd, 'p');
    await store.close();
    expect(existsSync(odd)).toBe(true);
  });
});

describe('a SQLite file of before there were sweeps', () => {
  function make(): void {
    mkdirSync(join(folder, 'new'));
    const database = Database.open(path, { readOnly: false });
    database.exec(readFileSync(join(packageRoot(), 'test/contract/first-store.sql'), 'utf8'));
    database.close();
  }

  it('is taken over: its trials are runs, with their reports and all events', async () => {
    make();
    await expect(openStoreReader(path)).rejects.toThrow('start a coordinator of this Polyak on it first');
    const store = await openStore(path, 'new');
    expect(store.coordinatorEpoch).toBe(2);
    const [finished, waiting] = ['ffff000011112222', '0000111122223333'].map((key) =>
      runRow({ key, experiment: `{"of":"${key}"}`, directory: `/runs/${key}`, untilStep: 7, shards: 3 }),
    );
    expect(await store.runs('alone')).toEqual([
      { ...finished, state: 'finished', createdAt: '2026-07-30T08:40:42.113Z' },
      { ...waiting, createdAt: '2026-07-30T08:40:42.113Z' },
    ]);
    const run = finished!.key;
    expect(await store.reports(run)).toEqual([
      reportRow({ run, step: 5, body: '{"loss":1}', at: null }),
      reportRow({ run, kind: 'NOTICE', step: 5, body: 'n', at: null }),
      reportRow({ run, kind: 'END', step: 7, body: '{"end":true}', at: null }),
    ]);
    const events = await store.events(0, 100);
    expect(events.map(({ what }) => what)).toEqual([
      'coordinator-started',
      'trial-created',
      'trial-created',
      'trial-running',
      'report-epoch',
      'report-notice',
      'shard-taken',
      'trial-finished',
      'report-end',
      'coordinator-started',
    ]);
    expect((await store.open()).epochs.find(({ name }) => name === 'shard 0')).toMatchObject({
      process: 'shard process',
    });
    // What keeps reports single was carried over with them.
    await store.commit([changes.report({ run, step: 5, body: 'again' }), changes.run({ key: 'later' })]);
    expect(await store.reports(run)).toHaveLength(3);
    expect((await store.runs('alone')).at(-1)?.key).toBe('later');
    await store.close();
  });

  it('is as it was when it cannot be taken over', async () => {
    make();
    const database = Database.open(path, { readOnly: false });
    database.exec('CREATE TABLE sweeps (something TEXT)');
    database.close();
    await expect(openStore(path, 'new')).rejects.toThrow('sweeps');
    const after = Database.open(path, { readOnly: true });
    expect(after.all('SELECT key FROM trials')).toHaveLength(2);
    expect(after.all("SELECT name FROM sqlite_master WHERE name = 'runs'")).toEqual([]);
    after.close();
  });
});

describe('a SQLite file of before checkpoints and reports had their steps and times', () => {
  it('is taken over, with the checkpoints that are known of', async () => {
    mkdirSync(join(folder, 'new'));
    const database = Database.open(path, { readOnly: false });
    database.exec(readFileSync(join(packageRoot(), 'test/contract/second-store.sql'), 'utf8'));
    database.close();
    const store = await openStore(path, 'new');
    await expectTakenOver(store);
    await store.close();
  });
});

describe('a SQLite file of a newer version', () => {
  it('is refused, and not changed', async () => {
    await (await openStore(path, 'p')).close();
    const database = Database.open(path, { readOnly: false });
    database.exec('PRAGMA user_version = 70');
    database.close();
    const before = readFileSync(path);
    const message = `store '${path}' is of version 70, this Polyak knows up to 5: update Polyak`;
    await expect(openStore(path, 'p')).rejects.toMatchObject({ code: 'usage', message });
    await expect(openStoreReader(path)).rejects.toMatchObject({ code: 'usage', message });
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});

describe('an address', () => {
  it('of no known kind is refused without what may be secret in it', async () => {
    const url = 'mysql://me:secret@host/db';
    for (const open of [async () => await openStore(url, 'p'), async () => await openStoreReader(url)]) {
      const error = await open().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'usage' });
      expect(String(error)).toContain("store 'mysql://…' is of no known kind");
      expect(String(error)).not.toContain('secret');
    }
  });
});

/** A disk of four megabytes at the folder, for one command; not every machine lets a user have it. */
function onSmallDisk(...command: string[]): { status: number | null; stdout: string } {
  const script = 'mount -t tmpfs -o size=4m none "$0" && exec "$@"';
  return spawnSync('unshare', ['-rm', 'sh', '-c', script, folder, ...command], { encoding: 'utf8' });
}

describe('a full disk', () => {
  it('ends writing with what to do, and all that was acknowledged is kept', (context) => {
    if (onSmallDisk('true').status !== 0) context.skip('this machine gives no user a small disk of its own');
    const program = join(packageRoot(), 'dist/test/contract/filling-process.js');
    const { stdout } = onSmallDisk(process.execPath, program, path);
    const { acknowledged, kept, code, message, later } = JSON.parse(stdout) as Record<string, unknown>;
    expect(acknowledged).toBeGreaterThan(10);
    expect({ kept, code, later }).toEqual({ kept: acknowledged, code: 'exhausted', later: 'exhausted' });
    expect(message).toContain('is full; free some space, then start the coordinator again');
  });

  it('is told as such by either binding, with what to do', () => {
    const ours = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
    const nodes = Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 });
    const folders = Object.assign(new Error('ENOSPC: no space left on device, mkdir'), { code: 'ENOSPC' });
    for (const error of [ours, nodes, folders]) {
      expect(sqliteError('/data/coordinator.db', error)).toMatchObject({
        code: 'exhausted',
        message: expect.stringContaining(
          "store '/data/coordinator.db': the disk of /data is full; free some space",
        ) as string,
      });
    }
  });
});
