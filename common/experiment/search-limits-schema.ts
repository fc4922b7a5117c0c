/** What a sweep may cost, and how each of its trials is evaluated: its budget, and cross-validation. */
import { z } from 'zod';
import { secondsOf } from '../duration.js';

const count = z.int().positive();

const time = 'must be a time such as 90s, 30m or 2h, or a number of seconds';

/** Seconds, once it is checked. */
const duration = z
  .union([z.number().positive(time), z.string().refine((text) => secondsOf(text) !== undefined, time)], { error: time })
  .transform((value) => (typeof value === 'string' ? secondsOf(value)! : value));

export const budgetSchema = z.strictObject({
  epochs: count.optional().describe('epochs of all trials together'),
  time: duration
    .optional()
    .describe('how long the sweep runs at most: such as 90s, 30m or 2h, or a number of seconds; pauses do not count'),
  computeTime: duration.optional().describe('likewise, of all workers together'),
  failedTrials: z.int().min(0).optional().describe('trials that may fail; one more ends the sweep'),
});
export type Budget = z.output<typeof budgetSchema>;

export const crossValidationSchema = z
  .strictObject({
    folds: z
      .int()
      .min(2, 'must be a whole number from 2: one fold validates, the others are trained on')
      .optional()
      .describe('parts of the training split, each of which validates a training on the others'),
    repeats: count.optional().describe('how often a trial is trained and validated, each time by other draws'),
    stratified: z.boolean().default(true).describe('whether every fold has its share of each class'),
  })
  .refine(({ folds, repeats = 1 }) => folds !== undefined || repeats > 1, {
    message: 'must have folds, or repeats above 1; write { folds: 5 }',
  });
export type CrossValidation = z.output<typeof crossValidationSchema>;
