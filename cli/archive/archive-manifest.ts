/** The first entry of a sweep's archive: every other file with its size and SHA-256. What it does not list is not unpacked. */
import { z } from 'zod';
import { PolyakError } from '../../common/errors.js';

export const manifestName = 'manifest.json';
export const rowsName = 'rows.jsonl';
const required = [rowsName, 'sweep.json', 'template.json'];
export const manifestBytesMax = 64 << 20;

/** Relative, of plain names alone: nothing leads out of the folder. */
const fileName = z
  .string()
  .max(1000)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/, 'is no relative path of plain names');

const manifestSchema = z.strictObject({
  format: z.literal(1),
  /** Name of its folder. */
  sweep: z.string().regex(/^[a-z0-9][a-z0-9-]{0,80}$/, 'is no name of a sweep'),
  /** Where it lay, so that what the store says of folders can be said anew. */
  directory: z.string(),
  /** Of one whose checkpoints lay in a bucket, the prefix there: they are in the archive. */
  checkpoints: z.string().optional(),
  files: z.array(
    z.strictObject({
      name: fileName,
      bytes: z.int().nonnegative(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});
export type ArchiveManifest = z.output<typeof manifestSchema>;

/** Errors: `data` for what is none. */
export function parseManifest(text: string, file: string): ArchiveManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new PolyakError('data', `${file}: its manifest is no JSON`, { cause: error });
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) {
    const missing = required.find((name) => !parsed.data.files.some((each) => each.name === name));
    if (missing === undefined) return parsed.data;
    throw new PolyakError('data', `${file}: its manifest has no ${missing}, without which there is no sweep`);
  }
  const lines = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new PolyakError('data', `${file}: its manifest is not as it should be: ${lines.slice(0, 5).join('; ')}`);
}
