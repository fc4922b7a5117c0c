/** Reads an experiment file: YAML, overrides, schema, cross-checks. Every error names its path and what would be right. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { LineCounter, isMap, isNode, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { PolyakError } from '../errors.js';
import { crossCheck, experimentSchema, type Experiment, type ExperimentInput } from './schema.js';
import { suggest } from './suggest.js';

const fileBytesMax = 1 << 20;

/** Errors: `usage`, listing everything that is wrong with the file. */
export async function loadExperiment(file: string, overrides: string[] = []): Promise<Experiment> {
  if (!existsSync(file)) throw new PolyakError('usage', `experiment file '${file}' does not exist (looked in ${resolve()})`);
  const text = await readFile(file, 'utf8');
  if (text.length > fileBytesMax) throw new PolyakError('usage', `${file}: has ${text.length} bytes, the most is ${fileBytesMax}`);
  return parseExperiment(text, file, overrides);
}

/** Relative data paths count from the file's folder. */
export function parseExperiment(text: string, file: string, overrides: string[] = []): Experiment {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const syntax = document.errors.map((error) => `${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`);
  if (syntax.length > 0) throw new PolyakError('usage', syntax.join('\n'));
  if (!isMap(document.contents)) throw new PolyakError('usage', `${file}: must be a map of keys such as 'name:' and 'data:'`);
  for (const override of overrides) applyOverride(document, override);
  const value: unknown = document.toJS();
  const where = (path: PropertyKey[]) => position(document, lines, path, file);
  const result = experimentSchema.safeParse(value);
  if (!result.success) {
    const messages = result.error.issues.flatMap((issue) => describe(issue, value));
    throw new PolyakError('usage', messages.map(({ path, message }) => `${where(path)}: ${message}`).join('\n'));
  }
  const findings = crossCheck(result.data);
  if (findings.length > 0) {
    const messages = findings.map(({ path, message }) => `${where(path.split('.'))}: ${path}: ${message}`);
    throw new PolyakError('usage', messages.join('\n'));
  }
  return resolvePaths(result.data, dirname(resolve(file)));
}

/** A typed experiment in TypeScript; the same checks as for a file. */
export function defineExperiment(input: ExperimentInput): Experiment {
  const result = experimentSchema.safeParse(input);
  const messages = result.success
    ? crossCheck(result.data).map(({ path, message }) => `${path}: ${message}`)
    : result.error.issues.flatMap((issue) => describe(issue, input)).map(({ message }) => message);
  if (!result.success || messages.length > 0) throw new PolyakError('usage', messages.join('\n'));
  return resolvePaths(result.data, resolve());
}

/** The experiment as JSON whose keys are in one order, so that equal experiments are equal text. */
export function canonicalExperiment(experiment: Experiment): string {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(([, member]) => member !== undefined);
    return Object.fromEntries(entries.toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([key, member]) => [key, sorted(member)]));
  };
  return JSON.stringify(sorted(experiment));
}

function resolvePaths(experiment: Experiment, folder: string): Experiment {
  const absolute = (path: string) => (isAbsolute(path) ? path : resolve(folder, path));
  const { data, model } = experiment;
  return {
    ...experiment,
    data: {
      ...data,
      path: absolute(data.path),
      ...(typeof data.test === 'string' ? { test: absolute(data.test) } : {}),
      ...(typeof data.validation === 'string' ? { validation: absolute(data.validation) } : {}),
    },
    model: 'file' in model ? { file: absolute(model.file) } : model,
  };
}

/** `optimizer.adam.learningRate=3e-4`: the value is YAML. */
function applyOverride(document: Document, override: string): void {
  const equals = override.indexOf('=');
  if (equals < 1) throw new PolyakError('usage', `--set '${override}': must be path=value, such as train.epochs=3`);
  const path = override.slice(0, equals).split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const value = parseDocument(override.slice(equals + 1));
  if (value.errors[0]) throw new PolyakError('usage', `--set '${override}': ${value.errors[0].message}`);
  try {
    document.setIn(path, document.createNode(value.toJS()));
  } catch {
    throw new PolyakError('usage', `--set '${override}': '${path.slice(0, -1).join('.')}' is a value, it has no keys`);
  }
}

function position(document: Document, lines: LineCounter, path: PropertyKey[], file: string): string {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) {
      const { line, col } = lines.linePos(node.range[0]);
      return `${file}:${line}:${col}`;
    }
  }
  return file;
}

interface Finding {
  path: PropertyKey[];
  message: string;
}

/** A zod issue in our words; of a union, the issues of the branch that was meant. */
function describe(issue: z.core.$ZodIssue, root: unknown, prefix: PropertyKey[] = []): Finding[] {
  const path = [...prefix, ...issue.path];
  const name = dotted(path);
  const value = valueAt(root, path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: `${dotted([...path, key])}: unknown key${suggest(key, path)}` }));
  }
  if (issue.code === 'custom' && issue.params?.['complete'] === true) return [{ path, message: issue.message }];
  if (issue.code === 'invalid_union') return describeUnion(issue, root, path);
  const given = value === undefined ? 'is missing' : `is ${JSON.stringify(value)}`;
  const dollar = typeof value === 'string' && value.startsWith('$') ? "; parameters of a search belong to 'polyak sweep'" : '';
  return [{ path, message: `${name} ${given}; ${issue.message.replace(/^Invalid input: /, '')}${dollar}` }];
}

function describeUnion(issue: z.core.$ZodIssueInvalidUnion, root: unknown, path: PropertyKey[]): Finding[] {
  const value = valueAt(root, path);
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  // The branch whose key is there is the one that was meant.
  const meant = issue.errors.find((branch) => branch.every((inner) => inner.code !== 'unrecognized_keys' || inner.path.length > 0) && branch.some((inner) => keys.includes(String(inner.path[0]))));
  if (meant) return meant.flatMap((inner) => describe(inner, root, path));
  const options = new Set(issue.errors.flatMap((branch) => branch.flatMap((inner) => (inner.code === 'invalid_type' && inner.path.length === 1 ? [String(inner.path[0])] : []))));
  const expected = options.size > 0 ? `one of ${[...options].join(', ')} belongs here` : issue.errors.flat().map((inner) => inner.message.replace(/^Invalid input: /, '')).join(', or ');
  const given = value === undefined ? 'is missing' : `is ${JSON.stringify(value)}`;
  const hint = keys[0] === undefined ? '' : suggest(keys[0], path, [...options]);
  return [{ path, message: `${dotted(path)} ${given}; ${expected}${hint}` }];
}

function dotted(path: PropertyKey[]): string {
  return path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : text ? `${text}.${String(part)}` : String(part)), '');
}

function valueAt(root: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>((value, part) => (typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined), root);
}
