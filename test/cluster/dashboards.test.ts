/** The dashboards: what is committed is what the definitions make, and every query of every panel has data of a real run. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { MeasuredCluster } from './measured-cluster.js';
import { PrometheusServer, isInstalled } from '../prometheus/programs.js';

const names = ['cluster', 'training', 'sweep'] as const;

interface Panel {
  type: string;
  title?: string;
  description?: string;
  datasource?: { type: string; uid: string };
  targets?: { expr: string; legendFormat: string; datasource?: { uid: string } }[];
  fieldConfig?: { defaults: { unit?: string } };
}

interface Dashboard {
  uid: string;
  panels: Panel[];
  templating: { list: { name: string; type: string }[] };
}

const textOf = (name: string) => readFileSync(join(packageRoot(), `deploy/grafana/${name}.json`), 'utf8');
const panelsOf = (name: string) => (JSON.parse(textOf(name)) as Dashboard).panels.filter(({ type }) => type !== 'row');

describe('the dashboards', () => {
  it('that are committed are those that are defined', () => {
    const script = join(packageRoot(), 'scripts/generate-dashboards.js');
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it.each(names)('%s names its Prometheus by a variable, and no job', (name) => {
    const { templating, uid } = JSON.parse(textOf(name)) as Dashboard;
    expect(uid).toBe(`polyak-${name}`);
    expect(templating.list.map(({ type }) => type)).toContain('datasource');
    expect(textOf(name)).not.toMatch(/\bjob\b/);
    const sources = panelsOf(name).flatMap(({ datasource, targets = [] }) => [
      datasource,
      ...targets.map((target) => target.datasource),
    ]);
    expect(new Set(sources.map((source) => source?.uid))).toEqual(new Set(['${datasource}']));
  });

  it.each(names)('%s says of every panel what is seen, and in what unit', (name) => {
    const panels = panelsOf(name);
    expect(panels.length).toBeGreaterThan(5);
    const isSaid = ({ title, description = '', fieldConfig, targets = [] }: Panel) =>
      title && description.endsWith('.') && fieldConfig?.defaults.unit && targets.length > 0;
    expect(panels.filter((panel) => !isSaid(panel))).toEqual([]);
  });
});

describe.skipIf(!isInstalled)('the queries of the dashboards', () => {
  let cluster: MeasuredCluster;
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    cluster = await MeasuredCluster.start();
    const rules = [join(packageRoot(), 'deploy/prometheus/polyak-rules.yml')];
    prometheus = await PrometheusServer.start({ targets: await cluster.targets(), rules });
  });
  afterAll(async () => {
    await prometheus.stop();
    await cluster.stop();
  });

  it('all have data of a training and a sweep', async () => {
    await cluster.train();
    const { ended } = await cluster.sweep(8, 100);
    // What Grafana puts in: a sweep, or all, and four times what lies between two scrapes.
    const asAsked = (expr: string) => expr.replaceAll('$sweep', '.+').replaceAll('$__rate_interval', '10s');
    const pending = new Set(names.flatMap((name) => panelsOf(name).flatMap(({ targets = [] }) => targets)));
    const ask = async () => {
      for (const target of pending) {
        const samples = await prometheus.query(asAsked(target.expr));
        if (samples.some(({ value: [, value] }) => value !== 'NaN')) pending.delete(target);
      }
      return [...pending].map(({ expr }) => expr);
    };
    await expect.poll(ask, { interval: 500, timeout: 60_000 }).toEqual([]);
    await ended;
  });

  it('give each curve the labels that its legend names', async () => {
    for (const name of names) {
      for (const { targets = [] } of panelsOf(name)) {
        for (const { expr, legendFormat } of targets) {
          const asked = expr.replaceAll('$sweep', '.+').replaceAll('$__rate_interval', '10m');
          const samples = await prometheus.query(asked);
          const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
          for (const { metric } of samples) expect(Object.keys(metric)).toEqual(expect.arrayContaining(labels));
        }
      }
    }
  });
});
