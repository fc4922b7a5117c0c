/** docs/metrics.md against the metrics that the sources register. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';

function registered(): string[] {
  return ['common', 'server', 'worker', 'coordinator'].flatMap((folder) =>
    readdirSync(join(packageRoot(), folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(packageRoot(), folder, file), 'utf8'))
      .flatMap((source) => [...source.matchAll(/name: '(polyak_\w+)'/g)].map(([, name]) => name!)),
  );
}

function documented(): string[] {
  const page = readFileSync(join(packageRoot(), 'docs/metrics.md'), 'utf8');
  return [...page.matchAll(/^\| `(polyak_\w+)`/gm)].map(([, name]) => name!);
}

describe('docs/metrics.md', () => {
  it('has a line for every metric, and for no other', () => {
    expect(documented().toSorted()).toEqual([...new Set(registered())].toSorted());
  });
});
