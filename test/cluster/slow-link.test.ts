/** A link of 100 Mbit/s between two network namespaces: gradients fill it, and no healthy worker is taken for dead. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRole, sumMetric } from './cluster-role.js';
import { ClusterRun } from './cluster-run.js';

const file = join(packageRoot(), 'examples/invariance.yaml');
/** One namespace for the servers, one for the workers; the addresses are of a documentation subnet. */
const sides = [
  { name: `polyak-near-${process.pid}`, device: 'near', address: '192.0.2.1' },
  { name: `polyak-far-${process.pid}`, device: 'far', address: '192.0.2.2' },
] as const;
const [near, far] = sides;
const shape = ['root', 'tbf', 'rate', '100mbit', 'burst', '32kbit', 'latency', '400ms'];
const steps = 5;

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });

/** Why there can be no such link here, or undefined. Leaves nothing behind then. */
function makeLink(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  try {
    for (const { name } of sides) ip('netns', 'add', name);
    ip('-n', near.name, 'link', 'add', near.device, 'type', 'veth', 'peer', 'name', far.device, 'netns', far.name);
    for (const { name, device, address } of sides) {
      ip('-n', name, 'address', 'add', `${address}/30`, 'dev', device);
      for (const up of [device, 'lo']) ip('-n', name, 'link', 'set', up, 'up');
      execFileSync('tc', ['-n', name, 'qdisc', 'add', 'dev', device, ...shape], { stdio: 'pipe' });
    }
    return undefined;
  } catch (error) {
    removeLink();
    return error instanceof Error ? error.message.split('\n').join(' ') : String(error);
  }
}

function removeLink(): void {
  for (const { name } of sides) {
    try {
      ip('netns', 'delete', name);
    } catch {
      // It was not made.
    }
  }
}

const inside = ({ name }: (typeof sides)[number]) => ['ip', 'netns', 'exec', name];

/** The metrics page of a process on the servers' side. */
function metricsPage(port: number): string {
  const script = `fetch('http://${near.address}:${port}/metrics').then((page) => page.text()).then(console.log)`;
  return ip('netns', 'exec', near.name, process.execPath, '-e', script).toString();
}

const missing = makeLink();

describe('a link of 100 Mbit/s', () => {
  const roles: ClusterRole[] = [];
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'polyak-link-'));
  });
  afterAll(async () => {
    await Promise.all(roles.map((role) => role.kill()));
    removeLink();
    rmSync(folder, { recursive: true });
  });

  const start = (side: (typeof sides)[number], role: 'server' | 'worker' | 'coordinator', ...args: string[]) => {
    const started = ClusterRole.start(role, args, inside(side));
    roles.push(started);
    return started;
  };

  it('loses no worker, though it moves gradients for as long as it can', async (context) => {
    if (missing !== undefined) return context.skip(missing);
    const listen = ['--listen', `${near.address}:0`];
    const coordinator = start(near, 'coordinator', ...listen, '--store', join(folder, 'coordinator.db'));
    const { address } = await coordinator.listening;
    const shard = start(near, 'server', '--coordinator', address, ...listen);
    for (let count = 0; count < 2; count++) start(far, 'worker', '--coordinator', address);
    // A dense layer of 1.5 million weights: 6 MB up and 6 MB down per worker and step.
    const model = JSON.stringify([{ flatten: {} }, { dense: { units: 20_000 } }, { dense: { units: 10 } }]);
    const set = [`model=${model}`, 'augment=[]', 'chunkFloats=65536'].flatMap((value) => ['--set', value]);
    const run = ClusterRun.submit(file, address, ['--steps', String(steps), ...set], inside(near));
    try {
      await run.finished();
      const text = metricsPage((await shard.listening).metrics);
      expect(sumMetric(text, 'polyak_server_received_bytes_total')).toBeGreaterThan(steps * 2 * 5.9e6);
      expect(sumMetric(text, 'polyak_server_workers_lost_total', 'reason="silent"')).toBe(0);
      expect(sumMetric(text, 'polyak_server_workers_lost_total', 'reason="stream broken"')).toBe(0);
      expect(sumMetric(text, 'polyak_server_workers_lost_total', 'reason="reconnected"')).toBe(0);
    } finally {
      if (run.process.exitCode === null) run.process.kill('SIGKILL');
      await run.exitCode();
      run.remove();
    }
  });
});
