/** Archives of sweeps that are wrong, or made to write where they must not: refused, with nothing left of them. */
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { restoreCommand } from '../../cli/archive/restore-sweep.js';

const from = '/home/somebody/runs/small-1';
const sweepRow = {
  ...{ key: '0123456789abcdef', name: 'small-1', experiment: '{}', directory: from, shards: 1, state: 'stopped' },
  ...{ reason: null, settings: '{}', createdAt: '2026-01-01T00:00:00.000Z', endedAt: null },
};
const sweepLine = (more: object = {}) => JSON.stringify({ table: 'sweeps', row: { ...sweepRow, ...more } });
const right = { 'rows.jsonl': sweepLine(), 'sweep.json': '{"name":"small-1"}', 'template.json': '{}' };

let folder: string;
let state: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-archive-'));
  state = join(folder, 'state');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function restore(files: Record<string, string>): Promise<void> {
  const file = join(folder, 'a.tar.gz');
  const archive = pack();
  const listed = Object.entries(files).map(([name, text]) => ({
    ...{ name, bytes: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex') },
  }));
  archive.entry(
    { name: 'manifest.json' },
    JSON.stringify({ format: 1, sweep: 'small-1', directory: from, files: listed }),
  );
  for (const [name, text] of Object.entries(files)) archive.entry({ name }, text);
  archive.finalize();
  await pipeline(archive, createGzip(), createWriteStream(file));
  await restoreCommand(file, { state, json: true });
}

describe('an archive', () => {
  it('that is right is restored', async () => {
    await restore(right);
    expect(existsSync(join(state, 'small-1', 'coordinator.db'))).toBe(true);
  });

  it.each([
    ['with a file outside', { ...right, '../x': '' }, 'is no relative path of plain names'],
    ['with a file at an absolute path', { ...right, '/tmp/x': '' }, 'is no relative path of plain names'],
    [
      'whose sweep lies above its folder',
      { ...right, 'rows.jsonl': sweepLine({ directory: `${from}/../../x` }) },
      'not in the sweep',
    ],
    [
      'whose sweep lies elsewhere',
      { ...right, 'rows.jsonl': sweepLine({ directory: '/etc' }) },
      'folder "/etc" is not in',
    ],
    ['whose sweep lies nowhere', { ...right, 'rows.jsonl': sweepLine({ directory: null }) }, 'folder null is not in'],
    [
      'whose sweep lies beside it',
      { ...right, 'rows.jsonl': sweepLine({ directory: `${from}0/x` }) },
      'not in the sweep',
    ],
    ['without rows', { 'sweep.json': '{}', 'template.json': '{}' }, 'has no rows.jsonl'],
    ['without sweep.json', { 'rows.jsonl': sweepLine(), 'template.json': '{}' }, 'has no sweep.json'],
    ['whose sweep.json is none', { ...right, 'sweep.json': 'x' }, 'is no JSON object'],
    ['with a row that is no JSON', { ...right, 'rows.jsonl': '{' }, 'is no row of a store'],
    ['with a row that is null', { ...right, 'rows.jsonl': '{"table":"sweeps","row":null}' }, 'is no row of a store'],
    [
      'with a row without its members',
      { ...right, 'rows.jsonl': '{"table":"log","row":{}}' },
      'is not as a store has it',
    ],
  ])('%s is refused', async (_, files, message) => {
    await expect(restore(files)).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining(message) as string,
    });
    expect(readdirSync(state)).toEqual([]);
  });
});
