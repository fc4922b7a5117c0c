/** Reads an experiment file: YAML, overrides, schema, cross-checks. Every error names its place and what would be right. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { isMap } from 'yaml';
import { PolyakError } from '../errors.js';
import { crossCheck } from './cross-check.js';
import { describeIssues, dotted, type Described } from './describe-issues.js';
import { ExperimentText } from './experiment-text.js';
import { experimentSchema, type Experiment, type ExperimentInput } from './schema.js';
import { isUnder, searchReferences } from './search-reference.js';

const fileBytesMax = 1 << 20;

/**
 * `overrides` are such as `optimizer.adam.learningRate=3e-4`. Errors: `usage`, a line for each thing that is wrong:
 * file, line, column, key, value, and what would be right.
 */
export async function loadExperiment(file: string, overrides: string[] = []): Promise<Experiment> {
  const info = await stat(file).catch(() => undefined);
  if (!info) throw new PolyakError('usage', `experiment file '${file}' does not exist (looked in ${resolve()})`);
  if (!info.isFile()) throw new PolyakError('usage', `experiment file '${file}' is a folder`);
  if (info.size > fileBytesMax) {
    throw new PolyakError('usage', `${file}: has ${info.size} bytes, the most is ${fileBytesMax}`);
  }
  return parseExperiment(decode(await readFile(file), file), file, overrides);
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new PolyakError('usage', `${file}: is no text in UTF-8, an experiment is a YAML file`, { cause: error });
  }
}

/** As loadExperiment, from text. Relative paths count from the folder of `file`. */
export function parseExperiment(text: string, file: string, overrides: string[] = []): Experiment {
  const source = new ExperimentText(text, file);
  if (!isMap(source.document.contents)) {
    throw new PolyakError('usage', `${file}: must be a map of keys such as 'name:' and 'data:'`);
  }
  for (const override of overrides) source.override(override);
  return check(source.value(), dirname(resolve(file)), source);
}

/** A typed experiment in TypeScript; the same checks as for a file. Relative paths count from the working folder. */
export function defineExperiment(input: ExperimentInput): Experiment {
  return check(input, resolve());
}

/** The experiment as JSON whose keys are in one order, so that equal experiments are equal text. */
export function canonicalExperiment(experiment: Experiment): string {
  return JSON.stringify(sortKeys(experiment));
}

function check(value: unknown, folder: string, source?: ExperimentText): Experiment {
  const result = experimentSchema.safeParse(value);
  const references = searchReferences(value);
  const described = result.success
    ? describeCross(result.data)
    : describeIssues(result.error.issues, value, (path) => source?.digits(path));
  const others = described.filter(({ path }) => !references.some((reference) => isUnder(path, reference.path)));
  const findings = [...references, ...others];
  if (!result.success || findings.length > 0) throw new PolyakError('usage', linesOf(findings, source).join('\n'));
  return resolvePaths(result.data, folder);
}

/** In the order of the file, where there is one. */
function linesOf(findings: Described[], source?: ExperimentText): string[] {
  if (!source) return findings.map(({ message }) => message);
  return findings
    .toSorted((left, right) => source.offset(left.path) - source.offset(right.path))
    .map(({ path, message }) => `${source.position(path)}: ${message}`);
}

function describeCross(experiment: Experiment): Described[] {
  return crossCheck(experiment).map(({ path, message }) => ({ path, message: `${dotted(path)}: ${message}` }));
}

function resolvePaths(experiment: Experiment, folder: string): Experiment {
  const { data, model } = experiment;
  const absolute = <Value>(path: Value) =>
    typeof path === 'string' && !isAbsolute(path) ? (resolve(folder, path) as Value & string) : path;
  const path = absolute(data.path);
  return {
    ...experiment,
    data:
      data.source === 'images' || data.source === 'csv'
        ? { ...data, path, validation: absolute(data.validation), test: absolute(data.test) }
        : { ...data, path },
    model: 'file' in model ? { file: absolute(model.file) } : model,
  };
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sortKeys(member)]));
}
