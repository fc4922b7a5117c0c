/** The tables of docs/experiment-file.md, made of the schema, and put between the marks that stand there for them. */
import { z } from 'zod';
import { augmentSchemas } from './augment-schema.js';
import { functions } from './expression/functions.js';
import { layerNames, layerSchemas, activationNames } from './layer-schema.js';
import { optionsOf, type Option } from './option.js';
import { dataSchemas, experimentSchema, fullBatchSchemas, optimizerSchemas, rateSchemas } from './schema.js';
import { budgetSchema, crossValidationSchema } from './search-limits-schema.js';
import { scheduleSchema, scheduleSchemas, stoppingSchema, type ScheduleName } from './search-schedule-schema.js';
import { distributionSchemas, searchSchema } from './search-schema.js';
import { transferSchema } from './transfer-schema.js';

/** By the name that its mark has. */
export const referenceTables: Readonly<Record<string, () => string>> = {
  data: dataTable,
  augment: augmentTable,
  layers: layerTable,
  optimizers: optimizerTable,
  rates: rateTable,
  transfer: transferTable,
  train: trainTable,
  search: searchTable,
  distributions: distributionTable,
  schedules: scheduleTable,
  stopping: stoppingTable,
  functions: functionTable,
};

/** The text with every table made anew. Errors: where a mark has no table, or a table no mark. */
export function withTables(text: string): string {
  const missing = new Set(Object.keys(referenceTables));
  const written = text.replaceAll(
    /(<!-- table: (\w+) -->\n)[^]*?(<!-- end -->)/g,
    (_, begin: string, name: string, end) => {
      const rows = referenceTables[name];
      if (!rows || !missing.delete(name)) throw new Error(`there is no table '${name}', or its mark is there twice`);
      return `${begin}\n${rows()}\n\n${end}`;
    },
  );
  if (missing.size > 0) throw new Error(`no mark <!-- table: … --> for ${[...missing].join(', ')}`);
  return written;
}

/** A row for each key, or for each meaning of it. */
function dataTable(): string {
  const sources = Object.entries(dataSchemas).map(([source, schema]) => ({ source, options: optionsOf(schema) }));
  const keyOf = (option: Option) => JSON.stringify([option.name, option.byDefault, option.meaning]);
  const options = new Map(sources.flatMap((each) => each.options.map((option) => [keyOf(option), option])));
  const rows = [...options].map(([key, option]) => {
    const owners = sources.filter((each) => each.options.some((other) => keyOf(other) === key));
    const all = owners.length === sources.length;
    const names = owners.map(({ source }) => source).join(', ');
    return [code(option.name), all ? 'all' : names, defaultOf(option), option.meaning];
  });
  return table(['key', 'for', 'default', 'meaning'], rows);
}

function augmentTable(): string {
  const rows = Object.entries(augmentSchemas).map(([name, schema]) => {
    const options = schema instanceof z.ZodObject ? inOneCell(optionsOf(schema)) : code('horizontal');
    return [code(name), options, schema.description ?? ''];
  });
  return table(['augmentation', 'options, with defaults', 'what it does'], rows);
}

/** Layers with the same options share a row. What every layer takes is not repeated. */
function layerTable(): string {
  const everywhere = new Set(['name', 'trainable', 'rateMultiplier']);
  const rows = new Map<string, string[]>();
  for (const name of layerNames) {
    const given = layerSchemas[name];
    const schema = given instanceof z.ZodPipe ? given.in : given;
    const options =
      'shape' in schema
        ? inOneCell(optionsOf(schema).filter((option) => !everywhere.has(option.name)))
        : `${activationNames.map(code).join(', ')}, as in \`- activation: relu\``;
    rows.set(options, [...(rows.get(options) ?? []), code(name)]);
  }
  const cells = [...rows].map(([options, names]) => [names.join(', '), options]);
  return table(['layer', 'options, with defaults'], cells);
}

function optimizerTable(): string {
  const everywhere = new Set(['schedule', 'warmUp']);
  const rows = Object.entries({ ...optimizerSchemas, ...fullBatchSchemas }).map(([name, schema]) => [
    code(name),
    inOneCell(optionsOf(schema).filter((option) => !everywhere.has(option.name))),
  ]);
  return table(['optimizer', 'options, with defaults'], rows);
}

function rateTable(): string {
  const rows = Object.entries(rateSchemas).map(([name, schema]) => [
    code(name),
    inOneCell(optionsOf(schema)),
    schema.description ?? '',
  ]);
  return table(['schedule', 'options, with defaults', 'the rate of a step'], rows);
}

function trainTable(): string {
  const { train, checkpoint } = experimentSchema.shape;
  const top = optionsOf(experimentSchema).filter(({ name }) => name === 'numerics' || name === 'chunkFloats');
  return keyTable([
    ...within('train', optionsOf(train)),
    ...within('checkpoint', optionsOf(checkpoint.unwrap())),
    ...top,
  ]);
}

function transferTable(): string {
  return keyTable(optionsOf(transferSchema));
}

function searchTable(): string {
  const maps: Record<string, Option[]> = {
    budget: within('budget', optionsOf(budgetSchema)),
    crossValidation: within('crossValidation', optionsOf(crossValidationSchema)),
  };
  return keyTable(optionsOf(searchSchema).flatMap((option) => [option, ...(maps[option.name] ?? [])]));
}

function scheduleTable(): string {
  const rows = scheduleSchema.options.flatMap((branch) =>
    optionsOf(branch).map(({ name, meaning }) => [
      code(name),
      inOneCell(optionsOf(scheduleSchemas[name as ScheduleName])),
      meaning,
    ]),
  );
  return table(['schedule', 'options, with defaults', 'meaning'], rows);
}

function stoppingTable(): string {
  const { shape } = stoppingSchema;
  return keyTable(
    optionsOf(stoppingSchema).flatMap((option) => [
      option,
      ...within(option.name, optionsOf(shape[option.name as keyof typeof shape].unwrap())),
    ]),
  );
}

function keyTable(options: Option[]): string {
  const rows = options.map((option) => [code(option.name), defaultOf(option), option.meaning]);
  return table(['key', 'default', 'meaning'], rows);
}

function within(prefix: string, options: Option[]): Option[] {
  return options.map((option) => ({ ...option, name: `${prefix}.${option.name}` }));
}

function distributionTable(): string {
  const rows = Object.entries(distributionSchemas).map(([name, schema]) => {
    const options = optionsOf(schema);
    const meaning = (wanted: string) => options.find((option) => option.name === wanted)?.meaning ?? 'not there';
    return [code(name), meaning(name), meaning('step')];
  });
  return table(['distribution', 'a value is', 'with `step`'], rows);
}

function functionTable(): string {
  const rows = Object.values(functions).map(({ usage, meaning }) => [code(usage), meaning]);
  return table(['function', 'value'], rows);
}

function defaultOf({ isNeeded, byDefault }: Option): string {
  if (isNeeded) return 'needed';
  return byDefault === undefined ? 'none' : code(byDefault);
}

function inOneCell(options: Option[]): string {
  return options
    .map(({ name, byDefault }) => code(byDefault === undefined ? name : `${name}: ${byDefault}`))
    .join(', ');
}

function code(text: string): string {
  return `\`${text}\``;
}

/** Columns padded to one width, as the formatter leaves them. */
function table(head: string[], rows: string[][]): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column]!.length)));
  const line = (cells: string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [line(head), rule, ...rows.map((row) => line(row))].join('\n');
}
