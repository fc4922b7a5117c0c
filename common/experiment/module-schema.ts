/**
 * What an experiment says of its module: the module itself, and the places where something of it may stand. Which names
 * it exports is not known here; that is checked once it is loaded (worker/module/used-names.ts).
 */
import { z } from 'zod';
import { lineOf } from './layer-problem.js';
import { held, sha256, heldOrFold, splitSeed } from './data-keys.js';
import { layerProblems } from './layer-schema.js';

const options = z.record(z.string(), z.unknown());
const file = z.string().min(1);

/** A path; with options; or, as a run stores it, the SHA-256 of the bundle and the name that it is spoken of by. */
export const moduleSchema = z.union(
  [
    file.transform((path) => ({ file: path, options: {} as Record<string, unknown> })),
    z.strictObject({ file, options: options.default({}).describe('what the function in `defineModule` is given') }),
    z.strictObject({
      sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
      name: file,
      options: options.default({}),
    }),
  ],
  { error: 'must be a path such as ./my-module.ts, or such as { file: ./my-module.ts, options: { width: 8 } }' },
);

/** A module that is stored as a bundle. */
export type StoredModule = Extract<z.output<typeof moduleSchema>, { sha256: string }>;

/** Read by the module's `dataSource`. */
export const moduleDataSchema = z.strictObject({
  source: z.literal('module'),
  path: z.string().default('').describe('given to the data source; relative to the experiment file'),
  sha256,
  validation: heldOrFold.default(0),
  test: held.optional(),
  seed: splitSeed,
});

export const moduleLayerListSchema = z.array(z.unknown()).superRefine((model, context) => {
  for (const layer of layerProblems(model, { custom: true })) {
    context.addIssue({ code: 'custom', message: lineOf(layer), params: { layer } });
  }
});

const name = z.string().regex(/^[A-Za-z]\w*$/, 'must be the name of an augmentation');

/** The built-in ones, and `- noise: { deviation: 0.1 }` or `- noise`, which is stored as { module: noise, options }. */
export function moduleAugmentSchema<BuiltIn extends z.ZodUnion<readonly z.ZodObject[]>>(builtIn: BuiltIn) {
  const taken = new Set([...builtIn.options.flatMap(({ shape }) => Object.keys(shape)), 'module']);
  const own = name.refine((each) => !taken.has(each));
  return z.union([
    builtIn,
    z.strictObject({ module: name, options: options.default({}) }),
    own.transform((module) => ({ module, options: {} as Record<string, unknown> })),
    z
      .record(own, options.nullable())
      .refine(
        (entry) => Object.keys(entry).length === 1,
        'must be one augmentation, such as { noise: { deviation: 0.1 } }',
      )
      .transform((entry) => {
        const [module = '', given] = Object.entries(entry)[0] ?? [];
        return { module, options: given ?? {} };
      }),
  ]);
}
