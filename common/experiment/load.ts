/** Reads an experiment file: YAML, overrides, schema, cross-checks. Every error names its place and what would be right. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isMap } from 'yaml';
import { PolyakError } from '../errors.js';
import { check, checkTemplate, type Context } from './check.js';
import { valueAt } from './described.js';
import { ExperimentText } from './experiment-text.js';
import { readParameters } from './parameter-arguments.js';
import type { Parameters } from './parameters.js';
import type { Experiment, ModuleExperimentInput } from './schema.js';
import type { Search } from './search-schema.js';
import { searchWarnings } from './search-warnings.js';
import type { ExperimentInput } from './typed-experiment.js';

const fileBytesMax = 1 << 20;

/** An experiment whose parameters have no values yet; `substitute` gives them some. Plain data, so that it can travel. */
export interface ExperimentTemplate {
  value: unknown;
  /** What relative paths count from. */
  folder: string;
  /** With its defaults. */
  search: Search;
  /** What is allowed and most likely a slip, a line each. */
  warnings: string[];
  /** The text of the list of trials, where the search's sampler is one. */
  list?: string;
}

/**
 * `overrides` are such as `optimizer.adam.learningRate=3e-4`, and `params`, such as `rate=3e-4`, give the file's
 * parameters their values. Errors: `usage`, a line for each thing that is wrong: file, line, column, key, value, and
 * what would be right.
 */
export async function loadExperiment(
  file: string,
  overrides: string[] = [],
  params: string[] = [],
): Promise<Experiment> {
  return parseExperiment(await readText(file), file, overrides, params);
}

/** For a sweep: the experiment with its parameters still open. Errors: as loadExperiment. */
export async function loadTemplate(file: string, overrides: string[] = []): Promise<ExperimentTemplate> {
  return await withList(parseTemplate(await readText(file), file, overrides));
}

/** As loadTemplate; nothing where the experiment has no `search`. */
export async function findTemplate(file: string, overrides: string[] = []): Promise<ExperimentTemplate | undefined> {
  const text = await readText(file);
  const search = valueAt(readSource(text, file, overrides).value(), ['search']);
  return search === undefined ? undefined : await withList(parseTemplate(text, file, overrides));
}

async function withList(template: ExperimentTemplate): Promise<ExperimentTemplate> {
  const { sampler } = template.search;
  if (typeof sampler !== 'object' || !('list' in sampler)) return template;
  return { ...template, list: await readText(resolve(template.folder, sampler.list), 'the list of trials') };
}

async function readText(file: string, what = 'experiment file'): Promise<string> {
  const info = await stat(file).catch(() => undefined);
  if (!info) throw new PolyakError('usage', `${what} '${file}' does not exist (looked in ${resolve()})`);
  if (!info.isFile()) throw new PolyakError('usage', `${what} '${file}' is a folder`);
  if (info.size > fileBytesMax) {
    throw new PolyakError('usage', `${file}: has ${info.size} bytes, the most is ${fileBytesMax}`);
  }
  return decode(await readFile(file), file);
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new PolyakError('usage', `${file}: is no text in UTF-8, an experiment is a YAML file`, { cause: error });
  }
}

/** As loadExperiment, from text. Relative paths count from the folder of `file`. */
export function parseExperiment(
  text: string,
  file: string,
  overrides: string[] = [],
  params: string[] = [],
): Experiment {
  const source = readSource(text, file, overrides);
  return check(source.value(), { folder: dirname(resolve(file)), source, given: readParameters(params) });
}

/** As loadTemplate, from text. Errors: `usage`, also where there is no `search`. */
export function parseTemplate(text: string, file: string, overrides: string[] = []): ExperimentTemplate {
  const source = readSource(text, file, overrides);
  return checkedTemplate(source.value(), { folder: dirname(resolve(file)), source });
}

/**
 * As parseTemplate, of a value that is there already, such as one that has travelled as JSON. Reads no file. Errors:
 * `usage`.
 */
export function templateOf(value: unknown, folder = resolve()): ExperimentTemplate {
  return checkedTemplate(value, { folder });
}

function checkedTemplate(value: unknown, context: Context): ExperimentTemplate {
  const search = checkTemplate(value, context);
  return { value, folder: context.folder, search, warnings: searchWarnings(value, search) };
}

function readSource(text: string, file: string, overrides: string[]): ExperimentText {
  const source = new ExperimentText(text, file);
  if (!isMap(source.document.contents)) {
    throw new PolyakError('usage', `${file}: must be a map of keys such as 'name:' and 'data:'`);
  }
  for (const override of overrides) source.override(override);
  return source;
}

/**
 * A typed experiment in TypeScript; the same checks as for a file. `parameters` are the values of what it refers to as
 * `$name`. A reference to a parameter that neither they nor `search.space` name does not compile. Relative paths count from
 * the working folder. Errors: `usage`, a line for each thing that is wrong.
 */
export function defineExperiment<Space extends string = never, Given extends string = never>(
  input: ExperimentInput<Space, Given>,
  parameters?: { readonly [Name in Given]: unknown },
): Experiment {
  return check(input, { folder: resolve(), given: { values: { ...parameters }, origins: {} } });
}

/**
 * A typed experiment whose parameters stay open, for `sweep`. The same checks as for a file, as far as they do not wait for a
 * parameter. Errors: `usage`, a line for each thing that is wrong.
 */
export function defineSweep<Space extends string = never>(
  input: ExperimentInput<Space> & { search: object },
): ExperimentTemplate {
  return templateOf(input);
}

/** As defineExperiment, for one with a module: `module`, and names of its own, may stand where the module's parts do. */
export function defineModuleExperiment(input: ModuleExperimentInput, parameters: Parameters = {}): Experiment {
  return check(input, { folder: resolve(), given: { values: parameters, origins: {} } });
}

/**
 * The experiment of one trial: the template's value with the parameters' values in it, and without `search`. Errors:
 * `usage`, where the result is no right experiment.
 */
export function substitute(value: unknown, parameters: Parameters, folder = resolve()): Experiment {
  const { search: _, ...experiment } = check(value, { folder, given: { values: parameters, origins: {} } });
  return experiment;
}

/** The experiment as JSON whose keys are in one order, so that equal experiments are equal text. */
export function canonicalExperiment(experiment: Experiment): string {
  return JSON.stringify(sortKeys(experiment));
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sortKeys(member)]));
}
