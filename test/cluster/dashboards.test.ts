/** The dashboards: what is committed is what the definitions make, and every query of every panel has data of a real run. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { packageRoot } from '../../common/package-root.js';
import { MeasuredCluster } from './measured-cluster.js';
import { PrometheusServer, isInstalled, promtool } from '../prometheus/programs.js';

const exposition = join(packageRoot(), 'test/prometheus/dcgm-exposition.txt');
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

/** What promtool says of expressions, each as the rule that records it: whether it can be read, and whether types fit. */
function judged(expressions: readonly string[]): { status: number | null; printed: string } {
  const rules = expressions.map((expr, index) => ({
    record: `query:${index}`,
    expr: expr.replaceAll('$sweep', '.+').replaceAll('$__rate_interval', '1m'),
  }));
  const folder = mkdtempSync(join(tmpdir(), 'polyak-queries-'));
  try {
    writeFileSync(join(folder, 'queries.yml'), stringify({ groups: [{ name: 'queries', rules }] }));
    return promtool(['check', 'rules', join(folder, 'queries.yml')]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** NVIDIA's exporter, as far as its page goes. */
async function startExporter(): Promise<Server> {
  const page = readFileSync(exposition);
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(page);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe.skipIf(!isInstalled)('the queries of the dashboards', () => {
  let cluster: MeasuredCluster;
  let exporter: Server;
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    cluster = await MeasuredCluster.start();
    const rules = [join(packageRoot(), 'deploy/prometheus/polyak-rules.yml')];
    exporter = await startExporter();
    const gpus = `127.0.0.1:${(exporter.address() as AddressInfo).port}`;
    prometheus = await PrometheusServer.start({ targets: [...(await cluster.targets()), gpus], rules });
  });
  afterAll(async () => {
    await prometheus.stop();
    exporter.closeAllConnections();
    exporter.close();
    await cluster.stop();
  });

  it('are of the right types in the eyes of promtool', () => {
    const all = names.flatMap((name) => panelsOf(name).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)));
    expect(judged(all)).toEqual({ status: 0, printed: expect.stringContaining(`${all.length} rules found`) as string });
    expect(judged(['rate(polyak_workers_wanted)']).printed).toContain('expected type range vector');
    expect(judged(['sum by (le (polyak_workers_wanted)']).status).not.toBe(0);
  });

  it('of GPUs stand in a row of their own, and ask for what its exporter has', () => {
    const { panels } = JSON.parse(textOf('cluster')) as Dashboard;
    const rows = panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(rows).toEqual(['Work', 'Processes', 'GPUs (DCGM)']);
    const row = panels.findIndex(({ title }) => title === 'GPUs (DCGM)');
    const asksExporter = panels.map(({ targets = [] }) => targets.some(({ expr }) => expr.includes('DCGM_')));
    expect(asksExporter.slice(0, row + 1)).not.toContain(true);
    expect(asksExporter.slice(row + 1)).not.toContain(false);
    expect(promtool(['check', 'metrics'], readFileSync(exposition, 'utf8')).printed).not.toMatch(/error|parsing/);
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
