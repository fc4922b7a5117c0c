import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PolyakError } from '../../common/errors.js';
import { sqliteFolder } from '../../common/cache-folder.js';
import { setup } from '../../cli/setup.js';
import { withLock } from '../../common/lock-file.js';
import { describeMissingTools } from '../../cli/setup/tools.js';
import { libraryFolder } from '../../worker/tensorflow/library-folder.js';
import { loadTensorFlow } from '../../worker/tensorflow/load.js';

let folder: string;
const original = process.env.POLYAK_CACHE;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-setup-'));
  process.env.POLYAK_CACHE = folder;
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  if (original === undefined) delete process.env.POLYAK_CACHE;
  else process.env.POLYAK_CACHE = original;
});

describe('the check of tools', () => {
  test('lists all that are missing at once, with one line that installs them', () => {
    expect(describeMissingTools(['python3', 'pip', 'g++', 'npm'], { PATH: folder })).toBe(
      'missing: python3, pip, g++, npm; install with: sudo apt-get install -y python3 python3-pip g++ npm',
    );
  });

  test('is content where none is needed', () => {
    expect(describeMissingTools([], { PATH: folder })).toBeUndefined();
  });

  test('fails with exit code 2', () => {
    expect(new PolyakError('setup', '').exitCode).toBe(2);
  });
});

test('POLYAK_CACHE moves the library', () => {
  expect(libraryFolder('cpu').startsWith(folder)).toBe(true);
});

test('a worker without the library is told how to get it', async () => {
  await expect(loadTensorFlow('tensorflow')).rejects.toThrow(/is not in .*: run 'npx polyak setup'/);
});

test('setup with nothing to do writes nothing', async () => {
  const { mkdirSync, readdirSync } = await import('node:fs');
  // As both are called once they are there, whether this machine needs the second or not.
  for (const made of [libraryFolder('cpu'), sqliteFolder()]) mkdirSync(made);
  const before = readdirSync(folder);
  await setup({ quiet: true });
  expect(readdirSync(folder)).toEqual(before);
});

describe('the lock of the cache', () => {
  test('lets one task run at a time', async () => {
    const file = join(folder, 'lock');
    const order: string[] = [];
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    const first = withLock(
      file,
      () => undefined,
      async () => {
        order.push('first begins');
        await held;
        order.push('first ends');
      },
    );
    const second = withLock(file, release, async () => {
      order.push('second');
      await Promise.resolve();
    });
    await Promise.all([first, second]);
    expect(order).toEqual(['first begins', 'first ends', 'second']);
    expect(existsSync(file)).toBe(false);
  });

  test('is taken from a process that died with it', async () => {
    const child = spawn('true');
    await once(child, 'exit');
    const file = join(folder, 'lock');
    writeFileSync(file, String(child.pid));
    await expect(
      withLock(
        file,
        () => undefined,
        () => Promise.resolve('ran'),
      ),
    ).resolves.toBe('ran');
  });

  test('is given back when the task fails', async () => {
    const file = join(folder, 'lock');
    const failing = withLock(
      file,
      () => undefined,
      () => Promise.reject(new Error('no')),
    );
    await expect(failing).rejects.toThrow('no');
    expect(existsSync(file)).toBe(false);
  });
});
