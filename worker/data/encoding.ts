/**
 * How the files of a run become samples, beyond shape and classes: what the columns of its table are, with the
 * categories and the values put where one is missing, as the training split had them. It is kept with the run, so that
 * whoever evaluates, predicts or uses an export does the same.
 */
import { z } from 'zod';

const name = z.string();

const columnSchema = z.discriminatedUnion('as', [
  z.object({ name, as: z.literal('number'), fill: z.number().optional() }),
  z.object({ name, as: z.literal('category'), categories: z.array(z.string()), fill: z.string().optional() }),
  z.object({ name, as: z.enum(['ignore', 'label', 'target', 'weight']) }),
]);

export const encodingSchema = z.object({
  /** Of a csv, in the order of the training file; a column without a name has its number, from 1. */
  columns: z.array(columnSchema).optional(),
  /** Numbers to predict of each sample, where there are several. */
  outputs: z.int().positive().optional(),
  /** Of arrays: were they bytes, read as byte / 255, or numbers? */
  values: z.enum(['bytes', 'numbers']).optional(),
});

export type EncodedColumn = z.output<typeof columnSchema>;
export type InputColumn = Extract<EncodedColumn, { as: 'number' | 'category' }>;
export type Encoding = z.output<typeof encodingSchema>;

export function isInput(column: EncodedColumn): column is InputColumn {
  return column.as === 'number' || column.as === 'category';
}

/** Features that a column becomes: a category is one-hot. */
export function widthOf(column: InputColumn): number {
  return column.as === 'number' ? 1 : column.categories.length;
}
