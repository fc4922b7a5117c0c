/** What a worker is told whose data differ. */
import { describe, expect, it } from 'vitest';
import { firstDifferingFile } from '../../server/lead/differing-file.js';
import { groupFiles, listingSha256, sortedByName } from '../../worker/data/location/data-files.js';

const file = (name: string, sha256 = 'aa') => ({ name, bytes: 3, sha256 });
const groups = (...names: (string | [string, string])[]) =>
  groupFiles(names.map((name) => (typeof name === 'string' ? file(name) : file(...name))));

describe('the first differing file', () => {
  it('is none where the lists are equal', () => {
    expect(firstDifferingFile(groups('a', 'b'), groups('a', 'b'))).toBeUndefined();
  });

  it('is the one with other bytes, with both hashes', () => {
    expect(firstDifferingFile(groups('a', 'b', 'c'), groups('a', ['b', 'bb'], ['c', 'cc']))).toBe(
      "'b': recorded 3 bytes, sha256 aa; this worker 3 bytes, sha256 bb",
    );
  });

  it('is the one that only one side has, not the one behind it', () => {
    expect(firstDifferingFile(groups('a', 'b', 'c'), groups('a', 'c'))).toBe(
      "'b': recorded 3 bytes, sha256 aa; this worker none",
    );
    expect(firstDifferingFile(groups('a', 'c'), groups('a', 'b', 'c'))).toBe(
      "'b': recorded none; this worker 3 bytes, sha256 aa",
    );
    expect(firstDifferingFile(groups('a'), groups('a', 'b'))).toBe(
      "'b': recorded none; this worker 3 bytes, sha256 aa",
    );
  });
});

describe('the list of 60,000 files', () => {
  const many = sortedByName(Array.from({ length: 60_000 }, (_, index) => file(`class/${index}.png`, String(index))));

  it('is bounded, and holds every file once', () => {
    const list = groupFiles(many);
    expect(list.length).toBeLessThanOrEqual(4096);
    expect(list.reduce((sum, group) => sum + group.files, 0)).toBe(60_000);
  });

  it('differs in one group where one file has other bytes, is missing, or is new', () => {
    const list = groupFiles(many);
    const changes = [
      many.with(30_000, { ...many[30_000]!, sha256: 'other' }),
      many.toSpliced(30_000, 1),
      many.toSpliced(30_001, 0, file(`${many[30_000]?.name}x`)),
    ];
    for (const changed of changes) {
      const known = new Set(list.map(({ sha256 }) => sha256));
      const others = groupFiles(changed).filter(({ sha256 }) => !known.has(sha256));
      // A file that begins a group joins its rest to the group before.
      expect(others.length).toBeLessThanOrEqual(2);
      expect(listingSha256(changed)).not.toBe(listingSha256(many));
      expect(firstDifferingFile(list, groupFiles(changed))).toMatch(/^(one of the \d+ files from )?'class\/\d+\.png/);
    }
  });

  it('stays bounded where names are long', () => {
    const long = sortedByName(many.map(({ name, ...rest }) => ({ ...rest, name: `${'x'.repeat(1000)}/${name}` })));
    const bytes = groupFiles(long).reduce((sum, { name }) => sum + name.length, 0);
    expect(bytes).toBeLessThanOrEqual(2 ** 19);
  });
});
