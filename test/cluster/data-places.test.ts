/** Data on many machines: workers that have them elsewhere, that have others, or that bring them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqliteFolder } from '../../common/cache-folder.js';
import { packageRoot } from '../../common/package-root.js';
import { DataServer } from '../unit/data-server.js';
import { ClusterRole } from './cluster-role.js';
import { ClusterRun } from './cluster-run.js';

const bin = join(packageRoot(), 'bin/polyak.js');
const digits = readFileSync(join(packageRoot(), 'examples/data/digits.csv.gz'));
let folder: string;
let closers: (() => Promise<void> | void)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-places-'));
  closers = [() => rmSync(folder, { recursive: true, force: true })];
});
afterEach(async () => {
  for (const close of closers.toReversed()) await close();
});

/** An experiment on `path`, relative to its own folder unless it is a URL. */
function experiment(path: string): string {
  const file = join(folder, 'experiment.yaml');
  const lines = [
    'name: places',
    `data: { source: csv, path: ${JSON.stringify(path)}, header: false, validation: 100 }`,
    'model: [{ dense: { units: 10 } }]',
    'loss: softmaxCrossEntropy',
    'optimizer: { sgd: { learningRate: 0.1 } }',
    'train: { epochs: 2, batchSize: 64, microBatchSize: 16 }',
  ];
  writeFileSync(file, lines.join('\n'));
  return file;
}

/** Coordinator, server, and workers with these arguments of their own. */
async function cluster(...workers: string[][]): Promise<{ coordinator: string; start: (args: string[]) => void }> {
  const role = (name: 'server' | 'worker' | 'coordinator', args: string[]) => {
    const started = ClusterRole.start(name, args);
    closers.push(async () => await started.kill());
    return started;
  };
  const { address } = await role('coordinator', ['--store', join(folder, 'store.db')]).listening;
  const attending = ['--coordinator', address];
  role('server', [...attending, '--shard', '0']);
  const start = (args: string[]) => void role('worker', [...attending, '--backend', 'cpu', ...args]);
  for (const args of workers) start(args);
  return { coordinator: address, start };
}

function submit(file: string, coordinator: string, ...args: string[]): ClusterRun {
  const run = ClusterRun.submit(file, coordinator, args);
  closers.push(() => {
    run.process.kill('SIGKILL');
    run.remove();
  });
  return run;
}

describe('a worker with --data-map', () => {
  it('trains on its own copy to the same weights', async () => {
    writeFileSync(join(folder, 'table.csv.gz'), digits);
    const here = await cluster([]);
    const file = experiment('table.csv.gz');
    const expected = (await submit(file, here.coordinator).finished())['weightsSha256'];
    cpSync(join(folder, 'table.csv.gz'), join(folder, 'elsewhere/renamed.csv.gz'));
    rmSync(join(folder, 'table.csv.gz'));
    const from = join(folder, 'table.csv.gz');
    const there = await cluster(['--data-map', `${from}=${join(folder, 'elsewhere/renamed.csv.gz')}`]);
    expect((await submit(file, there.coordinator).finished())['weightsSha256']).toBe(expected);
  });
});

describe('a worker whose data differ in one byte', () => {
  it.each(['exact', 'tolerant'])('is refused under numerics: %s, with the file and both hashes', async (numerics) => {
    writeFileSync(join(folder, 'table.csv.gz'), digits);
    const changed = Buffer.from(digits);
    // A byte of gzip's header that says on which system it was made: all samples are the same.
    changed[9] = 7;
    writeFileSync(join(folder, 'changed.csv.gz'), changed);
    const { coordinator, start } = await cluster([]);
    const file = experiment('table.csv.gz');
    const run = submit(file, coordinator, '--set', `numerics=${numerics}`, '--set', 'train.epochs=10000');
    await run.step(2);
    start(['--data-map', `${join(folder, 'table.csv.gz')}=${join(folder, 'changed.csv.gz')}`]);
    const notice = await run.event(({ event, kind }) => event === 'notice' && kind !== 'restart');
    expect(notice).toMatchObject({ kind: 'refused' });
    expect(notice['message']).toMatch(
      /the worker's data differ from the trial's, first in 'table\.csv\.gz': recorded (\d+) bytes, sha256 [0-9a-f]{64}; this worker \1 bytes, sha256 [0-9a-f]{64}:/,
    );
  });
});

/** Without data; but a machine whose SQLite was built by setup has that in its cache. */
function emptyCache(): string {
  const cache = join(folder, 'cache');
  mkdirSync(cache);
  const built = sqliteFolder();
  if (existsSync(built)) symlinkSync(built, join(cache, basename(built)));
  return cache;
}

describe('data from a web server', () => {
  let server: DataServer;

  beforeEach(async () => {
    server = await DataServer.start({ 'digits.csv.gz': digits });
    closers.push(() => server.close());
  });

  it('are brought once for all workers of a machine, and train to the weights that a file trains to', async () => {
    writeFileSync(join(folder, 'digits.csv.gz'), digits);
    const environment = { POLYAK_BACKEND: 'cpu' };
    const own = ClusterRun.train(experiment('digits.csv.gz'), ['--workers', '1'], environment);
    closers.push(() => own.remove());
    const expected = (await own.finished())['weightsSha256'];
    const cached = { ...environment, POLYAK_CACHE: emptyCache() };
    const run = ClusterRun.train(experiment(`${server.url}/digits.csv.gz`), ['--workers', '2'], cached);
    closers.push(() => run.remove());
    expect((await run.finished())['weightsSha256']).toBe(expected);
    expect(server.contentRequests).toHaveLength(1);
  });

  it('are brought once by two processes that begin at the same time', async () => {
    // The first bytes come when both have asked, so that the second finds the first at work.
    const file = experiment(`${server.url}/digits.csv.gz`);
    const asked: (() => void)[] = [];
    server.instead = (request, response) => {
      if (request.headers.range !== 'bytes=0-0') return false;
      asked.push(() => server.give(request, response));
      if (asked.length === 2) for (const answer of asked) answer();
      return true;
    };
    const env = { ...process.env, POLYAK_CACHE: emptyCache() };
    const both = [1, 2].map(async () => {
      const child = spawn(process.execPath, [bin, 'validate', file, '--json'], { env, stdio: 'ignore' });
      return ((await once(child, 'close')) as [number])[0];
    });
    expect(await Promise.all(both)).toEqual([0, 0]);
    expect(server.contentRequests).toHaveLength(1);
  });

  it('that are not there end train with exit code 3 before a run is made', async () => {
    const run = ClusterRun.train(experiment(`${server.url}/none.csv`), ['--workers', '1'], { POLYAK_BACKEND: 'cpu' });
    closers.push(() => run.remove());
    expect(await run.exitCode()).toBe(3);
    expect(() => run.folder).toThrow('has no run yet');
    expect(run.report()).toContain('the server answered 404, there is no such file');
  });
});
