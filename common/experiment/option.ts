/** The options of a map in the schema, as a reader sees them: name, default, meaning. */
import { z } from 'zod';

export interface Option {
  name: string;
  isNeeded: boolean;
  /** As YAML, where there is one. */
  byDefault?: string;
  meaning: string;
}

/** Those that are needed first, else in the order of the schema. */
export function optionsOf({ shape }: z.ZodObject): Option[] {
  const options = Object.entries(shape).map(([name, schema]) => optionOf(name, schema as z.ZodType));
  return [...options.filter(({ isNeeded }) => isNeeded), ...options.filter(({ isNeeded }) => !isNeeded)];
}

function optionOf(name: string, schema: z.ZodType): Option {
  const byDefault = schema instanceof z.ZodDefault ? written(schema.def.defaultValue) : undefined;
  const isNeeded = !schema.safeParse(undefined).success;
  return { name, isNeeded, ...(byDefault !== undefined && { byDefault }), meaning: meaningOf(schema) };
}

function meaningOf(schema: z.ZodType): string {
  if (schema.description !== undefined) return schema.description;
  const isWrapped = schema instanceof z.ZodDefault || schema instanceof z.ZodOptional;
  return isWrapped ? meaningOf(schema.unwrap() as z.ZodType) : '';
}

/** An initializer's default is its name, or one with its options. Small numbers are written as in a file: 1e-8. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const { name, ...options } = value as { name?: string };
    if (name === undefined) return JSON.stringify(value);
    const numbers = Object.entries(options).map(([key, number]) => `${key}: ${written(number)}`);
    return numbers.length === 0 ? name : `{ ${name}: { ${numbers.join(', ')} } }`;
  }
  return typeof value === 'number' && value > 0 && value < 0.01 ? value.toExponential() : String(value);
}
