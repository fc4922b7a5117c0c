/** From a training that stands still to whoever is on call: a real Prometheus with the rules of deploy/prometheus, an Alertmanager. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { Alertmanager, hasAlertmanager } from '../prometheus/alertmanager.js';
import { isInstalled, PrometheusServer } from '../prometheus/programs.js';
import { quickened } from '../prometheus/quickened.js';
import { ClusterRun } from './cluster-run.js';

const soon = { interval: 100, timeout: 60_000 };

describe.skipIf(!isInstalled || !hasAlertmanager)('an alert', () => {
  const folder = mkdtempSync(join(tmpdir(), 'polyak-rules-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const rules = ['polyak-rules.yml', 'polyak-alerts.yml'].map((name) => {
    const path = join(folder, name);
    writeFileSync(path, quickened(readFileSync(join(packageRoot(), 'deploy/prometheus', name), 'utf8')));
    return path;
  });

  it('is delivered when a training has stood still for too long, and taken back when it goes on', async () => {
    const run = ClusterRun.train(join(packageRoot(), 'examples/invariance.yaml'), [
      '--workers',
      '1',
      '--epochs',
      '2000',
    ]);
    const alertmanager = await Alertmanager.start();
    let prometheus: PrometheusServer | undefined;
    try {
      await run.step(3);
      const target = `127.0.0.1:${run.role('server').metricsPort}`;
      prometheus = await PrometheusServer.start({ targets: [target], rules, alertmanager: alertmanager.address });
      const worker = run.kill('worker', 0, 'SIGSTOP');
      const fired = await vi.waitUntil(() => alertmanager.find('PolyakNoStep', 'firing'), soon);
      expect(fired.labels).toMatchObject({ severity: 'critical', instance: target });
      expect(fired.annotations['summary']).toMatch(/^A trial has taken no step for \d+(\.\d+)?s\.$/);
      expect(fired.annotations['runbook']).toBe('docs/operations.md#polyaknostep');
      process.kill(worker, 'SIGCONT');
      await vi.waitUntil(() => alertmanager.find('PolyakNoStep', 'resolved'), soon);
    } finally {
      run.process.kill('SIGINT');
      await run.exitCode();
      await prometheus?.stop();
      await alertmanager.stop();
      run.remove();
    }
  });
});
