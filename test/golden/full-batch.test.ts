/**
 * L-BFGS in float64 against PyTorch's with its strong Wolfe line search, the matrix of BFGS against SciPy's, Newton's direction
 * by differences against the exact one; full-batch.py made the numbers.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { updated } from '../../server/full-batch/bfgs.js';
import { decoded } from '../../server/full-batch/dense.js';
import { lbfgs } from '../../server/full-batch/lbfgs.js';
import { newton } from '../../server/full-batch/newton.js';
import { PlainSpace, rosenbrock, type Objective } from '../unit/plain-space.js';

interface Golden {
  history: number;
  lbfgs: Record<string, { start: number[]; iterates: number[][] }>;
  bfgs: { step: number[]; change: number[]; inverse: number[][] }[];
  newton: Record<string, { start: number[]; direction: number[] }>;
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

it("the matrix of BFGS is SciPy's to 1e-10 after each pair, one of which has a negative curvature", () => {
  let inverse: string | null = null;
  for (const [pair, { step, change, inverse: expected }] of golden.bfgs.entries()) {
    inverse = updated(inverse, Float64Array.from(step), Float64Array.from(change));
    const found = decoded(inverse!);
    for (const [i, value] of expected.flat().entries()) expect(found[i], `pair ${pair}`).toBeCloseTo(value, 10);
  }
});

it.each(Object.entries(golden.newton))("%s: Newton's direction is the exact Hessian's to 1e-3", async (name, each) => {
  const objective = name === 'quartic' ? quartic : rosenbrock;
  const space = new PlainSpace(each.start);
  let state: Awaited<ReturnType<typeof newton.step>>['state'] | undefined;
  // At the point, and on both sides of it along each weight; then it is where the whole direction leads.
  for (let evaluation = 0; evaluation < 1 + 2 * each.start.length; evaluation++) {
    const { loss, gradient } = objective(space.weights);
    space.vectors.set('gradient', gradient);
    ({ state } = await newton.step({ tolerance: 0, noise: 0 }, state, { loss, isLast: false, space }));
  }
  const length = Math.hypot(...each.direction);
  for (const [i, value] of each.direction.entries()) {
    expect(Math.abs(space.weights[i]! - each.start[i]! - value) / length).toBeLessThan(1e-3);
  }
});
