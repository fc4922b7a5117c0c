/**
 * Newton's method (Nocedal and Wright 2006, algorithms 3.2 and 3.3): the direction solves (H + shift I) d = -g. Column j of the
 * Hessian is a difference of gradients, (g(x + h e_j) - g(x - h e_j)) / 2h, so that a model of n weights takes 2 n evaluations before
 * each search along a line; both halves of H are averaged. The shift is 0 where H is positive definite, else the first of
 * a doubling series that makes it so.
 */
import { cholesky, decoded, dot, encoded, normOf, solve, sumOf } from './dense.js';
import type { Evaluation, FullBatchMethod, MethodOptions, MethodState, MethodStep } from './full-batch-method.js';
import { beginLineSearch } from './line-search.js';
import { followLine, type Line } from './line.js';

/** Of a weight near 1: the cube root of float32's precision, which weighs its rounding against the third derivative. */
const difference = 5e-3;
const smallestShift = 1e-3;

interface State extends MethodState {
  base: string;
  gradient: string;
  /** At the base. */
  loss: number;
  /** Columns of the Hessian, in base64, while they are made. */
  columns: string[];
  /** The gradient above the base, and the weight there, when the one below is evaluated. */
  above: { gradient: string; weight: number } | null;
  /** Null while the Hessian is made. */
  line: Line | null;
  direction: string;
  /** The direction is minus the gradient, because Newton's did not lead down. */
  isSteepest: boolean;
}

interface Point {
  weights: Float64Array;
  gradient: Float64Array;
}

export const newton: FullBatchMethod = {
  slots: () => [],
  parametersMax: 2000,
  async step(options, given, evaluation): Promise<MethodStep> {
    const { space, loss } = evaluation;
    const point = { weights: await space.read('weights'), gradient: await space.read('gradient') };
    if (!given) return begin(options, point, evaluation, false);
    const state = given as State;
    if (!state.line) return await differ(state, point, evaluation);
    const [base, direction] = [decoded(state.base), decoded(state.direction)];
    const outcome = followLine(state.line, dot(point.gradient, direction), { ...evaluation, loss }, options);
    if (outcome === 'taken') return begin(options, point, evaluation, true);
    if (outcome !== 'failed') return tried({ ...state, line: outcome.line }, base, direction, evaluation);
    if (!state.isSteepest) {
      return search(
        { ...state, isSteepest: true },
        decoded(state.gradient).map((value) => -value),
        evaluation,
      );
    }
    space.replace(base, false);
    return { state, stepLength: 0, ended: 'no lower loss was found along the gradient' };
  },
};

/** The point is the new base, and its Hessian is wanted. */
function begin(options: MethodOptions, point: Point, evaluation: Evaluation, isKept: boolean): MethodStep {
  const { weights, gradient } = point;
  const { isLast, loss, space } = evaluation;
  const state: State = {
    ...{ base: encoded(weights), gradient: encoded(gradient), loss, columns: [], above: null },
    ...{ line: null, direction: '', isSteepest: false },
  };
  const length = normOf(gradient);
  if (!isLast && length > (options['tolerance'] ?? 0)) return ask(state, weights, evaluation, isKept);
  space.replace(weights, isKept);
  const ended = isLast ? {} : { ended: `the gradient's norm is ${length.toPrecision(3)}` };
  return { state: standing(state), stepLength: 0, ...ended };
}

/** Should there be another evaluation after the last, it is of the base again. */
function standing(state: State): State {
  const line = { search: beginLineSearch({ loss: state.loss, slope: 0 }, 0, 0), returns: true };
  return { ...state, direction: state.gradient, line };
}

/** One more gradient beside the base. */
async function differ(state: State, { weights, gradient }: Point, evaluation: Evaluation): Promise<MethodStep> {
  const base = decoded(state.base);
  if (evaluation.isLast) {
    evaluation.space.replace(base, false);
    return { state: standing(state), stepLength: 0 };
  }
  const place = state.columns.length;
  if (!state.above) {
    const above = { gradient: encoded(gradient), weight: weights[place]! };
    return ask({ ...state, above }, base, evaluation, false);
  }
  // Between the weights as they were rounded to float32.
  const width = state.above.weight - weights[place]!;
  const column = sumOf(decoded(state.above.gradient), -1, gradient).map((value) => value / width);
  const columns = [...state.columns, encoded(column)];
  const next = { ...state, columns, above: null };
  if (columns.length < base.length) return ask(next, base, evaluation, false);
  const direction = await newtonDirection(columns.map(decoded), decoded(state.gradient));
  return search({ ...next, columns: [] }, direction, evaluation);
}

/** Beside the base along the weight whose column is next: above it, then below. */
function ask(state: State, base: Float64Array, { space }: Evaluation, isKept: boolean): MethodStep {
  const place = state.columns.length;
  const weights = base.slice();
  const width = difference * Math.max(1, Math.abs(base[place]!));
  weights[place]! += state.above ? -width : width;
  space.replace(weights, isKept);
  return { state, stepLength: 0 };
}

function search(state: State, direction: Float64Array, evaluation: Evaluation): MethodStep {
  const slope = dot(decoded(state.gradient), direction);
  const t = state.isSteepest ? Math.min(1, 1 / normOf(direction)) : 1;
  const line: Line = { search: beginLineSearch({ loss: state.loss, slope }, t, normOf(direction)), returns: false };
  return tried({ ...state, line, direction: encoded(direction) }, decoded(state.base), direction, evaluation);
}

function tried(state: State, base: Float64Array, direction: Float64Array, { space }: Evaluation): MethodStep {
  const t = state.line?.search.t ?? 0;
  space.replace(sumOf(base, t, direction), false);
  return { state, stepLength: t };
}

/** From the columns of the Hessian as they were measured. */
export async function newtonDirection(columns: readonly Float64Array[], gradient: Float64Array): Promise<Float64Array> {
  const n = columns.length;
  const matrix = new Float64Array(n * n);
  for (const [column, values] of columns.entries()) {
    for (let row = 0; row < n; row++) matrix[row * n + column] = (values[row]! + columns[row]![column]!) / 2;
  }
  let least = Infinity;
  let size = 0;
  for (let row = 0; row < n; row++) {
    least = Math.min(least, matrix[row * n + row]!);
    size = Math.max(size, Math.abs(matrix[row * n + row]!));
  }
  const smallest = smallestShift * (size > 0 ? size : 1);
  let shift = least > 0 ? 0 : smallest - least;
  for (;;) {
    const lower = await cholesky(matrix, n, shift);
    if (lower)
      return solve(
        lower,
        gradient.map((value) => -value),
      );
    shift = Math.max(2 * shift, smallest);
  }
}
