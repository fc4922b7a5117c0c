/** docs/operations.md: its commands need clusters and registries, so they are read, not run; and each block says so. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { Helm, chart } from '../deploy/helm.js';
import { parseCommand } from '../deploy/parse-command.js';
import { blocksOf } from './document-test.js';

const page = readFileSync(join(packageRoot(), 'docs/operations.md'), 'utf8');
const blocks = blocksOf('docs/operations.md');
/** Lines that go on are one; what follows a # is no part of them. */
const lines = blocks
  .flatMap(({ text }) => text.replaceAll(/\\\n\s*/g, '').split('\n'))
  .map((line) => line.replace(/\s+#.*/, '').trim());
const found = await Helm.find();

describe('docs/operations.md', () => {
  it('says of every block of commands whether it is run', () => {
    expect(blocks.length).toBeGreaterThan(6);
    expect(blocks.filter(({ notRun }) => notRun === undefined).map(({ line }) => `line ${line}`)).toEqual([]);
  });

  it('has commands that polyak takes', () => {
    const commands = lines.flatMap((line) => {
      const [, words] = /^(?:docker compose .* run --rm )?polyak (.+)$/.exec(line) ?? [];
      return words === undefined ? [] : [words.split(/\s+/)];
    });
    expect(commands.length).toBeGreaterThan(2);
    for (const words of commands) expect(() => parseCommand(words)).not.toThrow();
  });

  it.skipIf(typeof found === 'string')('has values that the chart takes', () => {
    const helm = found as Helm;
    const commands = lines.filter((line) => /^helm (?:install|upgrade) /.test(line));
    expect(commands.length).toBeGreaterThan(2);
    for (const line of commands) {
      const values = [...line.matchAll(/--(?:set|values)[ =]\S+/g)].flatMap(([words]) => words.split(' '));
      const { status, stderr } = helm.run('template', 'polyak', chart, ...values);
      expect({ line, status, stderr: status === 0 ? '' : stderr }).toEqual({ line, status: 0, stderr: '' });
    }
  });

  it('names tests, examples and values that there are', () => {
    const files = [...page.matchAll(/(?:test|deploy|docs)\/[\w./-]+\.(?:ts|yaml|yml|sh|txt|md)/g)].map(
      ([file]) => file,
    );
    expect(files.length).toBeGreaterThan(8);
    expect(files.filter((file) => !existsSync(join(packageRoot(), file)))).toEqual([]);
    const values = readFileSync(join(chart, 'values.yaml'), 'utf8');
    const named = [...page.matchAll(/^\| `([\w., `]+)` +\| /gm)].flatMap(([, names = '']) => names.split(/[`, ]+/));
    const last = named.flatMap((name) => (/^[a-z]\w+\.\w+$/.test(name) ? [name.split('.')[1]!] : []));
    expect(
      last.filter((name) => !new RegExp(`^ +${name}:`, 'm').test(values)).filter((name) => name !== 'yaml'),
    ).toEqual([]);
  });
});
