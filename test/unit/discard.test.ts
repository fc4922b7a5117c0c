/** What an order to discard a trial's checkpoints may delete, whoever sends it. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discardCheckpoints } from '../../server/checkpoint/checkpoint.js';

const names = ['step-000000003.1.json', 'step-000000003.1.0.safetensors', 'incarnation-1'];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-discard-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function checkpoints(...path: string[]): string {
  const directory = join(folder, ...path);
  mkdirSync(directory, { recursive: true });
  for (const name of names) writeFileSync(join(directory, name), '');
  return directory;
}

describe('discarding', () => {
  it.each([[['trials', '7', 'checkpoints']], [['trials', '7', 'member-2', 'checkpoints']]])(
    'deletes the checkpoints of %s and nothing else',
    async (path) => {
      const directory = checkpoints(...path);
      await discardCheckpoints(directory);
      expect(existsSync(directory)).toBe(false);
      await discardCheckpoints(directory);
      checkpoints(...path);
      writeFileSync(join(directory, 'mine.txt'), '');
      await discardCheckpoints(directory);
      expect(readdirSync(directory)).toEqual(['mine.txt']);
    },
  );

  it('refuses a folder that is not of a trial', async () => {
    const run = checkpoints('digits-1', 'checkpoints');
    checkpoints('trials', '7', 'checkpoints');
    for (const directory of [
      run,
      `${folder}/trials/7/checkpoints/../../../digits-1/checkpoints`,
      'trials/7/checkpoints',
    ])
      await expect(discardCheckpoints(directory)).rejects.toThrow(`discard: '${directory}' is no folder of a trial's`);
    expect(readdirSync(run)).toHaveLength(names.length);
  });

  it('refuses a link to another folder', async () => {
    const run = checkpoints('digits-1', 'checkpoints');
    mkdirSync(join(folder, 'trials', '7'), { recursive: true });
    const directory = join(folder, 'trials', '7', 'checkpoints');
    symlinkSync(run, directory);
    await expect(discardCheckpoints(directory)).rejects.toThrow('is a link');
    expect(readdirSync(run)).toHaveLength(names.length);
  });
});
