/** A sweep whose disk fills up, on a small disk of its own: no trial is lost, and it goes on when there is room. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { tinySweep } from './tiny-sweep.js';

const bin = join(packageRoot(), 'bin/polyak.js');
/** 7 values for each unit of which a checkpoint has three vectors: about 1.7 MB. */
const model = [{ dense: { units: 20_000, activation: 'relu' } }, { dense: { units: 3 } }];

/** Lines of `sh`, with a disk of so many megabytes at the folder; what they print is between their own marks. */
function onSmallDisk(folder: string, megabytes: number, lines: readonly string[]): { status: number; stdout: string } {
  const mount = `mount -t tmpfs -o size=${megabytes}m none "$0"`;
  const found = spawnSync('unshare', ['-rm', 'sh', '-c', [mount, ...lines].join('\n'), folder], { encoding: 'utf8' });
  return { status: found.status ?? -1, stdout: `${found.stdout}${found.stderr}` };
}

describe('a sweep on a disk that is full', () => {
  let state: string;
  let disk: string;

  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), 'polyak-full-'));
    disk = mkdtempSync(join(state, 'disk-'));
  });
  afterEach(() => rmSync(state, { recursive: true }));

  it('fails with what to do, loses no trial, and goes on to its end by polyak resume when there is room', async (context) => {
    if (onSmallDisk(disk, 1, ['true']).status !== 0) context.skip('this machine gives no user a small disk of its own');
    const { file } = await tinySweep(state, { trials: 6, keep: 6 }, { model });
    const polyak = (...args: string[]) => `"${process.execPath}" "${bin}" ${args.join(' ')} --state "$0/runs"`;
    const { stdout } = onSmallDisk(disk, 40, [
      // All that the disk has but some checkpoints' room.
      'dd if=/dev/zero of="$0/filler" bs=1M count=30 2>/dev/null',
      polyak('sweep', file, '--backend cpu', '--workers 1'),
      'echo "code of the sweep $?"',
      polyak('trials', '@last', '--csv'),
      'rm "$0/filler"',
      polyak('resume', '@last'),
      'echo "code of the resume $?"',
      polyak('trials', '@last', '--csv'),
    ]);
    const [before = '', after = ''] = stdout.split(/code of the sweep \d+/);
    expect(before).toMatch(/cannot be written: its disk is full; free some space, then go on/);
    expect(before).toContain('npx polyak resume');
    expect(stdout).toContain('code of the sweep 4');
    // Until there is room, trials are as they were; then all are finished.
    expect(after.split('code of the resume')[0]).not.toContain('failed');
    expect(stdout).toContain('code of the resume 0');
    const table = stdout.split('code of the resume 0')[1] ?? '';
    expect(table.match(/finished/g)).toHaveLength(6);
  });
});
