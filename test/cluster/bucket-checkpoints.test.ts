/** Runs whose checkpoints lie in a bucket: no number changes by it, nor by a bucket that hangs, refuses or is full. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { S3Server, accessKey, secretKey } from '../unit/s3-server.js';
import { ClusterRun, type RunEvent } from './cluster-run.js';
import { tinySweep } from './tiny-sweep.js';

const bin = join(packageRoot(), 'bin/polyak.js');
const file = join(packageRoot(), 'examples/invariance.yaml');
const steps = 30;
const args = ['--steps', String(steps), '--workers', '1', '--shards', '2', '--set', 'checkpoint.every=0.2'];
const bucketArgs = [...args, '--checkpoints', 's3://bucket/runs'];

describe('a run with --checkpoints s3://', () => {
  /** With its checkpoints in its folder. */
  let undisturbed: ClusterRun;
  let reference: RunEvent;
  let server: S3Server;
  const environment = () => ({
    ...{ AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_ENDPOINT_URL: server.url },
    ...{ AWS_REGION: 'eu-central-1', AWS_SESSION_TOKEN: '' },
  });
  const started: ClusterRun[] = [];
  const train = () => {
    const run = ClusterRun.train(file, bucketArgs, environment());
    started.push(run);
    return run;
  };
  /** What it prints. Errors: with that, where it does not exit 0. */
  const polyak = async (...command: string[]) => {
    const env = { ...process.env, ...environment(), POLYAK_LOG: 'warn' };
    // Not execFileSync: this process is the bucket.
    return await new Promise<string>((resolve, reject) => {
      execFile(process.execPath, [bin, ...command], { env }, (error, stdout, stderr) => {
        if (error) reject(new Error(`${command.join(' ')}: ${stdout}${stderr}`));
        else resolve(stdout);
      });
    });
  };

  /** As safetensors. */
  const exported = async (run: ClusterRun) => {
    const out = join(run.state, 'exported');
    await polyak('export', 'invariance-1', '--state', run.state, '--format', 'safetensors', '--out', out);
    return readFileSync(join(out, 'model.safetensors'));
  };

  beforeAll(async () => {
    undisturbed = ClusterRun.train(file, args);
    reference = await undisturbed.finished();
  });
  afterAll(() => undisturbed.remove());
  beforeEach(async () => {
    server = await S3Server.start({});
  });
  afterEach(() => {
    for (const run of started.splice(0)) run.remove();
    server.close();
  });

  it('lives through kill -9 of its lead and its shards in the middle of checkpoints', async () => {
    const run = train();
    for (const [index, step] of [5, 12].entries()) {
      await run.step(step);
      await server.next('PUT');
      run.kill('server', index);
    }
    const { test, weightsSha256 } = await run.finished();
    expect(weightsSha256).toBe(reference['weightsSha256']);
    expect(existsSync(join(run.state, 'invariance-1', 'checkpoints'))).toBe(false);
    expect([...server.objects.keys()].some((key) => key.startsWith('runs/invariance-1-'))).toBe(true);
    // Whoever has the keys reads it from there: it is measured as it was, and exported as from a folder.
    const evaluated = await polyak('evaluate', 'invariance-1', '--split', 'test', '--json', '--state', run.state);
    const { accuracy } = test as { accuracy: number };
    expect(JSON.parse(evaluated)).toMatchObject({ weightsSha256, metrics: { accuracy } });
    expect((await exported(run)).equals(await exported(undisturbed))).toBe(true);
    // Its weights begin another run.
    const branched = await polyak(
      ...['train', file, '--from', 'invariance-1', '--steps', '1', '--workers', '1', '--json', '--state', run.state],
      ...['--checkpoints', 's3://bucket/runs'],
    );
    expect(branched).toContain('"event":"finished"');
  });

  it('trains on while its bucket hangs and is full, says so, and loses nothing when it is back', async () => {
    const run = train();
    await run.step(2);
    server.fault = (method) => (method === 'PUT' ? { status: 507, code: 'XMinioStorageFull' } : undefined);
    await run.event((event) => event['kind'] === 'checkpoint-delayed');
    await run.step(steps - 5);
    server.fault = undefined;
    expect((await run.finished())['weightsSha256']).toBe(reference['weightsSha256']);
    const said = JSON.stringify(run.events.filter((event) => event['kind'] === 'checkpoint-delayed'));
    expect(said).toContain('training goes on, and its checkpoint is tried again');
    expect(said).toContain('XMinioStorageFull');
  });

  it('trains on past a snapshot that its bucket does not take, which is there when it is back', async () => {
    // After step 27, the end of the first epoch; a checkpoint before it is under way when the bucket begins to hang.
    const snapshots = ['--steps', '50', '--set', 'checkpoint.snapshots={ every: 1 }'];
    const run = ClusterRun.train(file, [...bucketArgs, ...snapshots], environment());
    started.push(run);
    await run.step(2);
    server.fault = (method, key) => (method === 'PUT' && key.includes('safetensors') ? 'hang' : undefined);
    await server.next('PUT');
    await run.step(35);
    const snapshot = () => [...server.objects.keys()].find((key) => /step-0*27\.1\.json/.test(key)) ?? '';
    expect(snapshot()).toBe('');
    server.fault = undefined;
    server.breakOff();
    await run.finished();
    const record = JSON.parse(String(server.objects.get(snapshot()))) as { snapshot?: boolean };
    expect(record.snapshot).toBe(true);
  });

  it('is stopped, and goes on from its bucket on other shards', async () => {
    const run = train();
    await run.step(10);
    run.process.kill('SIGINT');
    expect(await run.exitCode()).toBe(130);
    const resumed = run.resume(['--shards', '1'], environment());
    expect((await resumed.finished())['weightsSha256']).toBe(reference['weightsSha256']);
  });
});

