/** A sweep whose checkpoints lie on a disk that fills up: no trial is lost, and it goes on when there is room. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { tinySweep } from './tiny-sweep.js';

const bin = join(packageRoot(), 'bin/polyak.js');
/** 40,003 floats, of which a checkpoint has three vectors: 480 kB. */
const model = [{ dense: { units: 5000, activation: 'relu' } }, { dense: { units: 3 } }];

/** Lines of `sh` for whom mounts are their own; not every machine lets a user have them. */
function withMounts(lines: readonly string[]): { status: number | null; stdout: string } {
  const script = ['exec 2>&1', ...lines].join('\n');
  return spawnSync('unshare', ['-rm', 'sh', '-c', script], { encoding: 'utf8' });
}

describe('a sweep whose disk is full', () => {
  let state: string;

  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), 'polyak-full-'));
  });
  afterEach(() => rmSync(state, { recursive: true }));

  it('fails with what to do, loses no trial, and goes on to its end by polyak resume when there is room', async (context) => {
    const isAllowed = withMounts([`mount -t tmpfs none "${state}"`]).status === 0;
    if (!isAllowed) context.skip('this machine gives no user a small disk of its own');
    const { file } = await tinySweep(state, { trials: 3 }, { model });
    const runs = join(state, 'runs');
    const trials = join(runs, 'tiny-search-1', 'trials');
    const polyak = (...args: string[]) => `"${process.execPath}" "${bin}" ${args.join(' ')} --state "${runs}"`;
    const { stdout } = withMounts([
      `{ ${polyak('sweep', file, '--backend cpu --workers 1')}; echo "code of the sweep $?"; } &`,
      `until [ -d "${trials}" ]; do sleep 0.05; done`,
      // Room for two checkpoints.
      `mount -t tmpfs -o size=1m none "${trials}"`,
      'wait',
      polyak('trials', '@last', '--csv'),
      'echo resuming',
      `mount -o remount,size=64m "${trials}"`,
      polyak('resume', '@last'),
      'echo "code of the resume $?"',
      polyak('trials', '@last', '--csv'),
    ]);
    const [failed = '', resumed = ''] = stdout.split('resuming');
    expect(failed).toMatch(/checkpoints cannot be written: its disk is full; free some space, then go on/);
    expect(failed).toMatch(/go on with: npx polyak resume .*tiny-search-1/);
    // As an error of the training, though no trial has failed by it.
    expect(failed).toContain('code of the sweep 4');
    const [, table = ''] = failed.split('code of the sweep 4');
    expect(table).toMatch(/^0,(finished|running),/m);
    expect(table).not.toContain('failed');
    expect(resumed).toContain('code of the resume 0');
    expect(resumed.split('code of the resume 0')[1]?.match(/finished/g)).toHaveLength(3);
  });
});
