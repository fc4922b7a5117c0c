/** Importance of parameters, on functions of which the answer is known. */
import { describe, expect, it } from 'vitest';
import { CounterRandom, Purpose } from '../../common/random.js';
import type { Distribution } from '../../common/experiment/search-schema.js';
import { parameterAxes } from '../../cli/report/parameter-axis.js';
import { parameterImportance, type Estimate } from '../../cli/report/parameter-importance.js';
import { trialOf } from './sweep-report-facts.js';

type Space = Record<string, Distribution>;
type Draw = (random: CounterRandom) => { columns: Record<string, number | string>; value: number };

function importanceOf(space: Space, trials: number, draw: Draw) {
  const random = new CounterRandom(231, Purpose.test);
  const samples = Array.from({ length: trials }, () => draw(random));
  const rows = samples.map(({ columns, value }, number) => trialOf({ number, columns, value }));
  return parameterImportance(parameterAxes(space, rows), samples);
}

function measuredOf(space: Space, trials: number, draw: Draw) {
  const result = importanceOf(space, trials, draw);
  if (result.kind !== 'measured') throw new Error(`the result is '${result.kind}'`);
  const of = Object.fromEntries(result.parameters.map(({ name, ...estimate }): [string, Estimate] => [name, estimate]));
  return { ...result, of };
}

const unit: Distribution = { uniform: [0, 1] };
const three: Space = { a: unit, b: unit, c: unit };
const threeUniform = (random: CounterRandom) => ({ a: random.uniform(), b: random.uniform(), c: random.uniform() });

describe('importance of parameters', () => {
  it('of y = 3 a + b is about 0.9, 0.1 and 0, and what does not matter cannot be told from 0', () => {
    // The variance of a uniform number is 1/12: 9/12 of 3 a and 1/12 of b, of 10/12 together.
    const { of, parameters, explained } = measuredOf(three, 300, (random) => {
      const columns = threeUniform(random);
      return { columns, value: 3 * columns.a + columns.b };
    });
    expect(parameters.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(Math.abs(of['a']!.mean - 0.9)).toBeLessThan(0.1);
    expect(Math.abs(of['b']!.mean - 0.1)).toBeLessThan(0.03);
    expect(Math.abs(of['c']!.mean)).toBeLessThan(Math.min(0.01, 2 * of['c']!.deviation));
    expect(of['b']!.mean).toBeGreaterThan(2 * of['b']!.deviation);
    expect(explained.mean).toBeGreaterThan(0.9);
  });

  it('counts what parameters do together for both: the total effect of a b is 4/7 each', () => {
    // V = E[a^2] E[b^2] - 1/16 = 1/9 - 1/16 = 7/144; of the total effect of a, E[b^2] Var(a) = 1/36 = 4/144.
    const { of } = measuredOf(three, 600, (random) => {
      const columns = threeUniform(random);
      return { columns, value: columns.a * columns.b };
    });
    expect(Math.abs(of['a']!.mean - 4 / 7)).toBeLessThan(0.1);
    expect(Math.abs(of['b']!.mean - 4 / 7)).toBeLessThan(0.1);
    expect(Math.abs(of['c']!.mean)).toBeLessThan(0.01);
  });

  it('says of noise that the forests explain nothing', () => {
    const { of, explained } = measuredOf(three, 200, (random) => ({
      columns: threeUniform(random),
      value: random.normal(),
    }));
    expect(explained.mean).toBeLessThan(0.1);
    for (const name of ['a', 'b', 'c']) expect(Math.abs(of[name]!.mean)).toBeLessThan(2 * of[name]!.deviation);
  });

  it('sees a category that matters, whatever the order of the names', () => {
    const effects = { relu: 1, tanh: 0, elu: 1, sigmoid: 0 };
    const names = Object.keys(effects) as (keyof typeof effects)[];
    // Effects of 0 and 1 have a variance of 1/4; with a quarter of a uniform number, 1/192, the sum has 49/192.
    const { of, parameters } = measuredOf({ activation: { choice: names }, b: unit, c: unit }, 300, (random) => {
      const activation = names[random.integer(4)]!;
      const { b, c } = threeUniform(random);
      return { columns: { activation, b, c }, value: effects[activation] + b / 4 };
    });
    expect(parameters.map(({ name }) => name)).toEqual(['activation', 'b', 'c']);
    expect(Math.abs(of['activation']!.mean - 48 / 49)).toBeLessThan(0.1);
  });

  it('is the same for a learning rate as for its logarithm', () => {
    const draw = (scale: (exponent: number) => number): Draw => {
      return (random) => {
        const [exponent, b] = [-5 * random.uniform(), random.uniform()];
        return { columns: { rate: scale(exponent), b }, value: (exponent + 2.5) ** 2 + b };
      };
    };
    const asWritten = importanceOf(
      { rate: { logUniform: [1e-5, 1] }, b: unit },
      100,
      draw((exponent) => 10 ** exponent),
    );
    const asLogarithm = importanceOf(
      { rate: { uniform: [-5, 0] }, b: unit },
      100,
      draw((exponent) => exponent),
    );
    expect(asWritten).toEqual(asLogarithm);
  });

  it('gives a conditional parameter its own part, and the choice what hangs on its being there', () => {
    const space: Space = {
      optimizer: { choice: ['adam', 'sgd'] },
      beta: unit,
      other: unit,
    };
    const { of, parameters } = measuredOf(space, 400, (random) => {
      const isAdam = random.uniform() < 0.5;
      const { a: beta, b: other } = threeUniform(random);
      const columns = { optimizer: isAdam ? 'adam' : 'sgd', other, ...(isAdam && { beta }) };
      return { columns, value: isAdam ? 2 + beta : 0 };
    });
    // Var = 1/24 (within adam) + 2.5^2 / 4: of beta 1/24, 0.026 of 1.604.
    expect(parameters.map(({ name }) => name)).toEqual(['optimizer', 'beta', 'other']);
    expect(of['optimizer']!.mean).toBeGreaterThan(0.85);
    expect(Math.abs(of['beta']!.mean - 0.026)).toBeLessThan(0.012);
    expect(Math.abs(of['other']!.mean)).toBeLessThan(0.005);
  });

  it('is equal for equal trials, and of many trials uses a thousand', () => {
    const draw: Draw = (random) => {
      const columns = threeUniform(random);
      return { columns, value: columns.a };
    };
    expect(importanceOf(three, 1500, draw)).toMatchObject({ kind: 'measured', trials: 1000, given: 1500 });
    expect(importanceOf(three, 60, draw)).toEqual(importanceOf(three, 60, draw));
  });

  it('gives no numbers for fewer than ten trials, or where all values are equal', () => {
    const draw: Draw = (random) => ({ columns: threeUniform(random), value: 0.5 });
    expect(importanceOf(three, 9, draw)).toEqual({ kind: 'too few', trials: 9 });
    expect(importanceOf(three, 0, draw)).toEqual({ kind: 'too few', trials: 0 });
    expect(importanceOf(three, 10, draw)).toEqual({ kind: 'all equal', trials: 10 });
  });
});
