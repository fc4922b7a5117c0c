/** What a process's own log looks like to who reads it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { shownOn } from '../../cli/log-lines.js';
import { packageRoot } from '../../common/package-root.js';

const worker = 'c415c45a-0000-4000-8000-000000000000';
const line = JSON.stringify({ level: 30, time: 0, role: 'worker', pid: 7, worker, trial: 'ab', msg: 'joins' });

it('is text on a terminal, with the name of the process, and JSON elsewhere', () => {
  const shown = shownOn({ isTTY: true }, 'worker');
  expect(shown?.(`${line}\n`)).toMatch(/worker-c415c45a info {2}joins {2}trial=ab\n$/);
  expect(shown?.('no JSON\n')).toBe('no JSON\n');
  expect(shownOn({}, 'worker')).toBeUndefined();
});

it('of a worker has its id in every line', { timeout: 60_000 }, async () => {
  const args = ['bin/polyak.js', 'worker', '--coordinator', '127.0.0.1:9', '--backend', 'cpu'];
  const env = { ...process.env, POLYAK_LOG: 'info' };
  const child = spawn(process.execPath, args, { cwd: packageRoot(), env, stdio: ['ignore', 'ignore', 'pipe'] });
  const gone = once(child, 'close');
  try {
    const [first] = (await once(createInterface({ input: child.stderr }), 'line')) as [string];
    expect((JSON.parse(first) as Record<string, unknown>)['worker']).toMatch(/^[0-9a-f-]{36}$/);
  } finally {
    child.kill('SIGKILL');
    await gone;
  }
});
