/**
 * The line search of the full-batch methods: a step length along a direction of descent that meets the strong Wolfe
 * conditions. It evaluates nothing: it is told of one evaluation at a time and says where the next one should be, so that its
 * state, all numbers, goes into a checkpoint between any two. Bracketing and zoom with cubic interpolation (Nocedal and
 * Wright, "Numerical optimization", 2006, algorithms 3.5 and 3.6), with the safeguards of PyTorch's `_strong_wolfe`.
 */

/** What was measured at a step length. */
export interface SearchPoint {
  /** The step length: the point is base + t direction. */
  t: number;
  loss: number;
  /** gradient · direction. */
  slope: number;
}

export interface LineSearchState {
  /** At t = 0. */
  start: SearchPoint;
  /** What is evaluated now. */
  t: number;
  previous: SearchPoint;
  /** Once two points enclose what is looked for: the lower one first. */
  bracket: [SearchPoint, SearchPoint] | null;
  /** The point before was close to the bracket's edge. */
  isStalled: boolean;
  /** Evaluations before the present one. */
  evaluations: number;
  directionNorm: number;
}

export interface LineSearchOptions {
  /** c1: f(t) <= f(0) + c1 t f'(0). */
  sufficientDecrease: number;
  /** c2: |f'(t)| <= c2 |f'(0)|. */
  curvature: number;
  evaluationsMax: number;
  /** A bracket that moves the weights by less is not halved again. */
  smallestMove: number;
  /**
   * Losses that differ by less than this part of them count as equal, and the slopes decide: float32 gradients are much
   * better than differences of float32 losses (the approximate Wolfe conditions of Hager and Zhang 2005).
   */
  noise: number;
}

/** Where to evaluate next, or the point that is the result: t = 0 where no lower one was found. */
export type SearchVerdict = { state: LineSearchState } | { found: SearchPoint };

/** From a point with this loss and this slope, below 0, along the direction; the first evaluation is at `t`. */
export function beginLineSearch(
  { loss, slope }: Omit<SearchPoint, 't'>,
  t: number,
  directionNorm: number,
): LineSearchState {
  const start = { t: 0, loss, slope };
  return { start, t, previous: start, bracket: null, isStalled: false, evaluations: 0, directionNorm };
}

/** The loss and the slope at `state.t` are known. */
export function continueLineSearch(
  state: LineSearchState,
  { loss, slope }: Omit<SearchPoint, 't'>,
  options: LineSearchOptions,
): SearchVerdict {
  const point = { t: state.t, loss, slope };
  return state.bracket ? zoom(state, state.bracket, point, options) : enclose(state, point, options);
}

/** Of all that the search has kept, the lowest. */
export function lowestOf({ start, previous, bracket }: LineSearchState): SearchPoint {
  return [previous, ...(bracket ?? [])].reduce((low, point) => (point.loss < low.loss ? point : low), start);
}

/** Goes further until the point is good, or a minimum lies behind it. */
function enclose(state: LineSearchState, point: SearchPoint, options: LineSearchOptions): SearchVerdict {
  const { previous, start, evaluations } = state;
  const isHigher = evaluations > 1 && isNotLower(point, previous, options);
  if (evaluations >= options.evaluationsMax) return { found: inOrder(start, point)[0] };
  if (isTooHigh(state, point, options) || isHigher) return narrow(state, inOrder(previous, point), options);
  if (isFlat(state, point, options)) return { found: point };
  if (point.slope >= 0) return narrow(state, inOrder(previous, point), options);
  const t = cubicMinimum(previous, point, [point.t + 0.01 * (point.t - previous.t), 10 * point.t]);
  return { state: { ...state, previous: point, t, evaluations: evaluations + 1 } };
}

/** The point lay inside the bracket: it takes the place of one end. */
function zoom(
  state: LineSearchState,
  [low, high]: [SearchPoint, SearchPoint],
  point: SearchPoint,
  options: LineSearchOptions,
): SearchVerdict {
  if (isTooHigh(state, point, options) || isNotLower(point, low, options)) {
    return narrow(state, inOrder(low, point), options);
  }
  if (isFlat(state, point, options)) return { found: point };
  return narrow(state, [point, point.slope * (high.t - low.t) >= 0 ? low : high], options);
}

/** Where in the bracket to look next; not twice at its edge. */
function narrow(
  state: LineSearchState,
  bracket: [SearchPoint, SearchPoint],
  { evaluationsMax, smallestMove }: LineSearchOptions,
): SearchVerdict {
  const [left, right] = [Math.min(bracket[0].t, bracket[1].t), Math.max(bracket[0].t, bracket[1].t)];
  const isSmall = (right - left) * state.directionNorm < smallestMove;
  if (isSmall || state.evaluations >= evaluationsMax) return { found: bracket[0] };
  let t = cubicMinimum(...bracket);
  let isStalled = false;
  const margin = 0.1 * (right - left);
  if (Math.min(right - t, t - left) < margin) {
    isStalled = !(state.isStalled || t >= right || t <= left);
    if (!isStalled) t = Math.abs(t - right) < Math.abs(t - left) ? right - margin : left + margin;
  }
  return { state: { ...state, previous: bracket[0], bracket, t, isStalled, evaluations: state.evaluations + 1 } };
}

/** The lower one first. */
function inOrder(one: SearchPoint, other: SearchPoint): [SearchPoint, SearchPoint] {
  return one.loss <= other.loss ? [one, other] : [other, one];
}

function isTooHigh({ start }: LineSearchState, { t, loss }: SearchPoint, options: LineSearchOptions): boolean {
  return loss > start.loss + options.sufficientDecrease * t * start.slope + options.noise * Math.abs(start.loss);
}

function isNotLower(point: SearchPoint, other: SearchPoint, { noise }: LineSearchOptions): boolean {
  return point.loss >= other.loss + noise * Math.abs(other.loss);
}

function isFlat({ start }: LineSearchState, { slope }: SearchPoint, { curvature }: LineSearchOptions): boolean {
  return Math.abs(slope) <= -curvature * start.slope;
}

/** Of the cubic through both points with their slopes, within the bounds; their middle where it has none. */
function cubicMinimum(
  one: SearchPoint,
  other: SearchPoint,
  [least, most]: [number, number] = one.t <= other.t ? [one.t, other.t] : [other.t, one.t],
): number {
  const [left, right] = one.t <= other.t ? [one, other] : [other, one];
  const d1 = left.slope + right.slope - (3 * (left.loss - right.loss)) / (left.t - right.t);
  const square = d1 ** 2 - left.slope * right.slope;
  const middle = (least + most) / 2;
  if (!(square >= 0)) return middle;
  const d2 = Math.sqrt(square);
  const t = right.t - (right.t - left.t) * ((right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2));
  return Number.isNaN(t) ? middle : Math.min(Math.max(t, least), most);
}
