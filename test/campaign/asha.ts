/**
 * Asynchronous successive halving against random search: for each seed, the epochs over all trials until a trial reaches what the
 * best of 60 random trials reached, less half a point. Random search trains all its trials in full.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTemplate } from '../../common/experiment/load.js';
import { packageRoot } from '../../common/package-root.js';
import { sweep } from '../../cli/sweep/sweep-run.js';
import type { Finding } from './finding.js';
import { median } from './median.js';

const file = join(packageRoot(), 'examples/digits-asha.yaml');
const slack = 0.005;
const shareMax = 1 / 3;

interface Compared {
  seed: number;
  target: number;
  /** Of all 60 trials. */
  random: number;
  /** Until the target was reached; infinite where it was not. */
  asha: number;
  /** What random search itself needed until a trial reached the target, in the order of its reports. */
  randomUntilTarget: number;
}

export async function ashaFindings(seeds = 20): Promise<Finding[]> {
  const compared: Compared[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const state = mkdtempSync(join(tmpdir(), 'polyak-asha-'));
    try {
      compared.push(await compare(seed, state));
    } finally {
      rmSync(state, { recursive: true, force: true });
    }
    const { target, random, asha } = compared.at(-1)!;
    process.stdout.write(`seed ${seed}: target ${target.toFixed(4)}, random ${random} epochs, asha ${asha}\n`);
  }
  const shares = compared.map(({ asha, random }) => asha / random);
  const share = median(shares);
  const each = compared.map(({ seed, target, asha, random, randomUntilTarget }): Finding => ({
    name: `seed ${seed}`,
    passed: true,
    result: `target ${target.toFixed(4)}: asha ${asha}, random ${random} epochs (${randomUntilTarget} until its first trial at the target), ratio ${(asha / random).toFixed(3)}`,
  }));
  return [
    {
      name: `ASHA reaches the best of 60 random trials less half a point, median of ${seeds} seeds`,
      passed: share <= shareMax,
      result: `with ${share.toFixed(3)} of random search's epochs (gate ${shareMax.toFixed(3)})`,
    },
    ...each,
  ];
}

async function compare(seed: number, state: string): Promise<Compared> {
  const random = await epochsOf(seed, state, 'in full');
  const best = Math.max(...random.values.map(({ value }) => value));
  const target = best - slack;
  const asha = await epochsOf(seed, state, 'asha');
  return {
    ...{ seed, target, random: random.epochs },
    asha: untilTarget(asha.values, target),
    randomUntilTarget: untilTarget(random.values, target),
  };
}

/** Every report's value, with the epochs that all trials together had trained by then. */
async function epochsOf(seed: number, state: string, schedule: 'in full' | 'asha') {
  const loaded = await loadTemplate(file, [`seed=${seed}`]);
  const { schedule: asha, ...search } = loaded.search;
  const template = schedule === 'asha' ? loaded : { ...loaded, search };
  if (!asha || !('asha' in asha)) throw new Error(`${file} has another schedule`);
  const searching = sweep(template, { state, workers: 2 });
  const values: { value: number; epochs: number }[] = [];
  let epochs = 0;
  for await (const event of searching.events) {
    if (event.event !== 'report') continue;
    epochs += 1;
    const value = (event as { value?: number | null }).value ?? null;
    if (value !== null) values.push({ value, epochs });
  }
  await searching.result;
  return { values, epochs };
}

function untilTarget(values: readonly { value: number; epochs: number }[], target: number): number {
  return values.find(({ value }) => value >= target)?.epochs ?? Number.POSITIVE_INFINITY;
}
