/** What zod found wrong, in our words: the key, the value, and what would be right. */
import type { z } from 'zod';
import { layerKeysAt } from './layer-keys.js';
import { requirement, show } from './requirement.js';
import { completeMessage, dataSchemas } from './schema.js';
import { keysAt } from './schema-keys.js';
import { suggestValue } from './suggest-value.js';
import { suggestKey } from './suggest.js';

/** A line for the user, and the key that it is about. */
export interface Described {
  path: PropertyKey[];
  message: string;
}

export type Issue = z.core.$ZodIssue;

/** A number at the path, as it is written: it may have more digits than the number. */
export type Digits = (path: PropertyKey[]) => string | undefined;

/** `root` is the value that was checked. */
export function describeIssues(issues: Issue[], root: unknown, digits: Digits = () => undefined): Described[] {
  const described = issues.flatMap((issue) => describe(issue, { root, digits }, []));
  // Who wrote `lr` is told that it is learningRate, not also that learningRate is missing.
  return described.filter(({ path, message }) => {
    const missing = message.startsWith(`${dotted(path)}: is missing`);
    return !missing || !described.some((other) => other.message.endsWith(`did you mean '${String(path.at(-1))}'?`));
  });
}

/** `model[3].conv2d.filters` */
export function dotted(path: PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

interface Checked {
  root: unknown;
  digits: Digits;
}

function describe(issue: Issue, checked: Checked, prefix: PropertyKey[]): Described[] {
  const { root, digits } = checked;
  const path = [...prefix, ...issue.path];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => describeKey([...path, key], root));
  if (issue.code === 'custom' && issue.params?.['complete'] === completeMessage.complete) return [describeLayer(issue)];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) return describeUnion(issue, checked, path);
  const value = valueAt(root, path);
  const required = issue.code === 'invalid_union' ? sourceRequirement(value) : requirement(issue, value);
  return [wrong(path, value, required, digits(path))];
}

/** Of the union that `data.source` decides. */
function sourceRequirement(source: unknown): string {
  const names = Object.keys(dataSchemas);
  return `must be one of ${names.join(', ')}${suggestValue(source, names)}`;
}

function wrong(path: PropertyKey[], value: unknown, required: string, digits = show(value)): Described {
  const given = value === undefined ? 'is missing' : `is ${digits}`;
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
  if (known.includes(key)) return { path, message };
  const meant = suggestKey(key, known);
  return { path, message: meant ? `${message.slice(0, message.indexOf('; '))}${meant}` : message };
}

/** Of a union, the issues of the branch that was meant; else what would be right in any of them. */
function describeUnion(issue: z.core.$ZodIssueInvalidUnion, checked: Checked, path: PropertyKey[]): Described[] {
  const { root } = checked;
  const value = valueAt(root, path);
  const branches = issue.errors.filter((branch) => !branch.some((inner) => inner.path.length === 0 && isOfType(inner)));
  const meant = branches.find((branch) => !branch.some((inner) => isUnknown(inner) || isMissing(inner, value)));
  if (meant) return meant.flatMap((inner) => describe(inner, checked, path));
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

function valueAt(root: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    root,
  );
}
