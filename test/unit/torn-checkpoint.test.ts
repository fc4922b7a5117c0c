/** A file of a checkpoint that finds room for a part of it alone, here by the limit of a process on what it may write. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';

it('is an error, and no shorter file that passes for it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'polyak-torn-'));
  const program = `
    const [module, file] = process.argv.slice(1);
    const { writeSafetensors } = await import(module);
    const tensors = [{ name: 'a', bytes: new Uint8Array(400_000) }];
    const told = await writeSafetensors(file, tensors, {}).then(() => 'written', (error) => error.code);
    process.stdout.write(told);`;
  const module = join(packageRoot(), 'dist/server/checkpoint/safetensors.js');
  const node = [process.execPath, '--input-type=module', '-e', program, module, join(folder, 'a')];
  const limited = ['-c', 'ulimit -f 200 && exec "$@"', 'sh', ...node];
  expect(spawnSync('sh', limited, { encoding: 'utf8' }).stdout).toBe('EFBIG');
  rmSync(folder, { recursive: true });
});
