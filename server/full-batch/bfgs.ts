/**
 * BFGS (Nocedal and Wright 2006, algorithm 6.1): the direction is -H g, and H, which stands for the inverse Hessian, learns from
 * each step s and change of the gradient y:
 * H = (I - s yᵀ / y·s) H (I - y sᵀ / y·s) + s sᵀ / y·s
 * It begins as (y·s / y·y) I of the first step. H is a number for every pair of weights, in float64 in the trial's lead.
 */
import { decoded, dot, encoded, normOf, sumOf, timesVector } from './dense.js';
import type { Evaluation, FullBatchMethod, MethodOptions, MethodState, MethodStep } from './full-batch-method.js';
import { beginLineSearch } from './line-search.js';
import { followLine, type Line } from './line.js';

interface State extends MethodState {
  line: Line;
  /** Vectors and the matrix H, which is null before the first step, in base64. */
  base: string;
  gradient: string;
  direction: string;
  inverse: string | null;
}

interface Point {
  weights: Float64Array;
  gradient: Float64Array;
  loss: number;
}

export const bfgs: FullBatchMethod = {
  slots: () => [],
  parametersMax: 2000,
  async step(options, state, evaluation): Promise<MethodStep> {
    const { space, loss } = evaluation;
    const point: Point = { weights: await space.read('weights'), gradient: await space.read('gradient'), loss };
    if (!state) return search(options, point, null, evaluation, false);
    const known = state as State;
    const [base, gradient, direction] = [known.base, known.gradient, known.direction].map(decoded) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const outcome = followLine(known.line, dot(point.gradient, direction), evaluation, options);
    if (outcome === 'taken') {
      const inverse = updated(known.inverse, sumOf(point.weights, -1, base), sumOf(point.gradient, -1, gradient));
      return search(options, point, inverse, evaluation, true);
    }
    if (outcome !== 'failed') return tried({ ...known, line: outcome.line }, base, direction, evaluation);
    if (known.inverse !== null) {
      return search(options, { weights: base, gradient, loss: known.line.search.start.loss }, null, evaluation, false);
    }
    space.replace(base, false);
    return { state: known, stepLength: 0, ended: 'no lower loss was found along the gradient' };
  },
};

function search(
  options: MethodOptions,
  { weights, gradient, loss }: Point,
  inverse: string | null,
  evaluation: Evaluation,
  isKept: boolean,
): MethodStep {
  const length = normOf(gradient);
  const minus = gradient.map((value) => -value);
  const direction = inverse === null ? minus : timesVector(decoded(inverse), minus);
  const slope = dot(gradient, direction);
  // With rounding H may not be positive definite any more.
  if (!(slope < 0) && inverse !== null) return search(options, { weights, gradient, loss }, null, evaluation, isKept);
  const t = inverse === null ? Math.min(1, 1 / length) : 1;
  const line: Line = { search: beginLineSearch({ loss, slope }, t, normOf(direction)), returns: false };
  const state: State = {
    ...{ base: encoded(weights), gradient: encoded(gradient), direction: encoded(direction) },
    ...{ line, inverse },
  };
  const { isLast, space } = evaluation;
  if (isLast || length <= (options['tolerance'] ?? 0) || slope === 0) {
    space.replace(weights, isKept);
    const ended = isLast ? {} : { ended: `the gradient's norm is ${length.toPrecision(3)}` };
    const back: Line = { search: { ...line.search, t: 0 }, returns: true };
    return { state: { ...state, line: back }, stepLength: 0, ...ended };
  }
  return tried(state, weights, direction, evaluation, isKept);
}

function tried(
  state: State,
  base: Float64Array,
  direction: Float64Array,
  { space }: Evaluation,
  isKept = false,
): MethodStep {
  const { t } = state.line.search;
  space.replace(sumOf(base, t, direction), isKept);
  return { state, stepLength: t };
}

/** H after a step; as it was where the curvature along it is not positive. */
export function updated(inverse: string | null, step: Float64Array, change: Float64Array): string | null {
  const curvature = dot(step, change);
  const n = step.length;
  if (!(curvature > 1e-10 * dot(step, step))) return inverse;
  const matrix = inverse === null ? scaledIdentity(n, curvature / dot(change, change)) : decoded(inverse);
  const along = timesVector(matrix, change);
  const factor = (1 + dot(change, along) / curvature) / curvature;
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) {
      const mixed = (step[row]! * along[column]! + along[row]! * step[column]!) / curvature;
      matrix[row * n + column]! += factor * step[row]! * step[column]! - mixed;
    }
  }
  return encoded(matrix);
}

function scaledIdentity(n: number, scale: number): Float64Array {
  const matrix = new Float64Array(n * n);
  for (let row = 0; row < n; row++) matrix[row * n + row] = scale;
  return matrix;
}
