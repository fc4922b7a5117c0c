/** L-BFGS in float64 against PyTorch's with its strong Wolfe line search; full-batch.py made the numbers. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { lbfgs } from '../../server/full-batch/lbfgs.js';
import { PlainSpace, rosenbrock, type Objective } from '../unit/plain-space.js';

interface Golden {
  history: number;
  lbfgs: Record<string, { start: number[]; iterates: number[][] }>;
}

const golden = JSON.parse(readFileSync(new URL('full-batch.json', import.meta.url), 'utf8')) as Golden;

const quartic: Objective = (x) => ({
  loss: x.reduce((sum, value, i) => sum + (10 ** (i / 2) * value ** 2) / 2 + value ** 4 + value, 0),
  gradient: x.map((value, i) => 10 ** (i / 2) * value + 4 * value ** 3 + 1),
});

/** The points that were kept: where the base is after each evaluation. */
async function iterates(objective: Objective, start: readonly number[], count: number): Promise<Float64Array[]> {
  const space = new PlainSpace(start);
  const found: Float64Array[] = [];
  let state: Awaited<ReturnType<typeof lbfgs.step>>['state'] | undefined;
  let base: Float64Array | undefined;
  while (found.length < count) {
    const { loss, gradient } = objective(space.weights);
    space.vectors.set('gradient', gradient);
    const options = { history: golden.history, tolerance: 0, noise: 0 };
    ({ state } = await lbfgs.step(options, state, { loss, isLast: false, space }));
    const now = space.vectors.get('lbfgs.base');
    if (base && now !== base) found.push(now!);
    base = now;
  }
  return found;
}

it.each(Object.entries(golden.lbfgs))('%s: twelve iterates agree with PyTorch to 1e-6', async (name, each) => {
  const found = await iterates(name === 'quartic' ? quartic : rosenbrock, each.start, each.iterates.length);
  for (const [iteration, expected] of each.iterates.entries()) {
    for (const [i, value] of expected.entries()) {
      expect(Math.abs(found[iteration]![i]! - value), `iterate ${iteration}`).toBeLessThan(1e-6);
    }
  }
});
