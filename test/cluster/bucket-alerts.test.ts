/**
 * A bucket that hangs for one shard and is full for another, as whoever is on call sees it: by a real Prometheus that scrapes
 * real servers, with the alerts of deploy/prometheus.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { packageRoot } from '../../common/package-root.js';
import { isInstalled, PrometheusServer } from '../prometheus/programs.js';
import { quickened } from '../prometheus/quickened.js';
import { S3Server, accessKey, secretKey } from '../unit/s3-server.js';
import { readMetric } from './cluster-role.js';
import { ClusterRun } from './cluster-run.js';

const file = join(packageRoot(), 'examples/wine.yaml');
const alerts = readFileSync(join(packageRoot(), 'deploy/prometheus/polyak-alerts.yml'), 'utf8');
/** As it stands: between two attempts passes the same time whether a test waits for them or not. */
const failing = exprOf('PolyakCheckpointsFailing');
const patience = { timeout: 90_000, interval: 250 };

function exprOf(name: string): string {
  const { groups } = parse(alerts) as { groups: { rules: { alert: string; expr: string }[] }[] };
  const rule = groups.flatMap(({ rules }) => rules).find(({ alert }) => alert === name);
  if (!rule) throw new Error(`there is no alert ${name}`);
  return rule.expr;
}

describe.skipIf(!isInstalled)('a bucket that hangs and is full', { timeout: 240_000 }, () => {
  let folder: string;
  let bucket: S3Server;
  let run: ClusterRun;
  let prometheus: PrometheusServer | undefined;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'polyak-bucket-alerts-'));
    bucket = await S3Server.start({});
    const keys = { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_SESSION_TOKEN: '' };
    run = ClusterRun.train(
      file,
      [
        ...['--backend', 'cpu', '--workers', '1', '--shards', '2', '--checkpoints', 's3://bucket/runs'],
        ...['checkpoint.every=0.2', 'train.epochs=1000000', 'chunkFloats=16'].flatMap((set) => ['--set', set]),
      ],
      { ...keys, AWS_ENDPOINT_URL: bucket.url, AWS_REGION: 'eu-central-1' },
    );
  });
  afterEach(async () => {
    bucket.fault = undefined;
    run.process.kill('SIGINT');
    bucket.breakOff();
    await run.exitCode();
    await prometheus?.stop();
    bucket.close();
    run.remove();
    rmSync(folder, { recursive: true });
  });

  it('holds up no step, is counted in /metrics, and is told of by the alerts until it is mended', async () => {
    const rules = join(folder, 'alerts.yml');
    writeFileSync(rules, quickened(alerts));
    await run.step(10);
    // The first checkpoint is there.
    await expect.poll(() => [...bucket.objects.keys()].join(), patience).toMatch(/step-\d+\.1\.json/);
    const [full, hanging] = [0, 1].map((index) => run.role('server', index).metricsPort) as [number, number];
    const targets = [full, hanging].map((port) => `127.0.0.1:${port}`);
    prometheus = await PrometheusServer.start({ targets, rules: [rules] });
    const ask = async (query: string) => (await prometheus?.query(query)) ?? [];
    const firing = async (name: string) =>
      (await ask(`ALERTS{alertname="${name}", alertstate="firing"}`)).map(({ metric }) => metric['instance']);
    const metric = async (name: string) =>
      (await readMetric(full, `polyak_server_${name}`)) + (await readMetric(hanging, `polyak_server_${name}`));
    const failures = async (port: number) => await readMetric(port, 'polyak_server_checkpoint_failures_total');
    // Every counter has been scraped before it rises.
    await expect.poll(async () => await ask('polyak_server_checkpoint_failures_total == 0'), patience).toHaveLength(2);
    await expect.poll(async () => await firing('PolyakCheckpointOld'), patience).toEqual([]);

    const [stepsBefore, epochsBefore] = [await metric('steps_total'), epochs()];
    bucket.fault = (method, key) => {
      if (method !== 'PUT' || !key.includes('safetensors')) return undefined;
      return key.includes('shard-0') ? { status: 507, code: 'XMinioStorageFull' } : 'hang';
    };
    await run.nextEvent((event) => event['kind'] === 'checkpoint-delayed');
    await expect.poll(async () => await firing('PolyakCheckpointOld'), patience).toHaveLength(1);
    await expect.poll(async () => await ask(failing), patience).toHaveLength(1);
    const [told] = await ask(failing);
    expect(told?.metric['instance']).toBe(targets[0]);
    // An increase is extrapolated a little.
    expect(await failures(full)).toBeGreaterThanOrEqual(4);

    // Meanwhile it has been trained and evaluated, and no step has waited for as long as the checkpoint has.
    const age = await metric('checkpoint_age_seconds');
    expect(age).toBeGreaterThan(10);
    expect(await metric('steps_total')).toBeGreaterThan(stepsBefore + 20);
    expect(epochs()).toBeGreaterThan(epochsBefore + 2);
    const [longest] = await ask('max(max_over_time(polyak_server_step_age_seconds[5m]))');
    expect(Number(longest?.value[1])).toBeLessThan(age);

    bucket.fault = undefined;
    bucket.breakOff();
    await expect.poll(async () => await firing('PolyakCheckpointOld'), patience).toEqual([]);
    expect(await metric('checkpoint_age_seconds')).toBeLessThan(age);
    // That which hung was counted when it broke off; else it would have been after half a minute without an answer.
    expect(await failures(hanging)).toBeGreaterThan(0);
    expect(await metric('rollbacks_total')).toBe(0);
  });

  function epochs(): number {
    return run.events.filter(({ event }) => event === 'epoch').length;
  }
});
