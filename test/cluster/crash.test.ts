/** The promise "a crash is not an event": kill -9 of any process changes no number. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CounterRandom, Purpose } from '../../common/random.js';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRun, type RoleEntry, type RunEvent } from './cluster-run.js';

const file = join(packageRoot(), 'examples/invariance.yaml');
const steps = 60;
const seed = Number(process.env['POLYAK_TEST_SEED'] ?? 231);
/** Kills per role; the campaign does more. */
const kills = Number(process.env['POLYAK_TEST_KILLS'] ?? 1);
const args = ['--steps', String(steps), '--workers', '2', '--shards', '2', '--set', 'checkpoint.every=0.5'];

function coordinatorOf(parent: number): number | undefined {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').split(' ').filter(Boolean);
  // One that has ended meanwhile throws, and is looked for again.
  const found = children.find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes('coordinator'),
  );
  return found === undefined ? undefined : Number(found);
}

describe(`a crash (seed ${seed})`, () => {
  let reference: RunEvent;
  let draws = 0;

  beforeAll(async () => {
    const run = ClusterRun.train(file, args);
    reference = await run.finished();
    run.remove();
  });

  const randomStep = () => 1 + new CounterRandom(seed, Purpose.test, (draws += 1)).integer(steps - 10);
  const expectSame = (result: RunEvent) => {
    expect(result['weightsSha256']).toBe(reference['weightsSha256']);
    expect(result['averageSha256']).toBe(reference['averageSha256']);
  };

  const victims: [string, RoleEntry['role'], number][] = [
    ['a worker', 'worker', 0],
    ['a shard', 'server', 0],
    ['another shard', 'server', 1],
    ['the coordinator', 'coordinator', 0],
  ];

  for (const [name, role, index] of victims) {
    for (let kill = 0; kill < kills; kill++) {
      const step = randomStep();
      it(`of ${name} after step ${step} changes no number`, async () => {
        const run = ClusterRun.train(file, args);
        try {
          await run.step(step);
          run.kill(role, index);
          expectSame(await run.finished());
        } finally {
          run.remove();
        }
      });
    }
  }

  for (let kill = 0; kill < kills; kill++) {
    const step = randomStep();
    it(`of the only worker after step ${step}, with some chunks a step ahead or not, changes no number`, async () => {
      const run = ClusterRun.train(file, [...args, '--workers', '1']);
      try {
        await run.step(step);
        run.kill('worker', 0);
        expectSame(await run.finished());
      } finally {
        run.remove();
      }
    });
  }

  it('of the coordinator before it is ready changes no number', async () => {
    const run = ClusterRun.train(file, args);
    try {
      let pid: number | undefined;
      const look = () => (pid = coordinatorOf(run.process.pid ?? 0));
      await expect.poll(look, { timeout: 30_000, interval: 5 }).toBeDefined();
      expect(run.roles()).toEqual([]);
      process.kill(pid!, 'SIGKILL');
      await run.nextEvent(({ kind }) => kind === 'restart');
      expectSame(await run.finished());
    } finally {
      run.remove();
    }
  });

  it('of a worker whose push has arrived, before the lead hears of it, changes no number', async () => {
    const marker = join(mkdtempSync(join(tmpdir(), 'polyak-unheard-')), 'died');
    const run = ClusterRun.train(file, args, { POLYAK_TEST_DIE_UNHEARD: marker });
    try {
      expectSame(await run.finished());
      expect(existsSync(marker)).toBe(true);
    } finally {
      run.remove();
      rmSync(dirname(marker), { recursive: true });
    }
  });

  for (const shards of [2, 3]) {
    const step = randomStep();
    it(`of everything after step ${step}, resumed on ${shards} shards, changes no number`, async () => {
      const run = ClusterRun.train(file, args);
      try {
        await run.step(step);
        const pids = [run.process.pid ?? 0, ...run.roles().map(({ pid }) => pid)];
        for (const pid of pids) process.kill(pid, 'SIGKILL');
        await run.exitCode();
        expectSame(await run.resume(['--shards', String(shards), '--workers', '2']).finished());
      } finally {
        run.remove();
      }
    });
  }

  it('an interrupted run checkpoints, exits 130, and goes on to the same numbers', async () => {
    const run = ClusterRun.train(file, args);
    try {
      await run.step(20);
      run.process.kill('SIGINT');
      expect(await run.exitCode()).toBe(130);
      expectSame(await run.resume(['--shards', '1', '--workers', '1']).finished());
    } finally {
      run.remove();
    }
  });
});
