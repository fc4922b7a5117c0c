/** `source: npy` and `source: npz`: NumPy's arrays, in files of their own or together in one. */
import { z } from 'zod';
import {
  foldSchema,
  held,
  path,
  regression,
  sha256,
  shape,
  sourceMeaning,
  splitSeed,
  testMeaning,
  validationMeaning,
} from './data-keys.js';

const text = z.string().min(1);
const heldOrFiles = z.union([held, z.strictObject({ path: text, label: text })], {
  error: 'must be a count, a fraction below 1, or such as { path: x_test.npy, label: y_test.npy }',
});
const heldOrArrays = z.union([held, z.strictObject({ inputs: text, label: text })], {
  error: 'must be a count, a fraction below 1, or such as { inputs: x_test, label: y_test }',
});
const heldOrFilesOrFold = z.union([...heldOrFiles.options, foldSchema], {
  error:
    'must be a count, a fraction below 1, or such as { path: x_test.npy, label: y_test.npy } or { fold: 0, of: 5 }',
});
const heldOrArraysOrFold = z.union([...heldOrArrays.options, foldSchema], {
  error: 'must be a count, a fraction below 1, or such as { inputs: x_test, label: y_test } or { fold: 0, of: 5 }',
});

export const npySchema = z.strictObject({
  source: z.literal('npy').describe(sourceMeaning),
  path,
  sha256,
  label: text.describe('the file of labels, class numbers [count]; for regression [count] or [count, outputs]'),
  validation: heldOrFilesOrFold.default(0).describe(validationMeaning),
  test: heldOrFiles.optional().describe(testMeaning),
  seed: splitSeed,
  shape,
  regression,
  sampleWeight: text.optional().describe('the file of what each training sample counts in the loss, [count]'),
});
export type NpyData = z.output<typeof npySchema>;

export const npzSchema = z.strictObject({
  source: z.literal('npz').describe(sourceMeaning),
  path,
  sha256,
  inputs: text.default('x_train').describe('the array of samples, [count, …]'),
  label: text
    .default('y_train')
    .describe('the array of labels, class numbers [count]; for regression [count] or [count, outputs]'),
  validation: heldOrArraysOrFold.default(0).describe(validationMeaning),
  test: heldOrArrays.optional().describe(testMeaning),
  seed: splitSeed,
  shape,
  regression,
  sampleWeight: text.optional().describe('the array of what each training sample counts in the loss, [count]'),
});
export type NpzData = z.output<typeof npzSchema>;
