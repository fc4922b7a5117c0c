/**
 * L-BFGS (Liu and Nocedal 1989): the direction is minus the gradient times an approximation of the inverse Hessian that the
 * last `history` steps s = x' - x and changes of the gradient y = g' - g make. The two-loop recursion needs inner products
 * only, so it is done on the Gram matrix of all s, y and g (Chen, Wang and Zhou, "Large-scale L-BFGS using MapReduce", 2014),
 * and the direction is formed once, as one linear combination.
 */
import type { Evaluation, FullBatchMethod, MethodOptions, MethodState, MethodStep } from './full-batch-method.js';
import { beginLineSearch } from './line-search.js';
import { followLine, type Line } from './line.js';
import type { Combination, VectorName } from './vector-space.js';

const [base, baseGradient, direction] = ['lbfgs.base', 'lbfgs.baseGradient', 'lbfgs.direction'] as const;
const stepSlot = (pair: number) => `lbfgs.step${pair}`;
const changeSlot = (pair: number) => `lbfgs.change${pair}`;

interface State extends MethodState {
  /** Places of the pairs that are in use, oldest first. */
  pairs: number[];
  /** Inner products of slots, by both names. */
  gram: Record<string, number>;
  line: Line;
  /** gradient · gradient at the base. */
  squares: number;
}

export const lbfgs: FullBatchMethod = {
  slots: ({ history = 0 }) => [
    ...[base, baseGradient, direction],
    ...places(history).map(stepSlot),
    ...places(history).map(changeSlot),
  ],
  async step(options, state, evaluation): Promise<MethodStep> {
    if (!state) return await begin(options, evaluation);
    const known = state as State;
    const [slope] = (await evaluation.space.measure([], [['gradient', direction]])) as [number];
    const outcome = followLine(known.line, slope, evaluation, options);
    if (outcome === 'taken') return await take(options, known, slope, evaluation);
    if (outcome === 'failed') return await restart(options, known, evaluation);
    return tried({ ...known, line: outcome.line }, evaluation);
  },
};

async function begin(options: MethodOptions, evaluation: Evaluation): Promise<MethodStep> {
  const keep: Combination[] = [copy(base, 'weights'), copy(baseGradient, 'gradient')];
  const [squares] = (await evaluation.space.measure(keep, [['gradient', 'gradient']])) as [number];
  return await search(options, { pairs: [], gram: {}, squares }, evaluation, false);
}

/** The present weights are the new base; what was learned on the way here is a new pair. */
async function take(
  options: MethodOptions,
  {
    pairs: before,
    gram: known,
    line: {
      search: { start, t },
    },
  }: State,
  slope: number,
  evaluation: Evaluation,
): Promise<MethodStep> {
  const { space } = evaluation;
  const keep: Combination[] = [copy(base, 'weights'), copy(baseGradient, 'gradient')];
  // s · y, before either is formed: the strong Wolfe conditions make it positive, a search that was cut short may not.
  const isCurved = t * (slope - start.slope) > 1e-10 * t * t * Math.abs(start.slope);
  if (!isCurved) {
    const [squares] = (await space.measure(keep, [['gradient', 'gradient']])) as [number];
    return await search(options, { pairs: before, gram: known, squares }, evaluation, true);
  }
  const { history = 1 } = options;
  const place = before.length < history ? before.length : before[0]!;
  const pairs = [...before.filter((pair) => pair !== place), place];
  const [step, change] = [stepSlot(place), changeSlot(place)];
  const form: Combination[] = [
    {
      out: step,
      terms: [
        [1, 'weights'],
        [-1, base],
      ],
    },
    {
      out: change,
      terms: [
        [1, 'gradient'],
        [-1, baseGradient],
      ],
    },
    ...keep,
  ];
  const kept = pairs.flatMap((pair) => [stepSlot(pair), changeSlot(pair)]);
  const wanted: [VectorName, VectorName][] = [
    ['gradient', 'gradient'],
    ...kept.flatMap((slot): [VectorName, VectorName][] => [
      [step, slot],
      [change, slot],
      [baseGradient, slot],
    ]),
  ];
  const [squares = 0, ...products] = await space.measure(form, wanted);
  const stale = new Set([step, change, baseGradient]);
  const entries = Object.entries(known).filter(([key]) => !key.split(' ').some((name) => stale.has(name)));
  const gram = Object.fromEntries([
    ...entries,
    ...products.map((product, index) => [wanted[index + 1]!.toSorted().join(' '), product]),
  ]);
  return await search(options, { pairs, gram, squares }, evaluation, true);
}

