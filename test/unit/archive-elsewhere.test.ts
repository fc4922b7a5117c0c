/** The archive of a sweep of a coordinator elsewhere, made from that coordinator's store: SQLite, and a real PostgreSQL server. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { archiveCommand } from '../../cli/archive/archive-sweep.js';
import { restoreCommand } from '../../cli/archive/restore-sweep.js';
import { openReader } from '../../cli/sweep/open-reader.js';
import { SweepFolder } from '../../cli/sweep/sweep-folder.js';
import { openStore } from '../../coordinator/store/open-store.js';
import type { RunRow, SweepRow } from '../../coordinator/store/rows.js';
import { tinySweep } from '../cluster/tiny-sweep.js';
import { PostgresServer, serverPrograms } from '../contract/postgres-server.js';
import { changes, trialRow } from '../contract/rows.js';

const key = '0123456789abcdef';
const programs = serverPrograms();
const name = 'tiny-search-1';

let within: string;
let folder: SweepFolder;
let elsewhere: string;

/** As a coordinator has left it: one finished trial, whose checkpoint the servers have written where they see the sweep. */
async function keep(url: string, sweep: Partial<SweepRow> = {}, run: Partial<RunRow> = {}): Promise<void> {
  const store = await openStore(url, 'test');
  const trial = trialRow({ sweep: key, status: 'finished', value: 0.5, epoch: 2 });
  await store.commit([
    changes.sweep({
      ...{ key, name, directory: elsewhere, state: 'stopped', settings: '{"settings":{"trials":2},"folder":"/"}' },
      ...sweep,
    }),
    { table: 'log', row: { sweep: key, sequence: 0, entry: { event: { type: 'begin' } } } },
    { table: 'trials', row: run.state === 'stopping' ? { ...trial, status: 'running' } : trial },
    changes.run({ sweep: key, directory: join(elsewhere, 'trials/0/checkpoints'), state: 'finished', ...run }),
    { table: 'reports', row: { run: '0011223344556677', kind: 'EPOCH', step: 4, body: '{"epoch":1}', at: null } },
  ]);
  await store.close();
}

const archive = async (store?: string) =>
  await archiveCommand(folder.path, {
    ...{ state: within, output: join(within, 'a.tar.gz'), json: true },
    ...(store !== undefined && { store }),
  });

beforeEach(async () => {
  within = mkdtempSync(join(tmpdir(), 'polyak-archive-'));
  elsewhere = join(within, 'shared', name);
  mkdirSync(join(elsewhere, 'trials/0/checkpoints'), { recursive: true });
  writeFileSync(join(elsewhere, 'trials/0/checkpoints/weights'), 'weights');
  const { experiment, folder: from } = await tinySweep(within, { trials: 2 });
  folder = SweepFolder.create(
    within,
    'tiny-search',
    { experiment, folder: from },
    {
      ...{ workers: 1, shards: 1, backend: 'cpu', coordinator: '127.0.0.1:9', settings: {}, replayOf: null },
      ...{ sweepKey: key, provenance: {} as never },
    },
  );
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  return () => {
    vi.restoreAllMocks();
    rmSync(within, { recursive: true });
  };
});

async function expectRestored(): Promise<void> {
  const state = join(within, 'restored');
  await restoreCommand(join(within, 'a.tar.gz'), { state, json: true });
  const restored = SweepFolder.open(state, name);
  expect(restored.facts).toMatchObject({ coordinator: null, store: join(restored.path, 'coordinator.db') });
  expect(readFileSync(join(restored.trial(0), 'checkpoints/weights'), 'utf8')).toBe('weights');
  const reader = await openReader(restored);
  try {
    expect(await reader.sweep()).toMatchObject({ state: 'stopped', directory: restored.path, counts: { finished: 1 } });
    const [run] = await reader.trialRuns(0);
    expect(run?.run.directory).toBe(join(restored.trial(0), 'checkpoints'));
    expect(run?.reports).toHaveLength(1);
  } finally {
    await reader.close();
  }
}

describe('a sweep of a coordinator elsewhere', () => {
  it('is archived from that coordinator’s store, and is a sweep of this machine when it is restored', async () => {
    const store = join(within, 'elsewhere.db');
    await keep(store);
    await archive(store);
    await expectRestored();
  });

  it('is not archived without the store, nor while it runs or a run comes into its checkpoint', async () => {
    await expect(archive()).rejects.toThrow(
      /in the store of the coordinator at 127\.0\.0\.1:9; name that store, .*--store/,
    );
    const store = join(within, 'elsewhere.db');
    await expect(archive(store)).rejects.toThrow(store);
    await keep(store, { key: 'f'.repeat(16) });
    await expect(archive(store)).rejects.toThrow(`knows no sweep ${name}`);
    for (const state of ['running', 'paused'] as const) {
      await keep(store, { state });
      await expect(archive(store)).rejects.toThrow(`${name} runs; stop it first`);
    }
    await keep(store, { state: 'stopped' }, { state: 'stopping' });
    await expect(archive(store)).rejects.toThrow(`${name} runs; stop it first`);
  });

  it('says which of the best trials have their checkpoints where this machine does not see them', async () => {
    const store = join(within, 'elsewhere.db');
    await keep(store);
    rmSync(elsewhere, { recursive: true });
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await archive(store);
    expect(String(said.mock.calls[0]?.[0])).toContain(
      `checkpoints of trials 0, which are among the best 5, are not in`,
    );
  });
});

describe.skipIf(programs === undefined)('a sweep of a coordinator elsewhere, on PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start(programs!);
  }, 60_000);
  afterAll(async () => await server.remove());

  it('is archived from the database by its URL', async () => {
    await keep(server.url());
    await archive(server.url());
    await expectRestored();
  }, 60_000);
});
