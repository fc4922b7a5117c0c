/** Axes of plots that show parameters and values: where they begin and end, and what is written at them. */
import type { Direction } from '../../coordinator/search/log.js';
import { numberText, plainText } from './plain-text.js';
import type { ParameterAxis } from './parameter-axis.js';
import { colours } from './render-plot.js';
import type { Shown } from './trial-results.js';

const line = { lineStyle: { color: colours.soft } };
const label = { color: colours.ink, fontSize: 11 };

/** What plots that show the objective's value have in common. */
export interface ValuePlot {
  metric: string;
  direction: Direction;
  shown: Shown;
}

/** The room around the axes; their labels lie within. */
export const plotGrid = {
  ...{ left: 16, right: 28, top: 36, bottom: 34 },
  ...{ outerBoundsMode: 'same' as const, outerBoundsContain: 'axisLabel' as const },
};

/** For series: no reaction to a pointer, and all is drawn at once. */
export const still = { silent: true, progressive: 0, large: false };

/**
 * Any text of ours within a plot. The library keeps the widths of texts as members of a plain object, so one such as
 * `__proto__` would change all objects of the process: a character without width makes it another.
 */
export function labelText(text: string, most: number): string {
  const plain = plainText(text, most);
  return plain in Object.prototype ? `${plain}\u200b` : plain;
}

/** At the upper end of an upright axis, beginning at it. */
export function upperName(name: string) {
  return {
    ...{ name: labelText(name, 40), nameLocation: 'end' as const },
    nameTextStyle: { ...axisLook.nameTextStyle, align: 'left' as const },
  };
}

/** What every axis of ours looks like. */
export const axisLook = {
  axisLine: { show: true, ...line },
  axisTick: { show: true, ...line },
  axisLabel: label,
  nameTextStyle: { color: colours.ink, fontSize: 12 },
  splitLine: { show: true, lineStyle: { color: colours.line } },
};

/** As an axis of the library, without its place. */
export function parameterScale(axis: ParameterAxis) {
  if (axis.kind === 'categories') return categoryScale(axis.categories);
  if (axis.kind === 'linear') return numberScale(axis.low, axis.high);
  const ticks = logTicks(axis.low, axis.high);
  return { type: 'log' as const, min: axis.low, max: axis.high, ...withTicks(ticks) };
}

/** From `low` to `high`; a single value gets some room around it. */
export function numberScale(low: number, high: number) {
  const room = low < high ? 0 : Math.abs(low) / 10 || 1;
  const [min, max] = [low - room, high + room];
  // As many as tell one tick from the next: 1000.2 from 1000.4.
  const digits = Math.ceil(Math.log10(Math.max(Math.abs(min), Math.abs(max)) / tickStep(min, max))) + 1;
  return { type: 'value' as const, min, max, ...withTicks(linearTicks(min, max), Math.max(4, digits)) };
}

/** The axis of the objective's value, which ends at the ticks around what is shown. */
export function valueScale({ low, high }: Shown) {
  const step = tickStep(low, high);
  return numberScale(multipleOf(step, Math.floor(low / step)), multipleOf(step, Math.ceil(high / step)));
}

/** What is beyond is drawn at the end of what is shown. */
export function within({ low, high }: Shown, value: number): number {
  return Math.min(high, Math.max(low, value));
}

function categoryScale(categories: readonly string[]) {
  const data = categories.map((category) => labelText(category, 20));
  return { type: 'category' as const, data, ...axisLook, axisLabel: { ...label, interval: 0 } };
}

function withTicks(customValues: number[], digits?: number) {
  const formatter = (value: number) => tickText(value, digits);
  return {
    ...axisLook,
    axisTick: { ...axisLook.axisTick, customValues },
    axisLabel: { ...label, formatter, customValues, hideOverlap: true },
    splitLine: { ...axisLook.splitLine, customValues },
  };
}

/** Multiples of 1, 2 or 5 times a power of ten, about five of them. */
export function linearTicks(low: number, high: number): number[] {
  const step = tickStep(low, high);
  const slack = (high - low) * 1e-9;
  const first = Math.ceil((low - slack) / step);
  const last = Math.floor((high + slack) / step);
  return Array.from({ length: last - first + 1 }, (_, index) => multipleOf(step, first + index));
}

function tickStep(low: number, high: number): number {
  const rough = (high - low) / 5 || Math.abs(low) / 10 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((each) => each * power >= rough * 0.8) ?? 10;
  return Number((factor * power).toPrecision(1));
}

/** Without what binary fractions add to decimal ones. */
function multipleOf(step: number, times: number): number {
  return Number((step * times).toPrecision(12));
}

/** Powers of ten; where there are fewer than three of them also 2 and 5 times those, and else the ends. */
export function logTicks(low: number, high: number): number[] {
  const slack = 1 + 1e-9;
  const first = Math.floor(Math.log10(low));
  const powers = Array.from({ length: Math.ceil(Math.log10(high)) - first + 1 }, (_, index) => first + index);
  const ticks = (factors: readonly number[]) =>
    powers
      .flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)))
      .filter((tick) => tick * slack >= low && tick <= high * slack);
  return [ticks([1]), ticks([1, 2, 5])].find(({ length }) => length >= 3) ?? [low, high];
}

/** `0.0001` as `1e-4`, so that labels stay short. */
export function tickText(value: number, digits = 4): string {
  const size = Math.abs(value);
  const isShort = value === 0 || (size >= 1e-3 && size < 1e5) || digits > 4;
  return isShort ? numberText(value, digits) : Number(value.toPrecision(3)).toExponential().replace('e+', 'e');
}
