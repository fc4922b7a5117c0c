/**
 * The experiment of an external sweep, whose trials are run by the user's own processes: what is searched and how trials are
 * judged, nothing of how they are trained.
 */
import { z } from 'zod';
import { PolyakError } from '../errors.js';
import { experimentSchema } from './schema.js';
import { searchSchema } from './search-schema.js';

export const externalSchema = z
  .strictObject({
    name: experimentSchema.shape.name,
    seed: experimentSchema.shape.seed,
    objective: z.strictObject({
      metric: z.string().min(1).describe('what a trial is judged by, in the words of whoever reports it'),
      direction: z.enum(['maximise', 'minimise']).default('minimise').describe('which values are better'),
    }),
    train: z
      .strictObject({ epochs: z.int().positive().describe('reports of a training in full') })
      .prefault({ epochs: 1 }),
    search: searchSchema,
  })
  .superRefine(({ search }, context) => {
    if (search.crossValidation) {
      const message = 'is of trainings on the cluster; a process of your own reports the mean itself';
      context.addIssue({ code: 'custom', path: ['search', 'crossValidation'], message });
    }
  });

/** As a program writes it. */
export type ExternalExperimentInput = z.input<typeof externalSchema>;
export type ExternalExperiment = z.output<typeof externalSchema>;

/** Errors: `usage`, a line for each thing that is wrong. */
export function checkExternal(value: unknown): ExternalExperiment {
  const result = externalSchema.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.map(({ path, message }) => `${path.join('.') || 'experiment'}: ${message}`);
  throw new PolyakError('usage', lines.join('\n'));
}
