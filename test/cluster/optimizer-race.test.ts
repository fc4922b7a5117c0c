/** examples/optimizer-race.mjs: what it draws is what its words say. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';

it('sgd zigzags down the bowl and stands still on the saddle', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'polyak-race-'));
  try {
    const example = join(packageRoot(), 'examples/optimizer-race.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [example, '20', 'sgd'], {
      cwd: folder,
      env: { ...process.env, POLYAK_LOG: 'warn' },
    });
    // 20 evaluations see 19 steps.
    expect(stdout).toMatch(
      /bowl, sgd: ends at \(-[56]\.\d+, -?0\.\d+\), crosses the valley 19 times, overshoots by 0\.00/,
    );
    expect(stdout).toMatch(/saddle, sgd: ends at \(-0\.\d+, 0\.002\)/);
    expect(readFileSync(join(folder, 'optimizer-race.svg'), 'utf8')).toMatch(/^<svg [^]*<path [^]*<\/svg>$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
