/** Arithmetic threads of a server: more are faster, and no number depends on them. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SweepFollower } from '../../cli/sweep/sweep-follower.js';
import { ClusterRole } from './cluster-role.js';
import { SubmittedSweep } from './sweep-cluster.js';
import { tinySweep, type TinySweep } from './tiny-sweep.js';

async function table(folder: string, threads: number, { experiment, folder: from }: TinySweep) {
  const ending = new AbortController();
  const store = join(folder, `${threads}.db`);
  const roles = [ClusterRole.start('coordinator', ['--listen', '127.0.0.1:0', '--store', store])];
  try {
    const { address } = await roles[0]!.listening;
    const attends = ['--coordinator', address];
    roles.push(ClusterRole.start('server', [...attends, '--threads', String(threads)]));
    roles.push(ClusterRole.start('worker', [...attends, '--backend', 'cpu']));
    const key = randomBytes(8);
    const follower = new SweepFollower(address, key, 60_000);
    const directory = join(folder, String(threads));
    const request = { name: 'tiny', experiment: JSON.stringify(experiment), folder: from, directory, shards: 1 };
    await follower.submit({ ...request, list: '', settings: '{}', replayOf: Buffer.alloc(0) }, ending.signal);
    const sweep = new SubmittedSweep(key, directory, follower, ending.signal);
    await sweep.ended();
    return await sweep.table();
  } finally {
    ending.abort();
    await Promise.all(roles.map(async (role) => await role.kill()));
  }
}

it('are any number, and a sweep comes to the same table', { timeout: 180_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'polyak-threads-'));
  // Several chunks, and a scalar of all of them in every step.
  const tiny = await tinySweep(folder, { trials: 2 }, { chunkFloats: 16, clip: { globalNorm: 0.5 } });
  try {
    expect(await table(folder, 3, tiny)).toEqual(await table(folder, 1, tiny));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
