/** What --data-map and --data-cache-bytes mean, and that hashes of files are remembered only for files as they are. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mapped, parseBytes, parseDataMap } from '../../worker/data/location/data-place.js';
import { hashFiles } from '../../worker/data/location/file-hashes.js';

describe('--data-map', () => {
  const map = parseDataMap('/home/me/data/=/mnt/data,/home/me/data/mnist=s3://bucket/mnist,https://a.org/x=local');

  it.each([
    ['/home/me/data', '/mnt/data'],
    ['/home/me/data/table.csv', '/mnt/data/table.csv'],
    ['/home/me/data/mnist/a', 's3://bucket/mnist/a'],
    ['/home/me/database', '/home/me/database'],
    ['https://a.org/x/y.csv', resolve('local/y.csv')],
  ])('reads %s from %s', (location, place) => {
    expect(mapped(location, map)).toBe(place);
  });

  it.each(['/mnt/data', '=/mnt', '/mnt='])('refuses %s', (text) => {
    expect(() => parseDataMap(text)).toThrow(`--data-map '${text}': must be FROM=TO`);
  });
});

describe('--data-cache-bytes', () => {
  it.each([
    ['1000', 1000],
    ['20GiB', 20 * 2 ** 30],
    ['1.5MB', 1_500_000],
    ['4k', 4000],
  ])('takes %s for %i', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each(['', 'much', '-1', '5 apples'])("refuses '%s'", (text) => {
    expect(() => parseBytes(text)).toThrow('must be a number of bytes, such as 20GiB');
  });
});

describe('the hash of a file', () => {
  const original = process.env['POLYAK_CACHE'];
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'polyak-hashes-'));
    process.env['POLYAK_CACHE'] = join(folder, 'cache');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
    if (original === undefined) delete process.env['POLYAK_CACHE'];
    else process.env['POLYAK_CACHE'] = original;
  });

  const hashOf = async (name: string) => (await hashFiles(folder, [name]))[0]?.sha256;
  const memory = () => join(folder, 'cache/hashes', readdirSync(join(folder, 'cache/hashes'))[0] ?? '');

  it('of one that changed a moment ago is not remembered, since it may change again within a tick of the clock', async () => {
    writeFileSync(join(folder, 'a'), 'first');
    await hashOf('a');
    expect(() => memory()).toThrow('ENOENT');
  });

  it('is remembered while size, times and inode stay, and found again when one changes', async () => {
    // No program can set the time of a file's last change of state, so a file that was here before is taken.
    const name = 'package.json';
    const [first] = await hashFiles(process.cwd(), [name]);
    const text = readFileSync(memory(), 'utf8');
    expect(text).toContain(first?.sha256);
    const other = 'ab'.repeat(32);
    writeFileSync(memory(), text.replace(first?.sha256 ?? '', other));
    expect((await hashFiles(process.cwd(), [name]))[0]?.sha256).toBe(other);
    writeFileSync(memory(), text.replace(first?.sha256 ?? '', other).replace(/ \d+ package/, ' 1 package'));
    expect((await hashFiles(process.cwd(), [name]))[0]?.sha256).toBe(first?.sha256);
  });

  it('is taken anew where a file has other bytes under the same size and time', async () => {
    const path = join(folder, 'a');
    writeFileSync(path, 'first');
    const { atime, mtime } = statSync(path);
    const first = await hashOf('a');
    writeFileSync(path, 'other');
    utimesSync(path, atime, mtime);
    expect(await hashOf('a')).not.toBe(first);
  });
});
