/** Learning-rate schedules at points worked out by hand. */
import { describe, expect, it } from 'vitest';
import { cosineOfPi, exactLog, integerPower } from '../../common/exact-math.js';
import { afterValidation, firstPlateau, type PlateauOptions } from '../../server/plateau.js';
import { type LearningRateSchedule, learningRateAt } from '../../server/schedule.js';

/** Base rate 0.1, 10 steps an epoch, 100 steps. */
const at = (schedule: LearningRateSchedule, step: number) => learningRateAt(schedule, 0.1, step, 10, 100);

describe('learningRateAt', () => {
  it('is constant unless told otherwise', () => {
    expect([0, 50, 99].map((step) => at({}, step))).toEqual([0.1, 0.1, 0.1]);
  });

  it('step: a factor after every so many epochs', () => {
    const schedule = { schedule: { step: { every: 3, factor: 0.5 } } };
    expect([0, 29, 30, 59, 60, 90].map((step) => at(schedule, step))).toEqual([0.1, 0.1, 0.05, 0.05, 0.025, 0.0125]);
  });

  it('exponential: the factor once an epoch, in equal shares of every step', () => {
    const schedule = { schedule: { exponential: { factor: 0.25 } } };
    // 0.1 * 0.25^0.5 = 0.05 after half an epoch
    expect(at(schedule, 0)).toBe(0.1);
    expect(at(schedule, 5)).toBeCloseTo(0.05, 15);
    expect([10, 20].map((step) => at(schedule, step))).toEqual([0.025, 0.00625]);
  });

  it('inverseTime: 1 / (1 + decay times epochs)', () => {
    const schedule = { schedule: { inverseTime: { decay: 2 } } };
    // 0.1 / (1 + 2 * 0.5); 0.1 / (1 + 2 * 2)
    expect([0, 5, 20].map((step) => at(schedule, step))).toEqual([0.1, 0.05, 0.02]);
  });

  it('cosineRestarts: half a cosine over two epochs, and from the rate again', () => {
    const schedule = { schedule: { cosineRestarts: { every: 2, final: 0.2 } } };
    // Half a cycle: 0.1 (0.2 + 0.8 / 2) = 0.06; the last of its 20 steps: 0.1 (0.2 + 0.8 (1 + cos(0.95 pi)) / 2).
    expect([0, 20, 40, 80].map((step) => at(schedule, step))).toEqual([0.1, 0.1, 0.1, 0.1]);
    expect([10, 30, 90].map((step) => at(schedule, step))).toEqual(
      [0.06, 0.06, 0.06].map((rate) => expect.closeTo(rate, 15)),
    );
    expect(at(schedule, 19)).toBeCloseTo(0.1 * (0.2 + 0.4 * (1 + Math.cos(0.95 * Math.PI))), 15);
    expect(at({ ...schedule, warmUp: { steps: 4 } }, 0)).toBeCloseTo(0.025, 15);
  });

  it('linear: a quarter of the way after a quarter of what follows the warm-up', () => {
    const schedule = { schedule: { linear: { final: 0.2 } } };
    // 0.1 (0.2 + 0.8 * 0.75) = 0.08
    expect(at(schedule, 25)).toBeCloseTo(0.08, 15);
    expect([100, 300].map((step) => at(schedule, step))).toEqual([0.1 * 0.2, 0.1 * 0.2]);
    // t = (40 - 20) / 80
    expect(at({ ...schedule, warmUp: { epochs: 2 } }, 40)).toBeCloseTo(0.08, 15);
    expect(at({ ...schedule, warmUp: { epochs: 2 } }, 9)).toBeCloseTo(0.05, 15);
  });

  it('oneCycle: up to the rate itself, then down to its final share', () => {
    const schedule = { schedule: { oneCycle: { rise: 0.41, initial: 0.2, final: 0 } } };
    // The top is step 0.41 * 100 - 1 = 40: half way up 0.1 (0.2 + 0.8 / 2), half way down at 40 + 59 / 2.
    expect([0, 20, 40].map((step) => at(schedule, step))).toEqual(
      [0.02, 0.06, 0.1].map((rate) => expect.closeTo(rate, 15) as number),
    );
    expect((at(schedule, 69) + at(schedule, 70)) / 2).toBeCloseTo(0.05, 6);
    expect(at(schedule, 99)).toBeCloseTo(0, 15);
    expect(at(schedule, 500)).toBeCloseTo(0, 15);
  });

  it('oneCycle without a rise, of one step, or all rise, is a number', () => {
    for (const rise of [0, 1]) {
      for (const total of [1, 2, 100]) {
        for (let step = 0; step < total; step += 1) {
          const rate = learningRateAt(
            { schedule: { oneCycle: { rise, initial: 0.1, final: 0.1 } } },
            1,
            step,
            1,
            total,
          );
          expect(rate).toBeGreaterThan(0.1 - 1e-15);
          expect(rate).toBeLessThanOrEqual(1);
        }
      }
    }
  });

  it('cosine: half way at the middle, its final share at the end and after', () => {
    const schedule = { schedule: { cosine: { final: 0.2 } } };
    // 0.1 (0.2 + 0.8 / 2) = 0.06
    expect(at(schedule, 0)).toBe(0.1);
    expect(at(schedule, 50)).toBeCloseTo(0.06, 15);
    expect(at(schedule, 100)).toBeCloseTo(0.02, 15);
    expect(at(schedule, 500)).toBeCloseTo(0.02, 15);
  });

  it('warm-up rises linearly to the base rate, by steps or by epochs', () => {
    for (const warmUp of [{ steps: 5 }, { epochs: 0.5 }]) {
      const rates = [0, 1, 4, 5].map((step) => at({ warmUp }, step));
      expect(rates.map((rate) => Math.round(rate * 1e6))).toEqual([20_000, 40_000, 100_000, 100_000]);
    }
  });

  it('cosine is drawn over what follows the warm-up', () => {
    const schedule = { schedule: { cosine: { final: 0 } }, warmUp: { epochs: 2 } };
    expect(at(schedule, 9)).toBeCloseTo(0.05, 15);
    expect(at(schedule, 20)).toBe(0.1);
    expect(at(schedule, 60)).toBeCloseTo(0.05, 15);
  });

  it('step and warm-up combine', () => {
    const schedule = { schedule: { step: { every: 1, factor: 0.5 } }, warmUp: { steps: 20 } };
    // At step 14: 0.1 * 15 / 20 * 0.5
    expect(at(schedule, 14)).toBeCloseTo(0.0375, 15);
  });
});

