/** The full-batch methods on functions whose minimum is known, without a cluster. */
import { describe, expect, it } from 'vitest';
import { fullBatchMethods } from '../../server/full-batch/full-batch-method.js';
import { updated } from '../../server/full-batch/bfgs.js';
import { decoded, dot, timesVector } from '../../server/full-batch/dense.js';
import { directionTerms } from '../../server/full-batch/lbfgs.js';
import { newtonDirection } from '../../server/full-batch/newton.js';
import { minimise, rosenbrock, type Objective } from './plain-space.js';

const options = { history: 5, tolerance: 1e-9, noise: 0 };

/** Long and narrow: the curvatures are 1, 10, 100, … */
const bowl: Objective = (x) => ({
  loss: x.reduce((sum, value, i) => sum + (10 ** i * value ** 2) / 2, 0),
  gradient: x.map((value, i) => 10 ** i * value),
});

describe.each(Object.entries(fullBatchMethods))('%s', (name, method) => {
  it("comes down Rosenbrock's valley from (-1.2, 1) to below 1e-5", async () => {
    const { losses, weights, ended } = await minimise(method, options, rosenbrock, [-1.2, 1], 300);
    expect(losses.at(-1)).toBeLessThan(1e-5);
    expect(Math.abs(weights[0]! - 1) + Math.abs(weights[1]! - 1)).toBeLessThan(1e-6);
    expect(ended).toMatch(/norm/);
  });

  it('finds the bottom of a bowl that is 1,000 times as long as it is wide', async () => {
    const { weights } = await minimise(method, options, bowl, [1, 1, 1, 1], 200);
    for (const weight of weights) expect(Math.abs(weight)).toBeLessThan(1e-7);
  });

  it('leaves the weights at the lowest point it has seen when its evaluations are over', async () => {
    for (const evaluations of [2, 3, 5, 8, 13]) {
      const { losses, weights } = await minimise(method, options, rosenbrock, [-1.2, 1], evaluations);
      // Where Newton's method takes differences is not where it has been.
      const known = name === 'newton' ? losses.slice(0, 1) : losses;
      expect(rosenbrock(weights).loss).toBeLessThanOrEqual(Math.min(...known));
    }
  });

  it('takes a loss that is not finite for a step that was too long', async () => {
    // Nothing is known beyond a square's border, and the first step of each method leads there or farther.
    const barrier: Objective = ([x = 0, y = 0]) => {
      if (!(Math.abs(x) < 1 && Math.abs(y) < 1)) return { loss: Number.MAX_VALUE, gradient: Float64Array.of(0, 0) };
      const gradient = Float64Array.of(50 + (2 * x) / (1 - x * x), (2 * y) / (1 - y * y));
      return { loss: 50 * x - Math.log(1 - x * x) - Math.log(1 - y * y), gradient };
    };
    const { losses, weights } = await minimise(method, options, barrier, [0, 0.5], 300);
    expect(losses).toContain(Number.MAX_VALUE);
    // 50 (1 - x²) + 2 x = 0.
    expect(weights[0]).toBeCloseTo(0.02 - Math.sqrt(1.0004), 6);
    expect(weights[1]).toBeCloseTo(0, 6);
  });

  it('ends at once where the gradient is 0', async () => {
    const { losses, ended } = await minimise(method, options, bowl, [0, 0], 5);
    expect(losses).toHaveLength(1);
    expect(ended).toMatch(/norm is 0/);
  });

  it('ends with the best weights where the loss cannot tell any more which point is lower', async () => {
    const coarse: Objective = (x) => ({ ...bowl(x), loss: Math.round(bowl(x).loss * 1e3) / 1e3 });
    const settings = { ...options, tolerance: 1e-30 };
    const { weights, ended } = await minimise(method, settings, coarse, [1, 1], 500);
    expect(ended).toBeDefined();
    expect(bowl(weights).loss).toBeLessThan(1e-2);
  });
});

describe('the matrix of BFGS', () => {
  it('takes the change of the gradient to the step, and stays symmetric', () => {
    const [step, change] = [Float64Array.of(1, 2, -1), Float64Array.of(3, 1, 0.5)];
    const before = updated(null, Float64Array.of(1, 0, 0.5), Float64Array.of(2, 1, 0));
    const matrix = decoded(updated(before, step, change)!);
    for (const [row, value] of timesVector(matrix, change).entries()) expect(value).toBeCloseTo(step[row]!, 12);
    for (const [row, column] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      expect(matrix[3 * row + column]).toBeCloseTo(matrix[3 * column + row]!, 12);
    }
  });

  it('begins as y · s / y · y times the identity', () => {
    // s = (1, 0), y = (2, 0): half the identity, which takes y to s already.
    expect([...decoded(updated(null, Float64Array.of(1, 0), Float64Array.of(2, 0))!)]).toEqual([0.5, 0, 0, 0.5]);
  });

  it('stays as it is where the curvature is not positive', () => {
    expect(updated('as it is', Float64Array.of(1, 0), Float64Array.of(-1, 0))).toBe('as it is');
  });
});

describe("Newton's direction", () => {
  it('solves the system where the Hessian is positive definite, of halves that differ', async () => {
    // [[2, 1], [1, 3]] x = -(5, 5): x = (-2, -1). The columns are (2, 0.9) and (1.1, 3).
    const columns = [Float64Array.of(2, 0.9), Float64Array.of(1.1, 3)];
    const direction = await newtonDirection(columns, Float64Array.of(5, 5));
    expect(direction[0]).toBeCloseTo(-2, 12);
    expect(direction[1]).toBeCloseTo(-1, 12);
  });

  it('leads down where it is not', async () => {
    const gradient = Float64Array.of(1, 1);
    for (const columns of [
      [Float64Array.of(1, 0), Float64Array.of(0, -2)],
      [Float64Array.of(0, 0), Float64Array.of(0, 0)],
      [Float64Array.of(0, 3), Float64Array.of(3, 0)],
    ]) {
      expect(dot(await newtonDirection(columns, gradient), gradient)).toBeLessThan(0);
    }
  });
});

describe('the direction of L-BFGS', () => {
  it('is minus the gradient without a history', () => {
    expect(directionTerms([], {})).toEqual([[-1, 'lbfgs.baseGradient']]);
  });

  it('with one pair is what the two loops say', () => {
    // s = (1, 0), y = (2, 0), g = (4, 1): a = (s · q) / (s · y) = -4 / 2 = -2, q = -g + 2 y = (0, -1), times (s · y) / (y · y)
    // = 2 / 4: (0, -0.5); y · q = 0, so q += (-2 - 0) s: (-2, -0.5), which is minus the inverse of diag(2, 2) times g.
    const gram = {
      'lbfgs.change0 lbfgs.step0': 2,
      'lbfgs.step0 lbfgs.step0': 1,
      'lbfgs.change0 lbfgs.change0': 4,
      'lbfgs.baseGradient lbfgs.step0': 4,
      'lbfgs.baseGradient lbfgs.change0': 8,
    };
    const terms = Object.fromEntries(directionTerms([0], gram).map(([coefficient, name]) => [name, coefficient]));
    const along = (g: number, s: number, y: number) =>
      terms['lbfgs.baseGradient']! * g + terms['lbfgs.step0']! * s + terms['lbfgs.change0']! * y;
    expect(along(4, 1, 2)).toBe(-2);
    expect(along(1, 0, 0)).toBe(-0.5);
  });
});
