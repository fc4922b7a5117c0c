/** What `polyak resume` says where a run cannot go on as it is asked to. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { provenanceOf } from '../../cli/provenance.js';
import { RunFolder } from '../../cli/run-folder.js';
import { RunJournal } from '../../cli/run-journal.js';
import { loadExperiment } from '../../common/experiment/load.js';
import { packageRoot } from '../../common/package-root.js';

const bin = join(packageRoot(), 'bin/polyak.js');
const digits = join(packageRoot(), 'examples/digits.yaml');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-resume-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A run of 20 epochs that was given `untilStep` and finished there. */
async function finished(untilStep: number, state = '.polyak'): Promise<void> {
  const experiment = await loadExperiment(digits, ['train.epochs=20']);
  const run = RunFolder.create(join(folder, state), experiment, {
    ...{ untilStep, workers: 1, shards: 1, backend: 'tensorflow', coordinator: null, parent: null },
    provenance: await provenanceOf('tensorflow', digits),
  });
  const journal = new RunJournal(run.journal);
  journal.note({ event: 'started' });
  journal.add({ event: 'epoch', epoch: 2, step: untilStep });
  journal.add({ event: 'finished', steps: untilStep });
}

function resume(...args: string[]) {
  const { status, stderr } = spawnSync(process.execPath, [bin, 'resume', ...args], { cwd: folder, encoding: 'utf8' });
  return { status, stderr };
}

describe('a run that has finished', () => {
  it('is not extended; the branch that goes on from its weights is named as it is typed', async () => {
    await finished(40);
    const { status, stderr } = resume('digits-1', '--steps', '100');
    const way = "'polyak train .polyak/digits-1/experiment.json --from .polyak/digits-1 --steps 60'";
    const why = '--steps 100: digits-1 has finished at step 40, and what has finished stays as it is';
    expect(stderr).toBe(`polyak: ${why}; ${way} goes on from its weights as a new run\n`);
    expect(status).toBe(2);
  });

  it('of other states is branched in its own, also for all its epochs', async () => {
    await finished(40, 'other runs');
    const { status, stderr } = resume('digits-1', '--epochs', '20', '--state', 'other runs');
    expect(stderr).toContain("--from 'other runs/digits-1' --epochs 18 --state 'other runs''");
    expect(status).toBe(2);
  });

  it('takes the command that it names', async () => {
    await finished(40);
    const file = '.polyak/digits-1/experiment.json';
    const { status, stdout } = spawnSync(process.execPath, [bin, 'validate', file, '--json'], {
      ...{ cwd: folder, encoding: 'utf8' },
    });
    expect(JSON.parse(stdout)).toMatchObject({ experiment: { name: 'digits', train: { epochs: 20 } } });
    expect(status).toBe(0);
  });
});

describe('--param', () => {
  it('refuses a whole number that would lose digits, and takes the largest that does not', () => {
    const train = (value: string) =>
      spawnSync(process.execPath, [bin, 'validate', digits, '--set', 'seed=$seed', '--param', `seed=${value}`], {
        ...{ cwd: folder, encoding: 'utf8' },
      });
    const lost = train('9007199254740993');
    expect(lost.stderr).toContain(
      "--param 'seed=9007199254740993': is 9007199254740993, the largest whole number that is held exactly is 9007199254740991",
    );
    expect(lost.status).toBe(2);
    expect(train('9007199254740991').status).toBe(0);
  });
});
