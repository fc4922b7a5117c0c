/**
 * What a sweep tries: how many trials, the space that each parameter's value is drawn from, how long trials are trained,
 * and what the sweep may cost. Drawing is not done here. A single training does not look at it, except for constants.
 */
import { z } from 'zod';
import { samplerFindings, samplerSchema } from './sampler-schema.js';
import { budgetSchema, crossValidationSchema } from './search-limits-schema.js';
import { scheduleSchema, stoppingSchema } from './search-schedule-schema.js';
import { constraintFindings, spaceFindings } from './space-check.js';
import { branchesOf, type DistributionName } from './space-tree.js';

const range = z.tuple([z.number(), z.number()]);
const wholeRange = z.tuple([z.int(), z.int()]);
const step = z.number().positive().optional();
const wholeStep = z.int().positive().optional();

type Check = z.core.$RefinementCtx<[number, number]>;

function rising([low, high]: [number, number], context: Check): void {
  if (low < high) return;
  const write = low > high ? `; write [${high}, ${low}]` : '; write the value alone, it is a constant';
  context.addIssue({ code: 'custom', message: `must be [low, high] with low below high${write}` });
}

/** Whoever thinks in exponents writes [-4, -2]. */
function risingAboveZero([low, high]: [number, number], context: Check): void {
  if (low > 0) return rising([low, high], context);
  const exponents = Number.isInteger(low) && Number.isInteger(high) && low < high && high <= 0;
  const write = exponents ? `; write [1e${low}, 1e${high}], values are real values` : '';
  context.addIssue({ code: 'custom', message: `must be [low, high] with low above 0${write}` });
}

function spread([, deviation]: [number, number], context: Check): void {
  if (deviation > 0) return;
  context.addIssue({ code: 'custom', message: 'must be [mean, standard deviation] with a deviation above 0' });
}

/** References stand within an option, as in `{ adam: { learningRate: $rate } }`. */
const chosen = z.unknown().refine((value) => !isReference(value), {
  message: 'must be a value; a $reference or a =formula is written where the value is used',
});

/** Is it a `$reference` or a `=formula`? */
export function isReference(value: unknown): boolean {
  return typeof value === 'string' && /^(?:\$[A-Za-z_{]|=)/.test(value);
}

/** The distributions within options; describe-issues.ts words what is wrong with them as it does at the top. */
function wrongWithin(options: unknown[], context: z.core.$RefinementCtx<unknown[]>): void {
  const choice = { name: '', isInline: false, path: [], distribution: { choice: options } };
  for (const { name, isInline, path, distribution } of branchesOf(choice).flat()) {
    if (!isInline && !parameterName.test(name)) {
      context.addIssue({ code: 'custom', path: path.slice(1), message: '', params: { parameterName: true } });
    } else if (!distributionSchema.safeParse(distribution).success) {
      context.addIssue({ code: 'custom', path: path.slice(1), message: '', params: { distribution: true } });
    }
  }
}

/** Each draws a value; with `step`, the value is rounded to a multiple of it, counted from the lower bound. */
export const distributionSchemas = {
  uniform: z.strictObject({
    uniform: range.superRefine(rising).describe('any number from low to high, each equally likely'),
    step: step.describe('only low, low + step, and on, up to high'),
  }),
  logUniform: z.strictObject({
    logUniform: range
      .superRefine(risingAboveZero)
      .describe('a number from low to high whose logarithm is equally likely; for learning rates'),
    step: step.describe('only low, low + step, and on, up to high'),
  }),
  normal: z.strictObject({
    normal: range.superRefine(spread).describe('a number around a mean: [mean, standard deviation]'),
    step: step.describe('only multiples of it'),
  }),
  logNormal: z.strictObject({
    logNormal: range
      .superRefine(spread)
      .describe('a number above 0 whose natural logarithm is normal: [mean, standard deviation] of the logarithm'),
    step: step.describe('only multiples of it'),
  }),
  int: z.strictObject({
    int: wholeRange.superRefine(rising).describe('a whole number from low to high, both included'),
    step: wholeStep.describe('only low, low + step, and on, up to high'),
  }),
  logInt: z.strictObject({
    logInt: wholeRange
      .superRefine(risingAboveZero)
      .describe('a whole number from low to high, both included, whose logarithm is about equally likely'),
    step: wholeStep.describe('only low, low + step, and on, up to high'),
  }),
  choice: z.strictObject({
    choice: z
      .array(chosen)
      .min(1)
      .superRefine(wrongWithin)
      .describe('one of these values, each equally likely; a value may be a list or a map, with distributions in it'),
  }),
} as const satisfies Record<DistributionName, z.ZodObject>;

const constantMessage =
  'must be a value, or a map such as { uniform: [0, 1] }; what follows from other parameters is a formula where it is used';

/** A value alone is a constant: also a single training knows it. */
const constantSchema = z.union([
  z.number(),
  z.boolean(),
  z.string().refine((text) => !isReference(text), constantMessage),
]);

export const distributionSchema = z.union([
  constantSchema,
  distributionSchemas.uniform,
  distributionSchemas.logUniform,
  distributionSchemas.normal,
  distributionSchemas.logNormal,
  distributionSchemas.int,
  distributionSchemas.logInt,
  distributionSchemas.choice,
]);
export type Distribution = z.output<typeof distributionSchema>;

export const parameterName = /^[A-Za-z_]\w*$/;

export const searchSchema = z
  .strictObject({
    trials: z.int().positive().describe('trainings, each with values of its own'),
    sampler: samplerSchema.optional().describe('how values are chosen; random without it'),
    space: z
      .record(z.string().regex(parameterName), distributionSchema)
      .describe('what each parameter is drawn from, by its name'),
    constraints: z
      .array(z.string().min(1))
      .optional()
      .describe("formulas that must be true, such as '$batchSize * $width <= 65536'"),
    schedule: scheduleSchema.optional().describe('how long each trial is trained; all in full without it'),
    stopping: stoppingSchema.optional().describe('what stops a trial early, beside the schedule'),
    parallel: z
      .int()
      .positive()
      .optional()
      .describe('trials that run at once, at most; as many as there are workers without it'),
    budget: budgetSchema.optional().describe('what the sweep may take; it ends where any of these is used up'),
    price: z.number().positive().optional().describe('what an hour of a worker costs, in any currency'),
    keep: z.int().positive().default(5).describe('trials, the best, whose weights are kept on disk'),
    retries: z.int().min(0).default(2).describe('how often a trial is tried again after an error that may go away'),
    sameFailures: z
      .int()
      .positive()
      .default(5)
      .describe('so many trials that fail by the same error, one after another or near each other, end the sweep'),
    crossValidation: crossValidationSchema
      .optional()
      .describe('trains and validates every trial several times; it is judged by the mean'),
  })
  .superRefine(({ sampler = 'random', space, constraints = [] }, context) => {
    const found = [
      ...spaceFindings(space).map(({ path, message }) => ({ path: ['space', ...path], message })),
      ...constraintFindings(constraints, space).map(({ path, message }) => ({
        path: ['constraints', ...path],
        message,
      })),
      ...samplerFindings(sampler, space),
    ];
    for (const { path, message } of found) context.addIssue({ code: 'custom', path, message });
  });
export type Search = z.output<typeof searchSchema>;
