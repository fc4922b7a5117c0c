/** A vector space of float64 arrays, and a minimisation in it: the full-batch methods without a cluster around them. */
import type { FullBatchMethod, MethodOptions, MethodState } from '../../server/full-batch/full-batch-method.js';
import type { Combination, VectorName, VectorSpace } from '../../server/full-batch/vector-space.js';

export interface Objective {
  (x: Float64Array): { loss: number; gradient: Float64Array };
}

export class PlainSpace implements VectorSpace {
  readonly vectors = new Map<VectorName, Float64Array>();

  constructor(start: readonly number[]) {
    this.vectors.set('weights', Float64Array.from(start));
  }

  get weights(): Float64Array {
    return this.vectors.get('weights')!;
  }

  async measure(combinations: readonly Combination[], pairs: readonly (readonly [VectorName, VectorName])[]) {
    this.form(combinations);
    const product = (left: Float64Array, right: Float64Array) => left.reduce((sum, x, i) => sum + x * right[i]!, 0);
    return await Promise.resolve(
      pairs.map(([left, right]) => product(this.vectors.get(left)!, this.vectors.get(right)!)),
    );
  }

  async read(vector: VectorName) {
    return await Promise.resolve(this.vectors.get(vector)!.slice());
  }

  move(combinations: readonly Combination[]): void {
    this.form(combinations);
  }

  replace(weights: Float64Array): void {
    this.vectors.set('weights', weights.slice());
  }

  private form(combinations: readonly Combination[]): void {
    for (const { out, terms } of combinations) {
      const made = this.weights.map((_, i) =>
        terms.reduce((sum, [coefficient, name]) => sum + coefficient * this.vectors.get(name)![i]!, 0),
      );
      this.vectors.set(out, made);
    }
  }
}

export interface Minimised {
  /** By evaluation. */
  losses: number[];
  weights: Float64Array;
  ended: string | undefined;
}

/** The state goes through JSON between any two evaluations, as through a checkpoint. */
export async function minimise(
  method: FullBatchMethod,
  options: MethodOptions,
  objective: Objective,
  start: readonly number[],
  evaluations: number,
): Promise<Minimised> {
  const space = new PlainSpace(start);
  const losses: number[] = [];
  let state: MethodState | undefined;
  for (let evaluation = 0; evaluation < evaluations; evaluation++) {
    const { loss, gradient } = objective(space.weights);
    losses.push(loss);
    space.vectors.set('gradient', gradient);
    const step = await method.step(options, state, { loss, isLast: evaluation === evaluations - 1, space });
    if (step.ended !== undefined) return { losses, weights: space.weights, ended: step.ended };
    state = JSON.parse(JSON.stringify(step.state)) as MethodState;
  }
  return { losses, weights: space.weights, ended: undefined };
}

/** Rosenbrock's valley, (1 - x)^2 + 100 (y - x^2)^2 over neighbouring pairs. */
export const rosenbrock: Objective = (x) => {
  let loss = 0;
  const gradient = new Float64Array(x.length);
  for (let i = 0; i + 1 < x.length; i++) {
    const [a, b] = [1 - x[i]!, x[i + 1]! - x[i]! ** 2];
    loss += a ** 2 + 100 * b ** 2;
    gradient[i]! += -2 * a - 400 * x[i]! * b;
    gradient[i + 1]! += 200 * b;
  }
  return { loss, gradient };
};
