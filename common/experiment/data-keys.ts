/** Keys of `data` that several sources share. */
import { z } from 'zod';

/** Samples held out of the training split by seed: a count, or a fraction of it below 1. */
export const held = z
  .number()
  .min(0)
  .refine((value) => value < 1 || Number.isInteger(value), 'must be a count, or a fraction below 1');

/** Which part of the training split validates a training on the others. */
export const foldSchema = z
  .strictObject({
    fold: z.int().min(0).describe('which part validates, from 0'),
    of: z.int().min(2, 'must be a whole number from 2: one part validates, the others are trained on'),
    stratified: z.boolean().default(true).describe('whether every part has its share of each class'),
  })
  .refine(({ fold, of }) => fold < of, {
    path: ['fold'],
    error: ({ input }) => `must be below data.validation.of, ${String((input as { of?: unknown }).of)}; the first is 0`,
  });
export type Fold = z.output<typeof foldSchema>;

/** Of what is no number; those have errors of their own. */
export function heldError(others: string) {
  return ({ input }: { input?: unknown }) =>
    typeof input === 'number' ? undefined : `must be a count, a fraction below 1, or such as ${others}`;
}

export const heldOrFold = z.union([held, foldSchema], { error: heldError('{ fold: 0, of: 5 }') });

/** Text that is a number would be taken for a path. */
export const heldOrPath = z.union([
  held,
  z
    .string()
    .min(1)
    .refine((text) => !Number.isFinite(Number(text)), {
      message: 'must be a number without quotes, or a path',
      params: { wanted: 'number' },
    }),
]);

export const heldOrPathOrFold = z.union([...heldOrPath.options, foldSchema], {
  error: ({ input }) =>
    typeof input === 'object'
      ? 'must be a count, a fraction below 1, a path, or such as { fold: 0, of: 5 }'
      : undefined,
});

export const splitSeed = z
  .int()
  .min(0)
  .optional()
  .describe('what samples are held out by; unless given `seed`, so that trainings by other seeds have other splits');

export const path = z
  .string()
  .min(1)
  .describe(
    'a folder, or for `csv`, `npy` (the inputs) and `npz` a file: relative to the experiment file, `https://…`, or `s3://bucket/prefix`',
  );
export const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits, in lower case')
  .optional()
  .describe('of the file or archive that `path` names: any other is refused');
export const sourceMeaning = '`idx`, `cifar10`, `images`, `csv`, `npy` or `npz`';
export const validationMeaning =
  'samples held out of the training split by seed: a count, a fraction below 1, or the fold of a cross-validation, such as `{ fold: 0, of: 5 }`; for `images` and `csv` also a path, for `npy` and `npz` also what has its samples';
export const testMeaning =
  'likewise, for sources without a test split of their own; held out before validation, so that changing `validation` leaves it as it is';
export const shape = z
  .array(z.int().positive())
  .min(1)
  .max(3)
  .optional()
  .describe(
    'of one sample, such as `[8, 8, 1]`: height, width, channels; without it a vector, or for `npy` and `npz` what the array says',
  );
export const regression = z.boolean().default(false).describe('the label is a number to predict, not a class');