describe('a sweep with --checkpoints s3://', () => {
  it('keeps the weights of its best trials there, which evaluate, archive and gc find', async () => {
    const server = await S3Server.start({});
    const state = mkdtempSync(join(tmpdir(), 'polyak-bucket-'));
    const keys = { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey };
    const env = { ...process.env, ...keys, AWS_ENDPOINT_URL: server.url, AWS_SESSION_TOKEN: '', POLYAK_LOG: 'warn' };
    const polyak = async (...command: string[]) =>
      await new Promise<string>((resolve) => {
        execFile(process.execPath, [bin, ...command, '--state', state], { env }, (error, stdout, stderr) =>
          resolve(`${String(error?.code ?? 0)} ${stdout}${stderr}`),
        );
      });
    try {
      const { file: sweep } = await tinySweep(state, { trials: 3, keep: 1 });
      const place = ['--checkpoints', 's3://bucket/sweeps'];
      expect(await polyak('sweep', sweep, '--backend', 'cpu', '--workers', '1', '--shards', '1', ...place)).toMatch(
        /^0 /,
      );
      const trials = new Set([...server.objects.keys()].map((key) => /trials\/(\d+)\//.exec(key)?.[1]));
      expect(trials.size).toBe(1);
      expect(await polyak('evaluate', 'tiny-search-1@best', '--split', 'validation', '--backend', 'cpu')).toMatch(
        /^0 /,
      );
      const best = ['evaluate', 'tiny-search-1@best', '--split', 'validation', '--backend', 'cpu', '--json'];
      const there = await polyak(...best);
      expect(await polyak('archive', 'tiny-search-1', '-o', join(state, 'a.tar.gz'))).toMatch(/^0 /);
      // Without the bucket: what was in it is in the archive.
      const restored = [bin, 'restore', join(state, 'a.tar.gz'), '--state', join(state, 'restored')];
      await promisify(execFile)(process.execPath, restored);
      const alone = {
        ...env,
        AWS_ACCESS_KEY_ID: '',
        AWS_SECRET_ACCESS_KEY: '',
        AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      };
      const again = [bin, ...best, '--state', join(state, 'restored')];
      const { stdout } = await promisify(execFile)(process.execPath, again, { env: alone });
      expect(`0 ${stdout.replace('/restored/', '/')}`).toBe(there);
      server.objects.set([...server.objects.keys()][0]?.replace(/trials\/\d+/, 'trials/77') ?? '', Buffer.alloc(9));
      const collected = await polyak('gc', 'tiny-search-1');
      expect(collected).toMatch(/s3:.*trials\/77\/checkpoints .*of no trial that the store knows/);
      expect([...server.objects.keys()].some((key) => key.includes('trials/77'))).toBe(false);
    } finally {
      server.close();
      rmSync(state, { recursive: true });
    }
  });
});
