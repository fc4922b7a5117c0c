/** What a formula may call. Only what gives the same bits on every machine; see common/exact-math.ts. */
import { exactExp, exactPower, logOf } from '../../exact-math.js';

interface ExpressionFunction {
  /** As it is written, for messages and for the documentation. */
  usage: string;
  meaning: string;
  least: number;
  /** Any number of arguments without it. */
  most?: number;
  /** Not of `if`, which computes one of its branches only. */
  apply?: (...values: number[]) => number;
}

export const functions: Record<string, ExpressionFunction> = {
  min: { usage: 'min(a, b, …)', meaning: 'the smallest', least: 1, apply: Math.min },
  max: { usage: 'max(a, b, …)', meaning: 'the largest', least: 1, apply: Math.max },
  round: { usage: 'round(a)', meaning: 'to the nearest whole number, halves upwards', ...one(Math.round) },
  floor: { usage: 'floor(a)', meaning: 'down to a whole number', ...one(Math.floor) },
  ceil: { usage: 'ceil(a)', meaning: 'up to a whole number', ...one(Math.ceil) },
  abs: { usage: 'abs(a)', meaning: 'without its sign', ...one(Math.abs) },
  sqrt: { usage: 'sqrt(a)', meaning: 'the square root', ...one(Math.sqrt) },
  log: { usage: 'log(a)', meaning: 'the natural logarithm', ...one(logOf) },
  exp: { usage: 'exp(a)', meaning: 'e to the power a', ...one(exactExp) },
  pow: { usage: 'pow(a, b)', meaning: 'as `a ** b`', least: 2, most: 2, apply: exactPower },
  if: { usage: 'if(condition, then, else)', meaning: 'one or the other; only that one is computed', least: 3, most: 3 },
};

function one(apply: (value: number) => number) {
  return { least: 1, most: 1, apply };
}
