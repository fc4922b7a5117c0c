/** Learning-rate schedules against PyTorch's schedulers; schedules.py made the numbers. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { rateSchemas } from '../../common/experiment/schema.js';
import { learningRateAt, type LearningRateSchedule } from '../../server/schedule.js';

type Case = LearningRateSchedule & { name: string; rates: number[] };

const { cases } = JSON.parse(readFileSync(new URL('schedules.json', import.meta.url), 'utf8')) as { cases: Case[] };

it.each(cases)('$name has the rates of PyTorch at 100 steps, to 1e-12 relative', ({ schedule, warmUp, rates }) => {
  const worst = rates.map((rate, step) => {
    const ours = learningRateAt({ ...(schedule && { schedule }), ...(warmUp && { warmUp }) }, 0.1, step, 10, 100);
    return Math.abs(ours - rate) / rate;
  });
  expect(rates.length).toBe(100);
  expect(Math.max(...worst)).toBeLessThan(1e-12);
});

it('every schedule that there is has its numbers', () => {
  const tried = new Set(cases.flatMap(({ schedule }) => Object.keys(schedule ?? {})));
  expect(Object.keys(rateSchemas).filter((name) => !tried.has(name))).toEqual([]);
});
