/** The searches of the examples: the lecture's of a two-layer network on CIFAR-10, and random search against a grid. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sweep } from '../../cli/sweep/sweep-run.js';
import { loadTemplate } from '../../common/experiment/load.js';
import { packageRoot } from '../../common/package-root.js';
import type { Finding } from './finding.js';

const gate = 0.5;
const trialsMax = 60;
const seeds = 10;

/** `cifar` is a folder with the pictures, a folder per class. */
export async function lectureSearch(cifar: string): Promise<Finding> {
  const file = join(packageRoot(), 'examples/lecture-two-layer-search.yaml');
  const state = mkdtempSync(join(tmpdir(), 'polyak-lecture-'));
  try {
    const template = await loadTemplate(file, ['data.source=images', `data.path=${cifar}`]);
    const { best, trials } = await sweep(template, { state, workers: 2 }).result;
    const value = best?.value ?? 0;
    const found = `trial ${best?.number} of ${trials.length}: ${JSON.stringify(best?.columns)}`;
    return {
      name: `the lecture's search on CIFAR-10 (JPEG), two layers of 50 hidden units`,
      passed: value >= gate && trials.length <= trialsMax,
      result: `validation accuracy ${value.toFixed(3)} (gate ${gate}) by ${found}`,
    };
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

export function randomAgainstGrid(): Finding {
  const folder = mkdtempSync(join(tmpdir(), 'polyak-grid-'));
  const example = join(packageRoot(), 'examples/random-against-grid.mjs');
  const stdio = ['ignore', 'pipe', 'inherit'] as ['ignore', 'pipe', 'inherit'];
  const { status, stdout } = spawnSync(process.execPath, [example, String(seeds)], { cwd: folder, stdio });
  rmSync(folder, { recursive: true, force: true });
  const lines = stdout.toString().trimEnd().split('\n');
  return {
    name: 'random search beats a grid of the same size',
    passed: status === 0,
    result: lines.find((line) => line.startsWith('median')) ?? lines.slice(-3).join('; '),
  };
}
