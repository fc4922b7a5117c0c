import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { scheduleSchema, stoppingSchema } from '../../common/experiment/search-schedule-schema.js';

function problems(schema: z.ZodType, value: unknown): string[] {
  const flat = (issues: readonly z.core.$ZodIssue[]): string[] =>
    issues.flatMap((issue) =>
      issue.code === 'invalid_union' && issue.errors.length > 0
        ? issue.errors.flatMap(flat)
        : [`${issue.path.join('.')}: ${issue.message}`],
    );
  return flat(schema.safeParse(value).error?.issues ?? []);
}

describe('a schedule of a search', () => {
  it('has the defaults of the papers', () => {
    expect(scheduleSchema.parse({ asha: {} })).toEqual({ asha: { minEpochs: 1, eta: 4 } });
    expect(scheduleSchema.parse({ hyperband: {} })).toEqual({ hyperband: { minEpochs: 1, eta: 3 } });
    const rounds = [
      { trials: 20, epochs: 1 },
      { trials: 5, epochs: 5 },
    ];
    expect(scheduleSchema.parse({ coarseToFine: { rounds } })).toEqual({
      coarseToFine: { rounds, quantile: 0.25, widen: false },
    });
  });

  it('is one of four by its name, and the message lists them', () => {
    for (const wrong of ['asha', { pbt: {} }, { asha: {}, hyperband: {} }]) {
      expect(scheduleSchema.safeParse(wrong).error?.issues[0]?.message).toBe(
        'must be a map with one of the keys successiveHalving, hyperband, asha, coarseToFine, such as { asha: {} }',
      );
    }
  });

  it('needs an eta from 2, at least two rounds, and rounds that get no shorter', () => {
    const own = (value: unknown) => problems(scheduleSchema, value).join('\n');
    expect(own({ asha: { eta: 1 } })).toMatch(/must be a whole number from 2/);
    expect(own({ coarseToFine: { rounds: [{ trials: 5, epochs: 1 }] } })).toMatch(/must be two rounds or more/);
    const shorter = [
      { trials: 5, epochs: 3 },
      { trials: 5, epochs: 2 },
    ];
    expect(own({ coarseToFine: { rounds: shorter } })).toMatch(/rounds\.1\.epochs: must be 3 or more/);
    expect(own({ coarseToFine: { rounds: shorter, quantile: 0 } })).toMatch(/must be above 0 and at most 1/);
  });
});

describe('early stopping of a search', () => {
  it('has several rules at once, each with its defaults', () => {
    expect(stoppingSchema.parse({ median: {}, patience: { epochs: 3 } })).toEqual({
      median: { fromEpoch: 1, trials: 3 },
      patience: { epochs: 3, change: 0 },
    });
  });

  it('refuses a factor that the first loss would pass, and keys it does not know', () => {
    expect(problems(stoppingSchema, { diverged: { factor: 1 } })).toEqual([
      'diverged.factor: must be above 1, the first loss itself',
    ]);
    expect(problems(stoppingSchema, { patience: { epochs: 3, minDelta: 0 } })[0]).toMatch(/Unrecognized key/);
  });
});
