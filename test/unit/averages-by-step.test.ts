import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AveragesByStep } from '../../coordinator/search/averages-by-step.js';

it("the median of the other trials' averages is the one of a sorted list without the trial's own", () => {
  const values = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 2, maxLength: 12 });
  fc.assert(
    fc.property(values, fc.nat(), (averages, choice) => {
      const byStep = new AveragesByStep();
      for (const average of averages) byStep.add(5, average);
      const own = choice % averages.length;
      const others = averages.filter((_, index) => index !== own).toSorted((left, right) => left - right);
      const upper = others[Math.floor(others.length / 2)]!;
      const lower = others[Math.ceil(others.length / 2) - 1]!;
      const expected = { median: (lower + upper) / 2, others: others.length };
      expect(byStep.medianOfOthers(5, averages[own]!)).toEqual(expected);
      expect(byStep.medianOfOthers(6, averages[own]!)).toBeUndefined();
    }),
  );
});

it('one trial alone has no others to be compared with', () => {
  const byStep = new AveragesByStep();
  byStep.add(1, 0.5);
  expect(byStep.medianOfOthers(1, 0.5)).toBeUndefined();
});
