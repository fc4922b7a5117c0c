/** `source: csv`: what the columns of a table are, and what is put where a value is missing. */
import { z } from 'zod';
import {
  heldOrPath,
  heldOrPathOrFold,
  path,
  regression,
  sha256,
  shape,
  sourceMeaning,
  splitSeed,
  testMeaning,
  validationMeaning,
} from './data-keys.js';

/** By its name, or by its number where columns have none: YAML's number becomes the text of it. */
const column = z
  .union([z.string().min(1), z.int().positive()], {
    error: 'must be a column by its name, or by its number from 1',
  })
  .transform(String);

/** A category may look like a number; in the file it is text. */
const category = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const columnKind = z.union(
  [z.enum(['number', 'category', 'ignore']), z.strictObject({ category: z.array(category).min(1) })],
  { error: 'must be number, category, ignore, or such as { category: [red, green] }' },
);
export type ColumnKind = z.output<typeof columnKind>;

const replacement = z.union(
  [
    z.enum(['mean', 'median', 'mostFrequent']),
    z.strictObject({ constant: z.union([z.number(), z.string()], { error: 'must be a number or a category' }) }),
  ],
  { error: 'must be mean, median, mostFrequent, or such as { constant: 0 }' },
);
export type Replacement = z.output<typeof replacement>;

export const csvSchema = z.strictObject({
  source: z.literal('csv').describe(sourceMeaning),
  path,
  sha256,
  validation: heldOrPathOrFold.default(0).describe(validationMeaning),
  test: heldOrPath.optional().describe(testMeaning),
  seed: splitSeed,
  label: column.default('last').describe("the label's column by its name, or by its number from 1, or `last`"),
  header: z.boolean().default(true).describe('whether the first line names the columns'),
  shape,
  regression,
  targets: z
    .array(column)
    .min(1)
    .optional()
    .describe('columns of numbers to predict, instead of `label`; the model has an output for each'),
  columns: z
    .record(z.string(), columnKind)
    .optional()
    .describe('what columns are, by name or number: `number` (what is not named is one), `category` or `ignore`'),
  missing: z
    .record(z.string(), replacement)
    .optional()
    .describe(
      'what is put where a column has no value: `mean`, `median` or `mostFrequent` of the training split, or `{ constant: 0 }`',
    ),
  sampleWeight: column.optional().describe('the column of what each training sample counts in the loss'),
});
export type CsvData = z.output<typeof csvSchema>;
