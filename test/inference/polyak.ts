/** The command line as a user meets it, for commands that come back by themselves. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';

export interface Said {
  status: number | null;
  /** The objects of stdout. */
  lines: Record<string, unknown>[];
  stderr: string;
}

/** With --json. */
export function polyak(...args: string[]): Said {
  const bin = join(packageRoot(), 'bin/polyak.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args, '--json'], { encoding: 'utf8' });
  const lines = stdout.split('\n').filter((line) => line !== '');
  return { status, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>), stderr };
}
