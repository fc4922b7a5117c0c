/** What the roles answer to who asks whether they live, and whether they are ready, over their whole life. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { freePort } from '../../cli/free-port.js';
import { ClusterRole } from './cluster-role.js';

const roles: ClusterRole[] = [];
const folder = mkdtempSync(join(tmpdir(), 'polyak-probes-'));

function start(role: 'coordinator' | 'server' | 'worker', ...args: string[]): ClusterRole {
  const started = ClusterRole.start(role, args);
  roles.push(started);
  return started;
}

/** Status and text of a page. */
async function page(role: ClusterRole, path: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${(await role.listening).metrics}${path}`);
  return `${answer.status} ${(await answer.text()).trim()}`;
}

const patience = { timeout: 30_000 };

afterEach(async () => {
  await Promise.all(roles.splice(0).map(async (role) => await role.kill()));
  rmSync(folder, { recursive: true });
});

it('a role lives while its coordinator is away, and is ready when it attends', { timeout: 120_000 }, async () => {
  const address = `127.0.0.1:${await freePort('127.0.0.1')}`;
  const server = start('server', '--coordinator', address);
  const worker = start('worker', '--coordinator', address, '--backend', 'cpu');
  for (const role of [server, worker]) {
    expect(await page(role, '/healthz')).toBe('200 ok');
    expect(await page(role, '/readyz')).toBe(`503 the coordinator ${address} is away`);
  }
  const coordinator = start('coordinator', '--listen', address, '--store', join(folder, 'coordinator.db'));
  expect(await page(coordinator, '/healthz')).toBe('200 ok');
  expect(await page(coordinator, '/readyz')).toBe('200 ok');
  for (const role of [server, worker]) {
    await expect.poll(async () => await page(role, '/readyz'), patience).toBe('200 ok');
  }
  await coordinator.kill();
  for (const role of [server, worker]) {
    await expect.poll(async () => await page(role, '/readyz'), patience).toBe(`503 the coordinator ${address} is away`);
    expect(await page(role, '/healthz')).toBe('200 ok');
  }
  expect(await page(server, '/ready')).toBe('404 try /metrics, /healthz or /readyz');
});
