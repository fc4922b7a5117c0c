/** The keys of the experiment schema, by place: for the lists in messages, and for `did you mean`. */
import { z } from 'zod';
import { valueAt } from './described.js';
import { layerSchemas, nestedLayers } from './layer-schema.js';
import { experimentSchema, layerListSchema } from './schema.js';

const layerEntry = z.strictObject(layerSchemas);

/** The keys that the map at the path may have; of a union, those of all its branches. */
export function keysAt(path: PropertyKey[], root: unknown): string[] {
  const value = valueAt(root, path);
  return [...new Set(schemasAt(path).flatMap((schema) => ownKeys(schema, value)))];
}

function schemasAt(path: PropertyKey[]): z.core.$ZodType[] {
  const root: z.core.$ZodType[] = [experimentSchema];
  return path.reduce((schemas, part) => schemas.flatMap((schema) => childOf(schema, part)), root);
}

/** Those of the keys at the path that have no default. */
export function neededKeysAt(path: PropertyKey[]): string[] {
  const needed = schemasAt(path)
    .flatMap((schema) => objectsOf(schema))
    .flatMap(({ shape }) =>
      Object.entries(shape).flatMap(([key, child]) => (z.safeParse(child, undefined).success ? [] : [key])),
    );
  return [...new Set(needed)];
}

/** Every key of the schema with the places where it stands, such as `epochs` with `train.epochs`. */
export function allKeys(schema: z.core.$ZodType = experimentSchema, prefix = ''): { key: string; path: string }[] {
  return objectsOf(schema).flatMap(({ shape }) =>
    Object.entries(shape).flatMap(([key, child]) => [
      { key, path: `${prefix}${key}` },
      ...allKeys(child, `${prefix}${key}.`),
    ]),
  );
}

/** Of a union that one key decides, only the branch that the value is for counts. */
function ownKeys(schema: z.core.$ZodType, value: unknown): string[] {
  const objects = objectsOf(schema);
  const key = schema instanceof z.ZodDiscriminatedUnion ? schema.def.discriminator : undefined;
  const decided = objects.filter(
    ({ shape }) => key !== undefined && shape[key].safeParse((value as Record<string, unknown>)[key]).success,
  );
  return (decided.length > 0 ? decided : objects).flatMap(({ shape }) => Object.keys(shape));
}

function childOf(schema: z.core.$ZodType, part: PropertyKey): z.core.$ZodType[] {
  if (typeof part === 'number') return arraysOf(schema);
  const records = branchesOf(schema).flatMap((branch) => (branch instanceof z.ZodRecord ? [branch.valueType] : []));
  return [...records, ...objectsOf(schema).flatMap(({ shape }) => shape[String(part)] ?? [])];
}

function objectsOf(schema: z.core.$ZodType): z.ZodObject[] {
  return branchesOf(schema).filter((branch): branch is z.ZodObject => branch instanceof z.ZodObject);
}

function arraysOf(schema: z.core.$ZodType): z.core.$ZodType[] {
  return branchesOf(schema).flatMap((branch) => {
    if (branch === layerListSchema || branch === nestedLayers) return [layerEntry];
    return branch instanceof z.ZodArray ? [branch.element] : [];
  });
}

/** The schema without defaults and transforms; of a union, its branches. */
function branchesOf(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(branchesOf);
  if (schema instanceof z.ZodPipe) return branchesOf(schema.in);
  const wrapped =
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable;
  return wrapped ? branchesOf(schema.unwrap()) : [schema];
}
