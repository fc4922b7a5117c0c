/** What zod found wrong, in our words: the key, the value, and what would be right. */
import type { z } from 'zod';
import { layerKeysAt } from './layer-keys.js';
import { completeMessage, dataSchemas } from './schema.js';
import { keysAt } from './schema-keys.js';
import { suggestKey, suggestValue } from './suggest.js';

/** A line for the user, and the key that it is about. */
export interface Described {
  path: PropertyKey[];
  message: string;
}

export type Issue = z.core.$ZodIssue;

/** `root` is the value that was checked. */
export function describeIssues(issues: Issue[], root: unknown): Described[] {
  return issues.flatMap((issue) => describe(issue, root, []));
}

/** `model[3].conv2d.filters` */
export function dotted(path: PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

function describe(issue: Issue, root: unknown, prefix: PropertyKey[]): Described[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => describeKey([...path, key], root));
  if (issue.code === 'custom' && issue.params?.['complete'] === completeMessage.complete) return [describeLayer(issue)];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) return describeUnion(issue, root, path);
  const value = valueAt(root, path);
  return [wrong(path, value, requirement(issue, value))];
}

function wrong(path: PropertyKey[], value: unknown, required: string): Described {
  const given = value === undefined ? 'is missing' : `is ${show(value)}`;
  return { path, message: `${dotted(path)}: ${given}, ${required}` };
}

function describeKey(path: PropertyKey[], root: unknown): Described {
  const key = String(path.at(-1));
  const parent = path.slice(0, -1);
  if (parent.length === 1 && parent[0] === 'data') {
    const source = String(valueAt(root, ['data', 'source']));
    const sources = Object.entries(dataSchemas).flatMap(([name, { shape }]) => (key in shape ? [name] : []));
    const owners = sources.join(' and ');
    if (owners !== '') return { path, message: `data.${key}: is an option of source: ${owners}, not of ${source}` };
  }
  const known = keysAt(parent, root);
  const place = parent.length === 0 ? 'an experiment' : dotted(parent);
  const takes = known.length === 0 ? 'no options' : known.join(', ');
  return { path, message: `${dotted(path)}: unknown key${suggestKey(key, known) || `; ${place} takes ${takes}`}` };
}

/** The message of layer-schema.ts begins with its place, such as `model[3].conv2d.filterz: `. */
function describeLayer({ message }: Issue): Described {
  const name = message.slice(0, message.indexOf(':'));
  const path = name.split(/[.[\]]+/).flatMap((part) => (part === '' ? [] : [/^\d+$/.test(part) ? Number(part) : part]));
  const known = layerKeysAt(path);
  const key = String(path.at(-1));
  return { path, message: known.includes(key) ? message : `${message}${suggestKey(key, known)}` };
}

/** Of a union, the issues of the branch that was meant; else what would be right in any of them. */
function describeUnion(issue: z.core.$ZodIssueInvalidUnion, root: unknown, path: PropertyKey[]): Described[] {
  const value = valueAt(root, path);
  const branches = issue.errors.filter((branch) => !branch.some((inner) => inner.path.length === 0 && isOfType(inner)));
  const meant = branches.find((branch) => !branch.some((inner) => isUnknown(inner) || isMissing(inner, value)));
  if (meant) return meant.flatMap((inner) => describe(inner, root, path));
  const known = keysAt(path, root);
  if (branches.length === 0 && issue.errors.length !== known.length) {
    const reasons = issue.errors.flatMap((branch) => branch.slice(0, 1)).map((inner) => requirement(inner, value));
    return [wrong(path, value, [...new Set(reasons)].join(', or '))];
  }
  const keys = value !== null && typeof value === 'object' ? Object.keys(value) : [];
  const strange = branches.length === 0 ? undefined : keys.find((key) => !known.includes(key));
  if (strange !== undefined) return [describeKey([...path, strange], root)];
  return [wrong(path, value, `must have exactly one of the keys ${known.join(', ')}`)];
}

function isOfType(issue: Issue): boolean {
  return issue.code === 'invalid_type';
}

function isUnknown(issue: Issue): boolean {
  return issue.code === 'unrecognized_keys' && issue.path.length === 0;
}

function isMissing(issue: Issue, value: unknown): boolean {
  return issue.path.length === 1 && valueAt(value, issue.path) === undefined;
}

const typeNames: Record<string, string> = {
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
  tuple: 'a list',
};

/** `must be …` */
function requirement(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeNames[issue.expected] ?? issue.expected}`;
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty';
      if (issue.origin === 'array')
        return `must have at least ${issue.minimum} element${issue.minimum === 1 ? '' : 's'}`;
      return `must be ${issue.inclusive ? 'at least' : 'above'} ${issue.minimum}`;
    case 'too_big':
      if (issue.origin === 'array') return `must have at most ${issue.maximum} elements`;
      return `must be ${issue.inclusive ? 'at most' : 'below'} ${issue.maximum}`;
    case 'invalid_value': {
      const values = issue.values.map(String);
      return `must be ${values.length > 1 ? 'one of ' : ''}${values.join(', ')}${suggestValue(value, values)}`;
    }
    case 'invalid_union':
      return `must be one of ${Object.keys(dataSchemas).join(', ')}${suggestValue(value, Object.keys(dataSchemas))}`;
    default:
      return issue.message;
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function valueAt(root: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    root,
  );
}
