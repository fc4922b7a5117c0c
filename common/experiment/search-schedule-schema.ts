/**
 * How long the trials of a sweep are trained: its schedule, and when a trial is stopped early. Lengths are whole epochs,
 * because a trial is judged by the validation that ends one.
 */
import { z } from 'zod';

const epochs = z.int().positive();

const eta = z
  .int()
  .min(2, 'must be a whole number from 2: one trial in so many goes on')
  .describe('one trial in so many goes on, and for so many times as long');
const rungOptions = {
  minEpochs: epochs
    .default(1)
    .describe('epochs before the first trials are stopped, at least; the last are trained in full'),
};

const roundSchema = z.strictObject({
  trials: z.int().positive().describe('trainings of this round'),
  epochs: epochs.describe('how long each is trained'),
});

const roundsSchema = z
  .array(roundSchema)
  .min(2, 'must be two rounds or more; one alone is a sweep without a schedule')
  .superRefine((rounds, context) => {
    rounds.forEach((round, index) => {
      const before = rounds[index - 1]?.epochs ?? 0;
      if (round.epochs >= before) return;
      const message = `must be ${before} or more, as long as the round before it`;
      context.addIssue({ code: 'custom', path: [index, 'epochs'], message });
    });
  });

export const scheduleSchemas = {
  successiveHalving: z.strictObject({ ...rungOptions, eta: eta.default(3) }),
  hyperband: z.strictObject({ ...rungOptions, eta: eta.default(3) }),
  asha: z.strictObject({ ...rungOptions, eta: eta.default(4) }),
  coarseToFine: z.strictObject({
    rounds: roundsSchema.describe('from many trials of few epochs to few trials of many'),
    quantile: z
      .number()
      .gt(0, 'must be above 0 and at most 1')
      .max(1, 'must be above 0 and at most 1')
      .default(0.25)
      .describe("the next round's ranges lie around this part of a round's trials, the best"),
    widen: z
      .boolean()
      .default(false)
      .describe('whether a range is widened where the best trial lies at its bound; else it is only told'),
  }),
} as const;

export type ScheduleName = keyof typeof scheduleSchemas;

export const scheduleSchema = z.union(
  [
    z.strictObject({
      successiveHalving: scheduleSchemas.successiveHalving.describe(
        'all begin; at each rung the best go on, when all of the rung are there',
      ),
    }),
    z.strictObject({
      hyperband: scheduleSchemas.hyperband.describe(
        'successive halving several times, from many short trials to few long',
      ),
    }),
    z.strictObject({
      asha: scheduleSchemas.asha.describe(
        'successive halving that never waits; its table depends on the order of results, and can be replayed',
      ),
    }),
    z.strictObject({
      coarseToFine: scheduleSchemas.coarseToFine.describe('rounds, each with ranges around the best of the one before'),
    }),
  ],
  { error: `must be a map with one of the keys ${Object.keys(scheduleSchemas).join(', ')}, such as { asha: {} }` },
);
export type Schedule = z.output<typeof scheduleSchema>;

export const stoppingSchema = z.strictObject({
  diverged: z
    .strictObject({
      factor: z
        .number()
        .gt(1, 'must be above 1, the first loss itself')
        .describe('a trial whose training loss is more than so many times its first is stopped'),
    })
    .optional()
    .describe('without it the factor is 3; a loss that is not a number always stops a trial'),
  median: z
    .strictObject({
      fromEpoch: epochs.default(1).describe('not before this epoch has ended'),
      trials: z.int().positive().default(3).describe('not before so many others were evaluated at the same step'),
    })
    .optional()
    .describe("stops a trial whose best is worse than the median of the others' averages so far"),
  threshold: z
    .strictObject({
      fromEpoch: epochs.describe('not before this epoch has ended'),
      value: z.number().describe("the objective's value that a trial must have reached"),
    })
    .optional()
    .describe('stops a trial that is worse than a value'),
  patience: z
    .strictObject({
      epochs: epochs.describe('so many without a better value stop a trial'),
      change: z.number().min(0).default(0).describe('what counts as better: by more than this'),
    })
    .optional()
    .describe('stops a trial that gets no better'),
});
export type Stopping = z.output<typeof stoppingSchema>;
