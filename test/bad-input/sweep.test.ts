/** Sweeps that are wrong, over real gRPC and HTTP, each with what the user is told; and a coordinator that goes on afterwards. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { coordinatorClient, unary } from '../../common/rpc.js';
import { startCoordinator } from '../../coordinator/coordinator.js';
import type { CoordinatorClient } from '../../proto/gen/polyak/v1/Coordinator.js';

const search = { trials: 3, space: { rate: { logUniform: [1e-3, 1e-1] } } };
const experiment = {
  name: 'small',
  data: { source: 'csv', path: 'digits.csv', validation: 10 },
  model: ['flatten', { dense: { units: 10 } }],
  loss: 'softmaxCrossEntropy',
  metrics: ['accuracy'],
  objective: { metric: 'validation.accuracy', direction: 'maximise' },
  optimizer: { sgd: { learningRate: '$rate' } },
  train: { epochs: 2, batchSize: 8, microBatchSize: 4 },
  search,
};
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const key = (byte: number) => Buffer.alloc(8, byte);

let folder: string;
let client: CoordinatorClient;
let api: string;
let close: () => Promise<void>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-bad-'));
  const log = pino({ level: 'silent' });
  const running = await startCoordinator({ listen: '127.0.0.1:0', metricsPort: 0, store: join(folder, 'c.db'), log });
  client = coordinatorClient(running.address);
  api = `http://127.0.0.1:${running.metricsPort}/api/v1`;
  close = async () => {
    client.close();
    await running.close();
  };
});
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true });
});

async function submit(more: Record<string, unknown> = {}): Promise<unknown> {
  const request = {
    ...{ sweepKey: key(1), name: 'small', experiment: JSON.stringify(experiment), folder, shards: 1, list: '' },
    ...{ directory: join(folder, 'small'), settings: '', replayOf: Buffer.alloc(0), external: false, ...more },
  };
  return await unary('coordinator', (callback) => client.submitSweep(request, callback));
}

async function names(): Promise<string[]> {
  const { sweeps } = await unary<{ sweeps: string[] }>('coordinator', (callback) => client.status({}, callback));
  return sweeps.map((text) => (JSON.parse(text) as { name: string }).name);
}

const withSearch = (more: object) => ({
  experiment: JSON.stringify({ ...experiment, search: { ...search, ...more } }),
});

describe('a submission is refused', () => {
  it.each([
    ['of 1e9 trials', withSearch({ trials: 1e9 }), 'search.trials is 1000000000, the most is 1000000'],
    [
      'of a million runs a trial',
      withSearch({ crossValidation: { repeats: 1e6 } }),
      'makes 1000000 runs of a trial, folds times repeats; the most is 1000',
    ],
    [
      'whose settings have another number of trials than its search',
      { settings: '{"trials":7}' },
      "settings.trials is 7 and the experiment's search.trials 3",
    ],
    ['in a relative folder', { directory: 'runs/a' }, "directory is 'runs/a', it must be an absolute path"],
    ['in a folder that leads elsewhere', { directory: '/runs/../etc' }, 'such as /etc'],
    ['whose name would steer a terminal', { name: 'a\u001b[2J' }, 'it must have no control characters'],
    ['whose name is a book', { name: 'a'.repeat(201) }, 'name has 201 characters, the most is 200'],
    ['whose experiment is nested deep', { experiment: `{"a":${nested(100_000)}}` }, 'is nested 100001 deep'],
    ['whose settings are nested deep', { settings: `{"a":${nested(100_000)}}` }, 'is nested 100001 deep'],
    [
      'whose experiment has a prototype',
      { experiment: JSON.stringify(experiment).replace('{', '{"__proto__":{"a":1},') },
      '__proto__',
    ],
    ['whose settings have a prototype', { settings: '{"__proto__":{"parallel":3}}' }, '__proto__'],
    ['that no point of the space can do', withSearch({ constraints: ['$rate > 5'] }), "'$rate > 5' is true of none"],
    ['with a budget of no number', { settings: '{"budget":{"epochs":null}}' }, 'budget.epochs'],
    ['with parallel 0', { settings: '{"parallel":0}' }, 'parallel'],
  ])('%s', async (_, more, message) => {
    await expect(submit(more)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message) as string,
    });
    await submit({ sweepKey: key(2), name: 'right' });
    expect(await names()).toEqual(['right']);
  });

  it('over HTTP with 400, however deep it is nested', async () => {
    const rest = JSON.stringify({ name: 'a', directory: '/a', key: 'a'.repeat(16) }).slice(1);
    const body = `{"experiment":{"a":${nested(200_000)}},${rest}`;
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(`${api}/sweeps`, { method: 'POST', headers, body })).status).toBe(400);
  });
});

describe('a second submission', () => {
  it('with the same key and content is the same sweep', async () => {
    await Promise.all([submit(), submit()]);
    await submit();
    expect(await names()).toEqual(['small']);
  });

  it('with the same key and another experiment is refused', async () => {
    await submit();
    await expect(submit(withSearch({ trials: 4 }))).rejects.toThrow('was submitted with another experiment');
    await expect(submit({ name: 'other' })).rejects.toThrow('was submitted with another name');
  });

  it('in the folder of another sweep is refused, for trials would go on from checkpoints of others', async () => {
    const second = { sweepKey: key(2), name: 'other' };
    await submit();
    await expect(submit(second)).rejects.toThrow(`directory ${join(folder, 'small')} is that of sweep small`);
    await expect(submit({ ...second, directory: join(folder, 'small/') })).rejects.toThrow('is that of sweep small');
    await submit({ ...second, directory: join(folder, 'other') });
  });
});

describe('a server that registers', () => {
  it.each([1024, 2 ** 32 - 1])(
    'as shard %i is refused with the numbers that there are, and leaves nothing',
    async (shard) => {
      const stream = client.attend();
      const refusal = new Promise((resolve) => stream.once('error', resolve));
      stream.write({ register: { role: 'SERVER', shard, address: '127.0.0.1:9', id: 'x', shardEpoch: 0, trials: [] } });
      expect(String(await refusal)).toContain(
        `register: server ${shard} is beyond the last shard; numbers go from 0 to 1023`,
      );
      const { processes } = await unary<{ processes: unknown[] }>('coordinator', (callback) =>
        client.status({}, callback),
      );
      expect(processes).toEqual([]);
    },
  );

  it('as a number too high is told so by the command, before it begins', () => {
    const bin = join(packageRoot(), 'bin/polyak.js');
    const found = spawnSync(process.execPath, [bin, 'server', '--coordinator', '127.0.0.1:9', '--shard', '1024'], {
      encoding: 'utf8',
    });
    expect(found.stderr).toContain('--shard 1024: numbers go from 0 to 1023');
    expect(found.status).toBe(2);
  });
});