/** Nothing lower was found along the direction: the history is wrong here, or the loss as low as float32 can tell. */
async function restart(options: MethodOptions, known: State, evaluation: Evaluation): Promise<MethodStep> {
  const {
    squares,
    pairs,
    line: {
      search: { start },
    },
  } = known;
  if (pairs.length > 0) {
    return await search(options, { pairs: [], gram: {}, squares }, { ...evaluation, loss: start.loss }, false);
  }
  evaluation.space.move([copy('weights', base)], false);
  return { state: known, stepLength: 0, ended: 'no lower loss was found along the gradient' };
}

/** From the base, whose loss and gradient are known: a new direction, and the first point on it. */
async function search(
  options: MethodOptions,
  { pairs, gram, squares }: Pick<State, 'pairs' | 'gram' | 'squares'>,
  evaluation: Evaluation,
  /** The present weights are the base, and go into the running average. */
  isKept: boolean,
): Promise<MethodStep> {
  const { space, loss, isLast } = evaluation;
  const length = Math.sqrt(squares);
  const form = { out: direction, terms: directionTerms(pairs, gram) };
  const [slope, ofDirection] = (await space.measure(
    [form],
    [
      [baseGradient, direction],
      [direction, direction],
    ],
  )) as [number, number];
  // With rounding, or a history of elsewhere, the direction may go up.
  if (!(slope < 0) && pairs.length > 0) {
    return await search(options, { pairs: [], gram: {}, squares }, evaluation, isKept);
  }
  // As in SciPy: without any curvature known the first step is of length 1 at most.
  const t = pairs.length > 0 ? 1 : Math.min(1, 1 / length);
  const state: State = {
    pairs,
    gram,
    squares,
    line: { search: beginLineSearch({ loss, slope }, t, Math.sqrt(ofDirection)), returns: false },
  };
  const isFlat = length <= (options['tolerance'] ?? 0);
  if (isLast || isFlat || slope === 0) {
    // The next evaluation, should there be one, is of the base again.
    space.move([copy('weights', base)], isKept);
    const ended = isLast ? {} : { ended: `the gradient's norm is ${length.toPrecision(3)}` };
    const back: Line = { search: { ...state.line.search, t: 0 }, returns: true };
    return { state: { ...state, line: back }, stepLength: 0, ...ended };
  }
  return tried(state, evaluation, isKept);
}

function tried(state: State, { space }: Evaluation, isKept = false): MethodStep {
  const { t } = state.line.search;
  space.move(
    [
      {
        out: 'weights',
        terms: [
          [1, base],
          [t, direction],
        ],
      },
    ],
    isKept,
  );
  return { state, stepLength: t };
}

/**
 * -H g as coefficients of s, y and g. With q = -g, for each pair from the newest: a = (s · q) / (s · y), q -= a y; then q times
 * (s · y) / (y · y) of the newest; then from the oldest: q += (a - (y · q) / (s · y)) s.
 */
export function directionTerms(
  pairs: readonly number[],
  gram: Readonly<Record<string, number>>,
): [number, VectorName][] {
  const coefficients = new Map<VectorName, number>([[baseGradient, -1]]);
  const product = (left: VectorName, right: VectorName) => gram[[left, right].toSorted().join(' ')] ?? 0;
  const along = (slot: VectorName) => {
    let sum = 0;
    for (const [name, coefficient] of coefficients) sum += coefficient * product(slot, name);
    return sum;
  };
  const add = (slot: VectorName, value: number) => coefficients.set(slot, (coefficients.get(slot) ?? 0) + value);
  const curvature = (pair: number) => product(stepSlot(pair), changeSlot(pair));
  const removed = new Map<number, number>();
  for (const pair of pairs.toReversed()) {
    const part = along(stepSlot(pair)) / curvature(pair);
    removed.set(pair, part);
    add(changeSlot(pair), -part);
  }
  const newest = pairs.at(-1);
  const scale = newest === undefined ? 1 : curvature(newest) / product(changeSlot(newest), changeSlot(newest));
  for (const [name, coefficient] of coefficients) coefficients.set(name, coefficient * scale);
  for (const pair of pairs) add(stepSlot(pair), removed.get(pair)! - along(changeSlot(pair)) / curvature(pair));
  return [...coefficients].map(([name, coefficient]) => [coefficient, name]);
}

function copy(out: VectorName, vector: VectorName): Combination {
  return { out, terms: [[1, vector]] };
}

function places(count: number): number[] {
  return Array.from({ length: count }, (_, place) => place);
}
