/** Sweeps of a machine that shares no folder with the cluster: what they have in common is a bucket, whose keys the servers have. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { podTemplates } from '../deploy/manifest.js';
import { bucketJobFile, sweepJob } from '../deploy/sweep-job.js';
import { S3Server, accessKey, secretKey } from '../unit/s3-server.js';
import { ClusterRole } from './cluster-role.js';
import { tinySweep } from './tiny-sweep.js';

const bin = join(packageRoot(), 'bin/polyak.js');

describe('a sweep of a machine that shares nothing with the cluster but a bucket', () => {
  const roles: ClusterRole[] = [];
  let folder: string;
  let bucket: S3Server;
  let coordinator: string;
  let file: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'polyak-laptop-'));
    bucket = await S3Server.start({});
    const keys = { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_ENDPOINT_URL: bucket.url };
    const start = (role: 'coordinator' | 'server' | 'worker', args: string[], env: Record<string, string> = {}) => {
      const started = ClusterRole.start(role, args, [], { env });
      roles.push(started);
      return started;
    };
    coordinator = (await start('coordinator', [`--store=${join(folder, 'coordinator.db')}`]).listening).address;
    start('server', [`--coordinator=${coordinator}`], keys);
    start('worker', [`--coordinator=${coordinator}`, '--backend=cpu']);
    ({ file } = await tinySweep(folder, { trials: 3 }));
  });
  afterAll(async () => {
    await Promise.all(roles.map(async (role) => await role.kill()));
    bucket.close();
    rmSync(folder, { recursive: true });
  });

  /** Of another machine each time, as far as folders go, and without keys. */
  const polyak = async (state: string, args: readonly string[], more: Record<string, string> = {}) => {
    const env = { ...process.env, POLYAK_LOG: 'warn', POLYAK_STATE: join(folder, state), ...more };
    return await new Promise<{ code: number; sweepKey: unknown; last: unknown }>((resolve) => {
      execFile(process.execPath, [bin, ...args], { env }, (error, stdout) => {
        const lines = stdout.trim().split('\n');
        const events = lines.map((line) => JSON.parse(line) as { event: string; sweepKey?: string });
        const last = events.find(({ event }) => event === 'sweep-finished');
        resolve({ code: Number(error?.code ?? 0), sweepKey: events[0]?.sweepKey, last });
      });
    });
  };

  it('is one command, and ends', async () => {
    const place = ['--coordinator', coordinator, '--checkpoints', 's3://bucket/sweeps'];
    const { code, last } = await polyak('laptop', ['sweep', file, ...place, '--json']);
    expect(code).toBe(0);
    expect(last).toBeDefined();
    expect([...bucket.objects.keys()].filter((key) => /trials\/\d+\/checkpoints\//.test(key)).length).toBeGreaterThan(
      0,
    );
  });

  it('is one sweep by however many pods of a Job it is submitted', async () => {
    const [pod] = podTemplates([sweepJob(bucketJobFile)]);
    const [{ args = [], env = [] } = {}] = pod?.spec.containers ?? [];
    const [command = '', , ...flags] = args;
    const given = Object.fromEntries(env.map(({ name, value = '' }) => [name, value]));
    const own = { POLYAK_COORDINATOR: coordinator, POLYAK_CHECKPOINTS: 's3://bucket/sweeps' };
    expect(given).toMatchObject({ POLYAK_CHECKPOINTS: expect.stringMatching(/^s3:/) as string });
    const first = await polyak('pod-1', [command, file, ...flags], own);
    const second = await polyak('pod-2', [command, file, ...flags], own);
    expect([first.code, second.code]).toEqual([0, 0]);
    expect(second.sweepKey).toBe(first.sweepKey);
    expect(second.last).toBeDefined();
  });
});
