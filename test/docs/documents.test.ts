/** What the documents have in common. Each is followed command by command in a file of its own, for they take minutes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { blocksOf } from './document-test.js';
import { missingLine } from './shell-blocks.js';

const root = packageRoot();
const documents = ['README.md', 'docs/walkthrough.md', 'docs/sweeps.md', 'docs/inspect.md', 'SECURITY.md'];

it('commands that are not run are few, and each says why', () => {
  const reasons = documents.map((file) =>
    blocksOf(file).flatMap(({ text, notRun }) => (notRun === undefined ? [] : [text.split('\n')[0]])),
  );
  expect(reasons).toEqual([
    [
      'npm ci && npm start     # trains on real images with a server, a coordinator and two workers, in about a minute',
      'sudo apt-get install -y g++ python3-pip',
      'npx polyak train examples/fashion-mnist.yaml --workers 2 --shards 2',
      'npx polyak stop @last                      # at a checkpoint, from another terminal',
      'npx polyak predict flowers-1 rose.jpg      # pictures, rows of a csv, NumPy arrays',
      'polyak coordinator --listen 0.0.0.0:7350 --store /var/lib/polyak/coordinator.db             # on 10.0.0.1',
    ],
    ['npm init -y && npm install polyak'],
    [
      'npx polyak sweep examples/lecture-two-layer-search.yaml --set data.path=data/cifar10',
      'polyak coordinator --listen 0.0.0.0:7350 --store postgres://polyak@10.0.0.9/polyak --metrics-port 9350 --api-tokens tokens.yaml',
    ],
    [],
    ['export POLYAK_TLS_AUTHORITY=authority.pem'],
  ]);
});

it('CONTRIBUTING.md says of every dependency why it is there', () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>;
  const rows = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').matchAll(/^\| (.+?) +\| /gm);
  const named = new Set([...rows].flatMap(([, names = '']) => names.replace(' (optional)', '').split(', ')));
  const needed = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  expect(needed.filter((name) => !named.has(name))).toEqual([]);
});

describe('what a document says is printed', () => {
  it('is looked for line by line, in order, with … for anything and blanks of any width', () => {
    const printed = 'a  1\nb 2.5 images/s\nc\n';
    expect(missingLine(printed, ['a 1', 'b … images/s', 'c'])).toBeUndefined();
    expect(missingLine(printed, ['c', 'a 1'])).toBe('a 1');
    expect(missingLine(printed, ['b 2x5 images/s'])).toBe('b 2x5 images/s');
    expect(missingLine(printed, ['b 2.5'])).toBe('b 2.5');
  });
});
