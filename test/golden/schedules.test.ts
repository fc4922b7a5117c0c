/** Learning-rate schedules against PyTorch's schedulers; schedules.py made the numbers. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { rateSchemas } from '../../common/experiment/schema.js';
import { afterValidation, firstPlateau, type PlateauOptions } from '../../server/plateau.js';
import { learningRateAt, type LearningRateSchedule } from '../../server/schedule.js';

interface Plateau {
  name: string;
  options: PlateauOptions;
  direction: 'minimise' | 'maximise';
  values: number[];
  rates: number[];
}

type Case = LearningRateSchedule & { name: string; rates: number[] };

const { cases, plateaus } = JSON.parse(readFileSync(new URL('schedules.json', import.meta.url), 'utf8')) as {
  cases: Case[];
  plateaus: Plateau[];
};

it.each(cases)('$name has the rates of PyTorch at 100 steps, to 1e-12 relative', ({ schedule, warmUp, rates }) => {
  const worst = rates.map((rate, step) => {
    const ours = learningRateAt({ ...(schedule && { schedule }), ...(warmUp && { warmUp }) }, 0.1, step, 10, 100);
    return Math.abs(ours - rate) / rate;
  });
  expect(rates.length).toBe(100);
  expect(Math.max(...worst)).toBeLessThan(1e-12);
});

it.each(plateaus)('reduceOnPlateau, $name, has the rates of PyTorch after 60 validations', (each) => {
  let state = firstPlateau;
  for (const [validation, rate] of each.rates.entries()) {
    state = afterValidation(state, each.values[validation]!, each.direction, each.options);
    expect(Math.abs(0.1 * state.factor - rate) / rate, `validation ${validation}`).toBeLessThan(1e-12);
  }
  expect(new Set(each.rates).size).toBeGreaterThan(2);
});

it('every schedule that there is has its numbers', () => {
  const tried = new Set(['reduceOnPlateau', ...cases.flatMap(({ schedule }) => Object.keys(schedule ?? {}))]);
  expect(Object.keys(rateSchemas).filter((name) => !tried.has(name))).toEqual([]);
});