describe('reduceOnPlateau', () => {
  const options: PlateauOptions = { factor: 0.5, patience: 1, minimum: 0.2, threshold: 0.1, cooldown: 1 };
  const factors = (values: (number | null)[], direction: 'minimise' | 'maximise', given = options) => {
    let state = firstPlateau;
    return values.map((value) => (state = afterValidation(state, value, direction, given)).factor);
  };

  // Better than 1 is below 0.9. 0.95 and 0.91 are not: one is let pass, the second is too many, so half the rate. The next
  // one, 0.99, is in the cooldown; two more that are not better, and it is a quarter; then 0.125 would be below the minimum.
  it('two decisions by hand, and a third that the minimum stops', () => {
    const values = [1, 0.95, 0.91, 0.99, 0.99, 0.99, 0.99, 0.99, 0.99];
    expect(factors(values, 'minimise')).toEqual([1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2]);
  });

  it('what is better begins the patience anew; of equals, and of what is not defined, nothing is better', () => {
    // 0.89 is below 0.9; then better is below 0.801.
    expect(factors([1, 0.95, 0.89, 0.81, 0.81], 'minimise')).toEqual([1, 1, 1, 1, 0.5]);
    expect(factors([0.5, 0.5, null], 'maximise')).toEqual([1, 1, 0.5]);
    expect(factors([null, 0.5, 0.56, 0.6, Number.NaN], 'maximise')).toEqual([1, 1, 1, 1, 0.5]);
  });

  it('without patience and cooldown each validation decides', () => {
    const impatient = { ...options, patience: 0, cooldown: 0, minimum: 0 };
    expect(factors([0.5, 0.5, 0.6, 0.6], 'maximise', impatient)).toEqual([1, 0.5, 0.5, 0.25]);
  });
});

describe('exact functions', () => {
  it('agree with the library to a few units in the last place', () => {
    for (let i = 0; i <= 1000; i += 1) {
      const t = i / 1000;
      expect(Math.abs(cosineOfPi(t) - Math.cos(Math.PI * t))).toBeLessThan(4e-16);
      const x = 1e-12 + t ** 3 * 50;
      expect(Math.abs(exactLog(x) - Math.log(x))).toBeLessThan(4e-16 * Math.max(1, Math.abs(Math.log(x))));
      const power = Math.pow(0.999, i * 100);
      expect(Math.abs(integerPower(0.999, i * 100) - power)).toBeLessThan(1e-10 * power);
    }
  });
});
