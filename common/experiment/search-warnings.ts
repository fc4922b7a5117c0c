/** What a search may say, and hardly ever means: exponents in place of values, and learning rates above 1. */
import { dotted } from './described.js';
import type { Search } from './search-schema.js';
import { allParameters, isDistribution, optionsOf, parametersOfSpace, type TreeParameter } from './space-tree.js';

/** `value` is the whole experiment, which tells what parameters are used for. A line for each. */
export function searchWarnings(value: unknown, { space }: Search): string[] {
  const rates = learningRates(value);
  return allParameters(parametersOfSpace(space)).flatMap((parameter) => {
    const isRate = isLearningRate(parameter, rates);
    const warning = exponents(parameter, isRate) ?? (isRate ? aboveOne(parameter) : undefined);
    return warning === undefined ? [] : [`${dotted(['search', 'space', ...parameter.path])}: ${warning}`];
  });
}

/** `uniform: [-5, -1]`, and for a learning rate any number below 0. */
function exponents({ distribution }: TreeParameter, isRate: boolean): string | undefined {
  const bounds = boundsOf(distribution);
  if (bounds === undefined) {
    const exponent = numbersOf(distribution).find((each) => isExponent(each));
    return isRate && exponent !== undefined ? looks(exponent, `1e${exponent}`) : undefined;
  }
  const [low, high] = bounds;
  if (isExponent(low) && (isExponent(high) || high === 0)) {
    return looks(`[${low}, ${high}]`, `{ logUniform: [1e${low}, 1e${high}] }`);
  }
  return undefined;
}

function looks(found: unknown, write: string): string {
  return `${String(found)} looks like exponents of 10; values are real values, write ${write} if it is one`;
}

function aboveOne({ distribution }: TreeParameter): string | undefined {
  const most = Math.max(...numbersOf(distribution));
  return most > 1
    ? `a learning rate of ${most} is above 1, with which hardly anything trains; is it meant?`
    : undefined;
}

/** From -1 to -12. */
function isExponent(value: number): boolean {
  return Number.isInteger(value) && value <= -1 && value >= -12;
}

function boundsOf(distribution: unknown): [number, number] | undefined {
  if (!isDistribution(distribution)) return undefined;
  const { uniform, int } = distribution as { uniform?: [number, number]; int?: [number, number] };
  return uniform ?? int;
}

/** The ends of a range, a normal distribution's mean, the options of a choice, or the constant. */
function numbersOf(distribution: unknown): number[] {
  if (typeof distribution === 'number') return [distribution];
  if (!isDistribution(distribution)) return [];
  const options = optionsOf(distribution);
  if (options.length > 0) return options.filter((each) => typeof each === 'number');
  const { normal, uniform, logUniform, int, logInt } = distribution as Record<string, [number, number] | undefined>;
  if (normal) return [normal[0]];
  return uniform ?? logUniform ?? int ?? logInt ?? [];
}

/** By its name, by where it stands, or by where the experiment refers to it. */
function isLearningRate({ name, isInline }: TreeParameter, rates: ReadonlySet<string>): boolean {
  if (isInline) return name.endsWith('.learningRate');
  return rates.has(name) || /^(?:lr|learning_?rate)$/i.test(name);
}

/** The parameters that stand as `learningRate: $name`. */
function learningRates(value: unknown): Set<string> {
  if (typeof value !== 'object' || value === null) return new Set();
  const names = Object.entries(value).flatMap(([key, member]) => {
    const name =
      key === 'learningRate' && typeof member === 'string' ? /^\$([A-Za-z_]\w*)$/.exec(member)?.[1] : undefined;
    return name === undefined ? [...learningRates(member)] : [name];
  });
  return new Set(names);
}
