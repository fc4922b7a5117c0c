/** The script of the Job that submits a sweep (deploy/helm/polyak/examples), run as its container runs it, on a cluster here. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { podTemplates } from '../deploy/manifest.js';
import { sweepJob } from '../deploy/sweep-job.js';
import { SweepCluster } from './sweep-cluster.js';
import { tinySweep } from './tiny-sweep.js';

describe('the Job that submits a sweep', () => {
  let cluster: SweepCluster;
  let programs: string;

  beforeAll(async () => {
    cluster = await SweepCluster.start({ workers: 1, shards: 1 });
    programs = join(cluster.folder, 'bin');
    mkdirSync(programs);
    symlinkSync(join(packageRoot(), 'bin/polyak.js'), join(programs, 'polyak'));
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(cluster.report());
  });
  afterAll(async () => await cluster.stop());

  /** A pod of the Job. */
  const start = (experiment: string, state: string): ChildProcess => {
    const [pod] = podTemplates([sweepJob()]);
    const [{ command = [], args = [] } = {}] = pod?.spec.containers ?? [];
    const [shell = '', ...rest] = [...command, ...args];
    const places = { POLYAK_COORDINATOR: cluster.coordinator, POLYAK_STATE: state, EXPERIMENT: experiment };
    const env = { ...process.env, PATH: `${programs}:${process.env['PATH']}`, ...places };
    return spawn(shell, rest, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  };
  const end = async (child: ChildProcess): Promise<number> => Number((await once(child, 'close'))[0]);
  const line = async (child: ChildProcess, event: string): Promise<void> => {
    for await (const text of createInterface({ input: child.stdout! }))
      if ((JSON.parse(text) as { event: string }).event === event) return;
    throw new Error(`it ended without the event ${event}`);
  };

  it('goes on with the sweep of a pod that was evicted, and ends as it ends, once', async () => {
    const { file } = await tinySweep(cluster.folder, { trials: 100 });
    const state = join(cluster.folder, 'jobs/evicted');
    const first = start(file, state);
    await line(first, 'created');
    first.kill('SIGTERM');
    expect(await end(first)).toBe(143);
    const second = start(file, state);
    const finished = line(second, 'sweep-finished');
    expect(await end(second)).toBe(0);
    await finished;
    expect(await end(start(file, state))).toBe(0);
    expect(readdirSync(state).filter((name) => name.includes('tiny'))).toHaveLength(1);
  });

  it('fails with exit code 4 when the sweep does, and with 2 for a file that is none', async () => {
    // Three classes, and two outputs.
    const model = [{ dense: { units: 2 } }];
    const { file } = await tinySweep(cluster.folder, { trials: 9, sameFailures: 2, parallel: 1 }, { model });
    const [failing, none] = [
      start(file, join(cluster.folder, 'jobs/failing')),
      start('none.yaml', join(cluster.folder, 'jobs/none')),
    ];
    for (const { stdout } of [failing, none]) stdout?.resume();
    expect(await Promise.all([failing, none].map(end))).toEqual([4, 2]);
  });
});
