/**
 * A range around the best values of a round, in the parameter's own scale: logarithmic for logUniform and logInt. It does
 * not know parameters or trials.
 */
import { exactExp, logOf } from '../../common/exact-math.js';

export interface Range {
  low: number;
  high: number;
  scale: 'linear' | 'logarithmic';
  /** Whole numbers only. */
  isWhole: boolean;
  /** Values are low, low + step, and on. */
  step?: number;
}

export interface Edge {
  side: 'lower' | 'upper';
  bound: number;
  /** The bound to take instead; undefined where it cannot be moved, such as 0 of what is never negative. */
  widened: number | undefined;
}

/** A best value nearer to a bound than this part of the range raises the alarm. */
const edgePart = 0.05;

export function toScale({ scale }: Range, value: number): number {
  return scale === 'logarithmic' ? logOf(value) : value;
}

function fromScale({ scale }: Range, value: number): number {
  return scale === 'logarithmic' ? exactExp(value) : value;
}

/** Does the best value lie within 5 % of a bound, and what would the bound be, moved out by half the range's width? */
export function edgeOf(range: Range, best: number): Edge | undefined {
  const [low, high] = [toScale(range, range.low), toScale(range, range.high)];
  const position = (toScale(range, best) - low) / (high - low);
  const half = (high - low) / 2;
  if (position < edgePart) {
    const widened = rounded(range, low - half, half, 'down');
    return { side: 'lower', bound: range.low, widened: movedOut(range, 'lower', widened) };
  }
  if (position > 1 - edgePart) {
    const widened = rounded(range, high + half, half, 'up');
    return { side: 'upper', bound: range.high, widened: movedOut(range, 'upper', widened) };
  }
  return undefined;
}

/** Whose range does not cross 0 is never widened beyond it: a rate, a width, a momentum. */
function movedOut({ low, high, isWhole, scale }: Range, side: Edge['side'], widened: number): number | undefined {
  const least = isWhole && scale === 'logarithmic' ? 1 : low >= 0 ? 0 : -Infinity;
  const most = high <= 0 ? 0 : Infinity;
  const moved = Math.min(most, Math.max(least, widened));
  return moved === (side === 'lower' ? low : high) ? undefined : moved;
}

/**
 * The next range. Its width is what the range of so many uniform values comes from in the mean, (max - min) (m + 1) / (m -
 * 1), but not less than `quantile` of the present width and not more than that width; its middle is that of the best
 * values. It may leave the present range, because the best may lie at its edge, but not `outer`, what the user wrote.
 */
export function narrowed(range: Range, best: readonly number[], quantile: number, outer: Range): Range {
  const scaled = best.map((value) => toScale(range, value));
  const [least, most] = [Math.min(...scaled), Math.max(...scaled)];
  const present = toScale(range, range.high) - toScale(range, range.low);
  const spread = scaled.length > 1 ? ((most - least) * (scaled.length + 1)) / (scaled.length - 1) : 0;
  const width = Math.min(present, Math.max(present * quantile, spread));
  const middle = (least + most) / 2;
  return {
    ...range,
    low: Math.max(outer.low, rounded(range, middle - width / 2, width, 'down')),
    high: Math.min(outer.high, rounded(range, middle + width / 2, width, 'up')),
  };
}

/**
 * In as few digits as lie within 2 % of the width, outwards, so that what is printed is what is drawn from; for a range with
 * steps a value that it has, for whole numbers one of them. What is a round number but for the last bits of a logarithm is
 * taken for it.
 */
function rounded(range: Range, scaled: number, width: number, towards: 'down' | 'up'): number {
  const value = fromScale(range, scaled);
  const slack = Math.abs(value) * 1e-9;
  const outwards = (exact: number) => (towards === 'down' ? Math.floor(exact + slack) : Math.ceil(exact - slack));
  if (range.step !== undefined) return range.low + outwards((value - range.low) / range.step) * range.step;
  if (range.isWhole) return outwards(value);
  for (let digits = 2; digits < 16; digits += 1) {
    const short = shortened(value, digits, towards, slack);
    if (Math.abs(toScale(range, short) - scaled) <= 0.02 * width) return short;
  }
  return value;
}

/** To so many digits, never inwards. */
function shortened(value: number, digits: number, towards: 'down' | 'up', slack: number): number {
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e') as [string, string];
  const nearest = Number(`${mantissa}e${exponent}`);
  if (towards === 'down' ? nearest <= value + slack : nearest >= value - slack) return nearest;
  const whole = Number(mantissa.replace('.', '')) + (towards === 'down' ? -1 : 1);
  return Number(`${whole}e${Number(exponent) - digits + 1}`);
}
