/** Importance of parameters, on functions of which the answer is known. */
import { describe, expect, it } from 'vitest';
import { CounterRandom, Purpose } from '../../common/random.js';
import { parameterAxes } from '../../cli/report/parameter-axis.js';
import { parameterImportance, type Sample } from '../../cli/report/parameter-importance.js';
import type { Distribution } from '../../common/experiment/search-schema.js';
import { trialOf } from './sweep-report-facts.js';

type Columns = Sample['columns'];

function importanceOf(
  space: Record<string, Distribution>,
  trials: number,
  draw: (random: CounterRandom) => Record<string, number | string>,
  valueOf: (columns: Columns, random: CounterRandom) => number,
) {
  const random = new CounterRandom(231, Purpose.test);
  const samples = Array.from({ length: trials }, (_, number) => {
    const columns = draw(random);
    return trialOf({ number, columns, value: valueOf(columns, random) });
  });
  const result = parameterImportance(
    parameterAxes(space, samples),
    samples.map(({ columns, value }) => ({ columns, value: value! })),
  );
  if (result.kind !== 'measured') throw new Error(`importance is ${result.kind}`);
  const by = (name: string) => result.parameters.find((each) => each.name === name)!;
  return { ...result, by };
}

const unit: Distribution = { uniform: [0, 1] };
const three = { a: unit, b: unit, c: unit };
const drawThree = (random: CounterRandom) => ({ a: random.uniform(), b: random.uniform(), c: random.uniform() });
const number = (value: unknown) => value as number;

describe('importance of parameters', () => {
  it('of y = 3 a + b is about 0.9, 0.1 and 0', () => {
    // Variance of a uniform number is 1/12: 9/12 of a and 1/12 of b, so 0.9 and 0.1 of their sum.
    const { by, parameters, explained } = importanceOf(three, 300, drawThree, ({ a, b }) => 3 * number(a) + number(b));
    expect(parameters.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(Math.abs(by('a').mean - 0.9)).toBeLessThan(0.15);
    expect(Math.abs(by('b').mean - 0.1)).toBeLessThan(0.05);
    expect(Math.abs(by('c').mean)).toBeLessThan(2 * by('c').deviation);
    expect(Math.abs(by('c').mean)).toBeLessThan(0.01);
    expect(by('b').mean).toBeGreaterThan(2 * by('b').deviation);
    expect(explained.mean).toBeGreaterThan(0.9);
  });
  it('debug', () => {
    for (const n of [10, 20, 40, 100, 300, 2000, 10000]) {
      const t = performance.now();
      const r = importanceOf(three, n, drawThree, ({ a, b }) => 3 * number(a) + number(b));
      console.log(n, performance.now() - t, JSON.stringify(r));
    }
    for (const n of [10, 20, 40, 100, 300]) {
      const r = importanceOf(three, n, drawThree, (_, random) => random.uniform());
      console.log(n, 'noise', JSON.stringify(r));
    }
  });
});
