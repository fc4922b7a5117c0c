import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { processorLimit, processorQuota, serverThreads } from '../../common/processor-limit.js';

const scratch = mkdtempSync(join(tmpdir(), 'polyak-cgroup-'));
afterAll(() => rmSync(scratch, { recursive: true }));
let made = 0;

function quota(membership: string, files: Record<string, string>): number {
  const mounts = join(scratch, String((made += 1)));
  for (const [name, text] of Object.entries({ membership, ...files })) {
    mkdirSync(dirname(join(mounts, name)), { recursive: true });
    writeFileSync(join(mounts, name), text);
  }
  return processorQuota({ membership: join(mounts, 'membership'), mounts });
}

describe('the processors that a process may use', () => {
  it('are those of the quota of its cgroup', () => {
    expect(quota('0::/\n', { 'cpu.max': '150000 100000\n' })).toBe(1.5);
  });

  it('are those of the smallest quota on the way up', () => {
    const files = {
      'pods/one/cpu.max': 'max 100000\n',
      'pods/cpu.max': '200000 100000\n',
      'cpu.max': '400000 100000\n',
    };
    expect(quota('0::/pods/one\n', files)).toBe(2);
  });

  it('are found in the older form too, also in a container, which sees its own cgroup at the root', () => {
    const files = { 'cpu/cpu.cfs_quota_us': '100000\n', 'cpu/cpu.cfs_period_us': '100000\n' };
    expect(quota('5:memory:/x\n4:cpu,cpuacct:/machine/container\n0::/x\n', files)).toBe(1);
  });

  it('have no limit without a quota', () => {
    expect(quota('0::/\n', { 'cpu.max': 'max 100000\n' })).toBe(Infinity);
    const none = { 'cpu/cpu.cfs_quota_us': '-1\n', 'cpu/cpu.cfs_period_us': '100000\n' };
    expect(quota('4:cpu,cpuacct:/\n', none)).toBe(Infinity);
    expect(quota('0::/\n', {})).toBe(Infinity);
  });

  it('give a server one thread fewer than there are, at least one and at most four', () => {
    expect([1, 2, 3, 5, 64].map((processors) => serverThreads(processors))).toEqual([1, 1, 2, 4, 4]);
  });

  it('are at least one, and no more than there are', () => {
    expect(processorLimit()).toBeGreaterThanOrEqual(1);
    expect(processorLimit()).toBeLessThanOrEqual(availableParallelism());
  });
});
