import { describe, expect, it } from 'vitest';
import { LeaseClock } from '../../server/lead/lease-clock.js';

describe('the deadline of a lease', () => {
  it('is two minutes until two steps are measured, so that a first step has time to load and nothing is waited for without end', () => {
    const clock = new LeaseClock();
    expect(clock.deadlineMs(4, 0)).toBe(120_000);
    clock.measured(2, 0);
    expect(clock.deadlineMs(4, 1)).toBe(240_000);
    clock.measured(2, 1);
    expect(clock.deadlineMs(4, 0)).toBe(3 * 2 * 4 * 1000);
  });

  it('is three times the median per micro-batch, at least a second, and twice as long at each re-issue', () => {
    const clock = new LeaseClock();
    for (const [step, seconds] of [0.001, 0.5, 9].entries()) clock.measured(seconds, step);
    expect(clock.deadlineMs(2, 0)).toBe(3 * 0.5 * 2 * 1000);
    expect(clock.deadlineMs(2, 2)).toBe(4 * 3 * 0.5 * 2 * 1000);
    const fast = new LeaseClock();
    for (const step of [0, 1, 2]) fast.measured(0.001, step);
    expect(fast.deadlineMs(8, 0)).toBe(1000);
  });
});
