/** How many workers a coordinator says that it wants while there are none, so that whoever starts them by it begins at all. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SweepFollower } from '../../cli/sweep/sweep-follower.js';
import { ClusterRole } from './cluster-role.js';
import { tinySweep } from './tiny-sweep.js';

describe('a coordinator without workers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'polyak-wanted-'));
  const { signal } = new AbortController();
  let coordinator: ClusterRole;

  beforeAll(async () => {
    coordinator = ClusterRole.start('coordinator', ['--store', join(folder, 'coordinator.db')]);
    await coordinator.listening;
  });
  afterAll(async () => {
    await coordinator.kill();
    rmSync(folder, { recursive: true });
  });

  async function submit(search: Record<string, unknown>): Promise<SweepFollower> {
    const { experiment, folder: base } = await tinySweep(folder, search);
    const key = randomBytes(8);
    const follower = new SweepFollower((await coordinator.listening).address, key, 5000);
    const directory = join(folder, key.toString('hex'));
    await follower.submit(
      {
        ...{ name: 'tiny', experiment: JSON.stringify(experiment), folder: base, directory, shards: 1, list: '' },
        ...{ settings: '', replayOf: Buffer.alloc(0) },
      },
      signal,
    );
    return follower;
  }

  const wanted = async () => await coordinator.metric('polyak_workers_wanted');
  const queue = async () => await coordinator.metric('polyak_coordinator_queue_length');

  it('wants as many as its sweeps may have at once, and none when they are stopped', async () => {
    expect(await wanted()).toBe(0);
    const many = await submit({ trials: 50 });
    expect([await wanted(), await queue()]).toEqual([50, 50]);
    const few = await submit({ trials: 50, parallel: 3 });
    expect([await wanted(), await queue()]).toEqual([53, 100]);
    // Whose trials are created when a worker asks.
    const asked = await submit({ trials: 8, schedule: { asha: { minEpochs: 1, eta: 2 } } });
    expect([await wanted(), await queue()]).toEqual([61, 100]);
    await many.change({ action: 'PAUSE' }, signal);
    expect([await wanted(), await queue()]).toEqual([11, 50]);
    for (const follower of [many, few, asked]) {
      await follower.change({ action: 'STOP' }, signal);
      follower.close();
    }
    expect([await wanted(), await queue()]).toEqual([0, 0]);
  });
});
