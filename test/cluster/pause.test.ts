/** A trial that is paused at epochs and ordered on has the numbers of one that never was. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { leadShardOf } from '../../common/chunk-layout.js';
import { loadExperiment } from '../../common/experiment/load.js';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRole } from './cluster-role.js';
import { FakeCoordinator, type FakeTrial, type KnownReport } from './fake-coordinator.js';

const file = join(packageRoot(), 'examples/invariance.yaml');
/** 1,497 samples in batches of 56. */
const stepsPerEpoch = 27;
const epochs = 3;

describe('a trial that is paused', () => {
  let experiment: string;
  let reference: KnownReport[];
  const roles: ClusterRole[] = [];
  const folders: string[] = [];
  let coordinator: FakeCoordinator | undefined;

  const startRole = (role: 'server' | 'worker', ...args: string[]) => {
    const started = ClusterRole.start(role, ['--coordinator', coordinator?.address ?? '', ...args]);
    roles.push(started);
    return started;
  };
  const startShard = (shard: number) => startRole('server', '--shard', String(shard));
  const start = async (workers: number, shards: number) => {
    const fake = await FakeCoordinator.start();
    coordinator = fake;
    const servers = Array.from({ length: shards }, (_, shard) => startShard(shard));
    for (let worker = 0; worker < workers; worker++) startRole('worker');
    await fake.attended(shards, workers);
    const folder = mkdtempSync(join(tmpdir(), 'polyak-pause-'));
    folders.push(folder);
    const trial: FakeTrial = { trialKey: randomBytes(8), experiment, directory: join(folder, 'checkpoints'), shards };
    return { fake, servers, trial };
  };
  const stop = async () => {
    await Promise.all(roles.splice(0).map((role) => role.kill()));
    coordinator?.close();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  };
  const paused =
    (epoch: number) =>
    ({ kind, body }: KnownReport) =>
      kind === 'PAUSED' && body['epoch'] === epoch;
  const ended = ({ kind }: KnownReport) => kind === 'END';
  const epochsOf = (reports: KnownReport[]) => {
    const bodies = reports.flatMap(({ kind, body }) => (kind === 'EPOCH' ? [body] : []));
    // A report may come any number of times, and is the same then.
    return [...new Map(bodies.map((body) => [Number(body['epoch']), body])).entries()].toSorted(([a], [b]) => a - b);
  };
  const expectSame = (reports: KnownReport[]) => {
    const [last, undisturbed] = [reports, reference].map((of) => of.find(ended)?.body ?? {});
    for (const name of ['event', 'steps', 'epoch', 'weightsSha256', 'averageSha256', 'validation', 'test']) {
      expect(last?.[name]).toEqual(undisturbed?.[name]);
    }
    expect(epochsOf(reports)).toEqual(epochsOf(reference));
  };
  /** The process that led it is gone; another takes its number. */
  const replace = async (fake: FakeCoordinator, servers: ClusterRole[], shard: number, workers: number) => {
    await servers[shard]?.kill();
    servers[shard] = startShard(shard);
    await servers[shard].listening;
    await fake.attended(servers.length, workers);
  };

  beforeAll(async () => {
    experiment = JSON.stringify(await loadExperiment(file, [`train.epochs=${epochs}`]));
    const { fake, trial } = await start(1, 1);
    fake.lead(trial, 0);
    await fake.report(ended);
    reference = fake.reports;
    expect(reference.find(ended)?.body).toMatchObject({ event: 'finished', steps: epochs * stepsPerEpoch, epoch: 3 });
    expect(epochsOf(reference).map(([, { stepsPerEpoch: steps }]) => steps)).toEqual([27, 27, 27]);
    await stop();
  });

  afterEach(stop);

  for (const [workers, shards] of [
    [1, 1],
    [2, 2],
  ] as const) {
    it(`at epochs 1 and 2 of 3 ends with the same numbers, on ${workers} workers and ${shards} shards`, async () => {
      const { fake, servers, trial } = await start(workers, shards);
      fake.lead(trial, 1);
      const first = await fake.report(paused(1));
      expect(first).toMatchObject({ step: stepsPerEpoch, body: { event: 'paused', step: stepsPerEpoch } });
      expect(first.body['validation']).toEqual(epochsOf(reference)[0]?.[1]['validation']);
      for (const server of servers) await expect.poll(() => server.metric('polyak_server_memory_bytes')).toBe(0);
      fake.lead(trial, 2);
      await fake.report(paused(2));
      fake.lead(trial, 3);
      await fake.report(ended);
      expectSame(fake.reports);
    });
  }

  it('says so again when the same is ordered again, and does not train for it', async () => {
    const { fake, trial } = await start(1, 1);
    fake.lead(trial, 1);
    await fake.report(paused(1));
    for (const untilEpoch of [1, 1]) {
      const from = fake.reports.length;
      fake.lead(trial, untilEpoch);
      const again = await fake.report(paused(1), from);
      expect(again.body['step']).toBe(stepsPerEpoch);
      expect(fake.reports.slice(from).map(({ kind }) => kind)).not.toContain('PROGRESS');
    }
    fake.lead(trial, 0);
    await fake.report(ended);
    expectSame(fake.reports);
  });

  it('does not pause where it was told meanwhile to go on', async () => {
    const { fake, trial } = await start(1, 1);
    fake.lead(trial, 1);
    await fake.report(({ kind }) => kind === 'PROGRESS');
    fake.lead(trial, 2);
    // Never earlier than it was told.
    fake.lead(trial, 1);
    await fake.report(paused(2));
    expect(fake.reports.some(paused(1))).toBe(false);
    fake.lead(trial, 0);
    await fake.report(ended);
    expectSame(fake.reports);
  });

  it('goes on after its lead was killed while it was paused', async () => {
    const { fake, servers, trial } = await start(2, 2);
    fake.lead(trial, 1);
    await fake.report(paused(1));
    await replace(fake, servers, leadShardOf(trial.trialKey, 2), 2);
    fake.lead(trial, 2);
    await fake.report(paused(2));
    fake.lead(trial, 0);
    await fake.report(ended);
    expectSame(fake.reports);
  });

  const lost: [string, (trial: FakeTrial) => void][] = [
    ['is not there any more', ({ directory }) => rmSync(directory, { recursive: true })],
    ['cannot be read', ({ directory }) => filesOf(directory).forEach((each) => truncateSync(each, 100))],
  ];
  for (const [how, lose] of lost) {
    it(`and whose checkpoint ${how} fails, and does not begin anew as if it had none`, async () => {
      const { fake, trial } = await start(1, 1);
      fake.lead(trial, 1);
      const { step } = await fake.report(paused(1));
      lose(trial);
      const from = fake.reports.length;
      fake.lead({ ...trial, checkpointStep: step }, 2);
      const { body } = await fake.report(ended, from);
      expect(body).toMatchObject({ event: 'failed', code: 'lost' });
      expect(body['message']).toContain(`${trial.directory}/step-000000027.*.json is not there`);
      expect(fake.reports.slice(from).map(({ kind }) => kind)).not.toContain('PROGRESS');
      // Whoever tries it again means it.
      fake.lead(trial, 0);
      await fake.report(({ kind, body: { event } }) => kind === 'END' && event === 'finished', from);
    });
  }

  const isEpoch = ({ kind }: KnownReport) => kind === 'EPOCH';
  const moments: [
    string,
    (report: KnownReport) => boolean,
    (fake: FakeCoordinator, trial: FakeTrial) => Promise<unknown>,
  ][] = [
    ['when its epoch has ended', () => false, async (fake) => await fake.report(isEpoch)],
    ['after its checkpoint, with nothing acknowledged', () => false, async (_, trial) => await checkpointed(trial)],
    [
      'before it hears that its pause is known',
      ({ kind }) => kind !== 'PAUSED',
      async (fake) => await fake.report(paused(1)),
    ],
  ];
  for (const [moment, acknowledges, come] of moments) {
    it(`loses nothing when its lead is killed ${moment}`, async () => {
      const { fake, servers, trial } = await start(2, 2);
      fake.acknowledges = acknowledges;
      fake.lead(trial, 1);
      await come(fake, trial);
      const isDone = await isCheckpointed(trial);
      await replace(fake, servers, leadShardOf(trial.trialKey, 2), 2);
      const from = fake.reports.length;
      fake.acknowledges = () => true;
      fake.lead(trial, 1);
      await fake.report(paused(1), from);
      expect(epochsOf(fake.reports).map(([epoch]) => epoch)).toEqual([1]);
      if (isDone) expect(fake.reports.slice(from).map(({ kind }) => kind)).not.toContain('PROGRESS');
      fake.lead(trial, 0);
      await fake.report(ended);
      expectSame(fake.reports);
    });
  }
});

function filesOf(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.safetensors'))
    .map((name) => join(directory, name));
}

async function isCheckpointed({ directory }: FakeTrial): Promise<boolean> {
  return (await readdir(directory)).some((name) => /^step-0*27\.\d+\.json$/.test(name));
}

async function checkpointed(trial: FakeTrial): Promise<void> {
  await expect.poll(async () => await isCheckpointed(trial).catch(() => false), { timeout: 60_000 }).toBe(true);
}
