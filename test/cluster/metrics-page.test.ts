/** What each role serves after a real training and in a real sweep: as Prometheus would have it, and as docs/metrics.md says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { sumMetric } from './cluster-role.js';
import { MeasuredCluster, namesOf, roles, type Role } from './measured-cluster.js';
import { isInstalled, promtool } from '../prometheus/programs.js';

/** In the sections of docs/metrics.md that are about the role. */
function documented(role: Role): string[] {
  const page = readFileSync(join(packageRoot(), 'docs/metrics.md'), 'utf8');
  const sections = page.split(/^## /m).filter((text) => headings[role].includes(text.slice(0, text.indexOf('\n'))));
  return sections.flatMap((text) => [...text.matchAll(/^\| `(polyak_\w+)`/gm)].map(([, name]) => name!));
}

const headings = {
  coordinator: ['Every role', 'Servers and the coordinator', 'Coordinator'],
  server: ['Every role', 'Servers and the coordinator', 'Server'],
  worker: ['Every role', 'Worker'],
};

/** All that the page has, so that none stands in a section that nobody reads. */
function documentedAtAll(): string[] {
  const page = readFileSync(join(packageRoot(), 'docs/metrics.md'), 'utf8');
  return [...page.matchAll(/^\| `(polyak_\w+)`/gm)].map(([, name]) => name!);
}

describe('/metrics of each role, after a training and in a sweep', () => {
  let cluster: MeasuredCluster;
  const pages = {} as Record<Role, string>;

  beforeAll(async () => {
    cluster = await MeasuredCluster.start();
    await cluster.train();
    const { ended } = await cluster.sweep(4, 60);
    // While a trial is under way that has been evaluated.
    const isUnderWay = async () => (await cluster.page('coordinator')).includes('polyak_top_trial_objective{');
    await vi.waitUntil(isUnderWay, { interval: 50, timeout: 60_000 });
    for (const role of roles) pages[role] = await cluster.page(role);
    await ended;
  });
  afterAll(async () => await cluster.stop());

  it.skipIf(!isInstalled).each(roles)('of the %s is without fault in the eyes of promtool', (role) => {
    expect(promtool(['check', 'metrics'], pages[role])).toEqual({ status: 0, printed: '' });
  });

  it.each(roles)('of the %s has a value for every metric of docs/metrics.md, and no other metric', (role) => {
    expect(namesOf(pages[role]).toSorted()).toEqual(documented(role).toSorted());
  });

  it('have between them all metrics of docs/metrics.md', () => {
    const scraped = new Set(roles.flatMap((role) => namesOf(pages[role])));
    expect(documentedAtAll().filter((name) => !scraped.has(name))).toEqual([]);
  });

  it('says that what was computed was applied, and where the time went', () => {
    const [server, worker] = [pages.server, pages.worker];
    // Of 178 lines 107 are trained on, 30 times, and the sweep has begun.
    expect(sumMetric(server, 'polyak_server_images_total')).toBeGreaterThanOrEqual(107 * 30);
    expect(sumMetric(worker, 'polyak_worker_images_total', 'kind="gradient"')).toBeGreaterThan(0);
    expect(sumMetric(server, 'polyak_server_pushes_total', 'result="applied"')).toBeGreaterThan(0);
    const seconds = (page: string, name: string, label: string) => sumMetric(page, name, `="${label}"`);
    const parts = ['wait', 'reduce', 'apply', 'send'];
    expect(parts.filter((part) => seconds(server, 'polyak_server_step_seconds_total', part) === 0)).toEqual([]);
    const activities = ['gradient', 'evaluate', 'prepare', 'weight wait', 'idle'];
    expect(activities.filter((name) => seconds(worker, 'polyak_worker_seconds_total', name) === 0)).toEqual([]);
  });

  it('says when all is done that nobody is wanted, and holds no trial', async () => {
    const coordinator = async (name: string, labels = '') => sumMetric(await cluster.page('coordinator'), name, labels);
    await expect.poll(async () => await coordinator('polyak_workers_wanted')).toBe(0);
    expect(await coordinator('polyak_coordinator_trials', 'state="finished"')).toBe(5);
    expect(await coordinator('polyak_coordinator_runs_ended_total', 'end="finished"')).toBe(5);
    expect(await coordinator('polyak_coordinator_workers', 'state="idle"')).toBe(2);
    expect(await coordinator('polyak_coordinator_queue_length')).toBe(0);
    const page = await cluster.page('server');
    const gauges = ['trials', 'workers', 'leases', 'step_age_seconds', 'checkpoint_age_seconds', 'memory_bytes'];
    expect(gauges.filter((name) => sumMetric(page, `polyak_server_${name}`) !== 0)).toEqual([]);
    expect(sumMetric(page, 'polyak_server_checkpoint_duration_seconds_count')).toBeGreaterThanOrEqual(5);
  });
});
