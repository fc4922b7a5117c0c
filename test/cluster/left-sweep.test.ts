/** Who follows a sweep on a coordinator elsewhere may leave at any time: the sweep does not end by it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SweepFollower } from '../../cli/sweep/sweep-follower.js';
import { SweepFolder } from '../../cli/sweep/sweep-folder.js';
import { SweepCluster } from './sweep-cluster.js';
import { SweepCommand } from './sweep-command.js';
import { tinySweep } from './tiny-sweep.js';

const trials = 3;

describe('a sweep on a coordinator elsewhere', () => {
  let cluster: SweepCluster;
  let state: string;
  let file: string;

  beforeAll(async () => {
    cluster = await SweepCluster.start({ workers: 1, shards: 1 });
    state = mkdtempSync(join(tmpdir(), 'polyak-left-'));
    // A trial takes some seconds, so that none has ended when its follower leaves.
    ({ file } = await tinySweep(state, { trials }, { train: { epochs: 100, batchSize: 80, microBatchSize: 40 } }));
  }, 60_000);
  afterAll(async () => {
    await cluster.stop();
    rmSync(state, { recursive: true });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'goes on when its follower gets %s, who says where it is to be found',
    async (signal) => {
      const command = new SweepCommand(['sweep', file, '--coordinator', cluster.coordinator, '--state', state]);
      const { sweep } = await command.line(({ event }) => event === 'started');
      await command.line(({ event }) => event === 'created');
      command.signal(signal);
      const { code, said } = await command.ended;
      expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
      const { name, sweepKey } = SweepFolder.open(state, String(sweep)).facts;
      expect(said).toMatch(new RegExp(`no longer followed\\n${name} goes on at ${cluster.coordinator}; see it with`));
      const follower = new SweepFollower(cluster.coordinator, Buffer.from(sweepKey, 'hex'), 30_000);
      const { signal: never } = new AbortController();
      expect((await follower.follow(() => undefined, never)).event).toBe('sweep-finished');
      expect((await follower.snapshot(never)).counts.finished).toBe(trials);
      follower.close();
    },
  );
});
