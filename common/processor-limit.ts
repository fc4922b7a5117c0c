/**
 * How many processors this process may use: what its cgroup's quota allows, or what the machine has. Node itself knows of quotas
 * only in newer versions, and then counts the same.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

export interface CgroupFiles {
  /** Which cgroups the process is in. */
  membership: string;
  /** Where they are mounted. */
  mounts: string;
}

const ofThisProcess: CgroupFiles = { membership: '/proc/self/cgroup', mounts: '/sys/fs/cgroup' };

/** Whole processors, at least one: half of one is one that waits. */
export function processorLimit(): number {
  return Math.max(1, Math.floor(Math.min(availableParallelism(), processorQuota(ofThisProcess))));
}

/** For arithmetic of a server, which soon waits for memory and network. */
const serverThreadsMax = 4;

/** As many as there are processors for beside the thread that moves bytes; bits do not depend on them. */
export function serverThreads(processors = processorLimit()): number {
  return Math.min(serverThreadsMax, Math.max(1, processors - 1));
}

/** Processors, with fractions; infinite where there is no quota, or no cgroup. */
export function processorQuota({ membership, mounts }: CgroupFiles): number {
  const lines = (read(membership) ?? '').split('\n').map((line) => line.split(':'));
  const quotas = lines.flatMap(([, controllers = '', path = '/']) => {
    // One hierarchy for all controllers, or one for each (versions 2 and 1).
    if (controllers === '') return withAncestors(path).map((folder) => unifiedQuota(join(mounts, folder)));
    if (!controllers.split(',').includes('cpu')) return [];
    return withAncestors(path).map((folder) => separateQuota(join(mounts, 'cpu', folder)));
  });
  return Math.min(...quotas, Infinity);
}

/** A container sees its own cgroup at the mount's root, whatever its path is outside: so the root is always among them. */
function withAncestors(path: string): string[] {
  return path === '/' || path === '.' ? ['/'] : [path, ...withAncestors(dirname(path))];
}

/** `cpu.max` is `QUOTA PERIOD`, both of microseconds, or `max PERIOD`. */
function unifiedQuota(folder: string): number {
  const [quota = 'max', period] = (read(join(folder, 'cpu.max')) ?? '').trim().split(' ');
  return quota === 'max' || quota === '' ? Infinity : Number(quota) / Number(period);
}

/** Two files; -1 is no quota. */
function separateQuota(folder: string): number {
  const quota = Number(read(join(folder, 'cpu.cfs_quota_us')) ?? -1);
  const period = Number(read(join(folder, 'cpu.cfs_period_us')));
  return quota > 0 && period > 0 ? quota / period : Infinity;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
