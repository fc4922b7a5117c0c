/**
 * What a numeric parameter is drawn from, as a function of a coordinate: samplers differ only in how they choose
 * coordinates in (0, 1). Only exact operations are used, so that a trial has the same bits on every machine.
 */
import { exactExp, logOf } from '../../common/exact-math.js';
import { inverseNormal } from '../../common/inverse-normal.js';

export interface NumberDistribution {
  /** The value below which a share u of all lies, for u in (0, 1). Also of 0 and 1 where there is a first and last value. */
  quantile: (u: number) => number;
  /** There is a first and a last value, which belong to it. */
  isBounded: boolean;
  /** Every value, where there is an end of them, from the smallest. */
  values?: { count: number; at: (index: number) => number };
  /** Could it have been drawn? */
  has: (value: number) => boolean;
}

interface Written {
  uniform?: [number, number];
  logUniform?: [number, number];
  normal?: [number, number];
  logNormal?: [number, number];
  int?: [number, number];
  logInt?: [number, number];
  step?: number | undefined;
}

/** Of one that the schema has accepted; a choice is none. */
export function numberDistribution({
  uniform,
  logUniform,
  normal,
  logNormal,
  int,
  logInt,
  step,
}: Written): NumberDistribution {
  if (uniform) return step === undefined ? between(uniform, linear(...uniform)) : evenly(lattice(uniform, step));
  if (logUniform) {
    const continuous = between(logUniform, geometric(...logUniform));
    return step === undefined ? continuous : nearest(lattice(logUniform, step), continuous.quantile);
  }
  if (normal) return unbounded(gaussian(normal), step, -Infinity);
  if (logNormal) {
    const logarithm = gaussian(logNormal);
    return unbounded((u) => exactExp(logarithm(u)), step, 0);
  }
  if (int) return evenly(lattice(int, step ?? 1));
  return logarithmically(lattice(logInt!, step ?? 1));
}

type Quantile = (u: number) => number;

/** low (1 - u) + high u. */
function linear(low: number, high: number): Quantile {
  return (u) => low * (1 - u) + high * u;
}

/** e^(log low + u (log high - log low)), and the bounds themselves at 0 and 1. */
function geometric(low: number, high: number): Quantile {
  const [from, to] = [logOf(low), logOf(high)];
  return (u) => (u <= 0 ? low : u >= 1 ? high : exactExp(from + u * (to - from)));
}

/** mean + deviation z, z the standard normal quantile. */
function gaussian([mean, deviation]: [number, number]): Quantile {
  return (u) => mean + deviation * inverseNormal(u);
}

function between([low, high]: [number, number], quantile: Quantile): NumberDistribution {
  return {
    quantile: (u) => clamp(quantile(u), low, high),
    isBounded: true,
    has: (value) => value >= low && value <= high,
  };
}

/** Without a first and a last value; all are above `above`. With a step, the nearest multiple that is. */
function unbounded(quantile: Quantile, step: number | undefined, above: number): NumberDistribution {
  if (step === undefined) {
    return { quantile, isBounded: false, has: (value) => value > above && Number.isFinite(value) };
  }
  const first = above === 0 ? 1 : -Infinity;
  const nearestMultiple = (value: number) => multipleOf(step, Math.max(Math.round(value / step), first));
  return {
    quantile: (u) => nearestMultiple(quantile(u)),
    isBounded: false,
    has: (value) => Number.isFinite(value) && nearestMultiple(value) === value,
  };
}

interface Lattice {
  low: number;
  step: number;
  count: number;
  at: (index: number) => number;
}

/** low, low + step, and on. A last value that misses `high` only by rounding is there too. */
function lattice([low, high]: [number, number], step: number): Lattice {
  const count = Math.floor((high - low) / step + 1e-9) + 1;
  const digits = Math.max(decimalsOf(low), decimalsOf(step));
  return { low, step, count, at: (index) => Math.min(inDecimals(low + index * step, digits), high) };
}

function evenly(values: Lattice): NumberDistribution {
  return onLattice(values, (u) => u * values.count);
}

/** Each value has the share that the logarithm has between it and the next: log((value + step) / value). */
function logarithmically(values: Lattice): NumberDistribution {
  const { low, step, count } = values;
  const quantile = geometric(low, low + count * step);
  return onLattice(values, (u) => (quantile(u) - low) / step);
}

function nearest(values: Lattice, quantile: Quantile): NumberDistribution {
  return onLattice(values, (u) => (quantile(u) - values.low) / values.step + 0.5);
}

function onLattice({ low, step, count, at }: Lattice, place: Quantile): NumberDistribution {
  const valueAt = (index: number) => at(clamp(Math.floor(index), 0, count - 1));
  return {
    quantile: (u) => valueAt(place(u)),
    isBounded: true,
    values: { count, at },
    has: (value) => valueAt((value - low) / step + 0.5) === value,
  };
}

function multipleOf(step: number, times: number): number {
  const product = inDecimals(times * step, decimalsOf(step));
  return product === 0 ? 0 : product;
}

/** 3 * 0.1 is 0.30000000000000004, where 0.3 is meant: the number that has the sum's decimals. */
function inDecimals(value: number, digits: number): number {
  return digits > 100 ? value : Number(value.toFixed(digits));
}

/** Digits after the point, as the number is written. */
function decimalsOf(value: number): number {
  const [, fraction = '', exponent = '0'] = /^-?\d+(?:\.(\d+))?(?:e([-+]\d+))?$/.exec(String(value)) ?? [];
  return Math.max(0, fraction.length - Number(exponent));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
