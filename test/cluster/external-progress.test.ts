/** How far the trials of an external search are, as whoever watches it is told, though no server leads them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { connect } from '../../cli/connect.js';
import { SweepFollower } from '../../cli/sweep/sweep-follower.js';
import { progressLines, type ProgressLine } from '../../cli/sweep/sweep-view.js';
import { ClusterRole } from './cluster-role.js';

it('tells of an external trial that runs its epoch, of how many it may go on to, and its loss', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'polyak-external-progress-'));
  const coordinator = ClusterRole.start('coordinator', ['--listen', '127.0.0.1:0', '--store', join(folder, 'c.db')]);
  const { address } = await coordinator.listening;
  const cluster = await connect(address);
  const search = await cluster.search<{ x: number }>({
    ...{ name: 'cheap', seed: 5, objective: { metric: 'distance' }, train: { epochs: 9 } },
    search: { trials: 9, space: { x: { uniform: [0, 1] } }, schedule: { successiveHalving: { eta: 3, minEpochs: 3 } } },
  });
  const follower = new SweepFollower(address, Buffer.from(search.key, 'hex'), 5000);
  const watching = new AbortController();
  const progress = async (fits: (line: ProgressLine) => boolean) => {
    const found = new AbortController();
    let last: ProgressLine | undefined;
    const onLine = (line: object) => {
      const each = line as ProgressLine & { event: string };
      if (each.event !== 'progress' || !fits(each)) return;
      last = each;
      found.abort();
    };
    await follower.follow(onLine, AbortSignal.any([found.signal, watching.signal]), 2 ** 32 - 1).catch(() => undefined);
    return last!;
  };
  try {
    for await (const trial of search.trials()) {
      const before = await progress(({ running }) => running.length > 0);
      expect(before.running).toMatchObject([{ trial: trial.number, epoch: 0, epochs: 3, workers: 1 }]);
      await trial.report({ epoch: 1, value: 0.5, loss: 0.25 });
      const line = await progress(({ running }) => running[0]?.epoch === 1);
      expect(progressLines(line, 100).join('\n')).toContain(`trial ${trial.number}   33 %  epoch 1/3  loss 0.2500`);
      await trial.report({ epoch: 3, value: 0.5 });
      // It rests at its rung.
      expect((await progress(({ running }) => running.length === 0)).running).toEqual([]);
      break;
    }
  } finally {
    watching.abort();
    follower.close();
    await coordinator.kill();
    rmSync(folder, { recursive: true });
  }
});
