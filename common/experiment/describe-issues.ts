/** What zod found wrong, in our words: the key, the value, and what would be right. */
import type { z } from 'zod';
import { entry } from './corrected.js';
import { correction } from './correction.js';
import { dotted, valueAt, type Described } from './described.js';
import { distributionOf } from './distribution-meant.js';
import type { LayerProblem } from './layer-problem.js';
import { misplacedOptions } from './misplaced.js';
import { noEquivalent } from './no-equivalent.js';
import { requirement, show } from './requirement.js';
import { dataSchemas } from './schema.js';
import { keysAt, neededKeysAt } from './schema-keys.js';
import { distributionSchemas } from './search-schema.js';
import type { DistributionName } from './space-tree.js';
import { suggestKey } from './suggest.js';
import { plainOf, suggestValue, valueMeant } from './suggest-value.js';

export type Issue = z.core.$ZodIssue;

/** What the user wrote, of which the value that was checked has lost something. */
export interface Written {
  /** A number, which may have more digits than the number. */
  digits?: (path: PropertyKey[]) => string | undefined;
  /** Is there a key, and no value after it? */
  isEmpty?: (path: PropertyKey[]) => boolean;
  /** The reference or formula that the value came from. */
  reference?: (path: PropertyKey[]) => string | undefined;
}

/** `root` is the value that was checked. */
export function describeIssues(issues: Issue[], root: unknown, written: Written = {}): Described[] {
  const described = issues.flatMap((issue) => describe(issue, { root, written }, []));
  // Who wrote `lr` is told that it is learningRate, not also that learningRate is missing.
  return described.filter(({ path, message }) => {
    const missing = message.startsWith(`${dotted(path)}: is missing`);
    return !missing || !described.some((other) => other.message.endsWith(`did you mean '${String(path.at(-1))}'?`));
  });
}

interface Checked {
  root: unknown;
  written: Written;
}

function describe(issue: Issue, checked: Checked, prefix: PropertyKey[]): Described[] {
  const { root } = checked;
  const path = [...prefix, ...issue.path];
  const value = valueAt(root, path);
  const layer = issue.code === 'custom' ? (issue.params?.['layer'] as LayerProblem | undefined) : undefined;
  if (layer) return describeLayer(layer, checked);
  if (issue.code === 'custom' && issue.params?.['distribution'] === true) return describeDistribution(path, checked);
  if (issue.code === 'custom' && issue.params?.['parameterName'] === true) return [parameterName(path)];
  if (isDistribution(path) && (issue.code === 'invalid_union' || issue.code === 'unrecognized_keys')) {
    return describeDistribution(path, checked);
  }
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => describeKey([...path, key], root));
  if (issue.code === 'invalid_key') return [parameterName(path)];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) return describeUnion(issue, checked, path);
  if (issue.code === 'invalid_union') return [wrong(path, { required: sourceRequirement(value, root) }, checked)];
  return [wrong(path, { issue, required: requirement(issue, value) }, checked)];
}

/** Of the union that `data.source` decides. */
function sourceRequirement(source: unknown, root: unknown): string {
  const names = [...Object.keys(dataSchemas), ...(valueAt(root, ['module']) === undefined ? [] : ['module'])];
  return `must be one of ${names.join(', ')}${suggestValue(source, names)}`;
}

interface Wrong {
  issue?: Issue;
  required: string;
}

function wrong(path: PropertyKey[], { issue, required }: Wrong, { root, written }: Checked): Described {
  const value = valueAt(root, path);
  const reference = written.reference?.(path);
  const isEmpty = value === null && written.isEmpty?.(path) === true;
  const digits = reference === undefined ? written.digits?.(path) : undefined;
  const given = isEmpty ? 'is empty' : value === undefined ? 'is missing' : `is ${digits ?? show(value)}`;
  const subject = reference === undefined ? '' : `'${reference}' `;
  const write =
    reference === undefined ? correction(path, { issue, value, isEmpty }) || shorthand(path, issue, value) : '';
  return { path, message: `${dotted(path)}: ${subject}${given}, ${required}${write}` };
}

/** What a map is spoken of by that needs none of its keys. */
const usualKeys: Readonly<Record<string, string>> = {
  'search.budget': 'time',
  'search.crossValidation': 'folds',
  'search.stopping.diverged': 'factor',
};

/** Likewise, of layers. */
const usualOptions: Readonly<Record<string, string>> = {
  dropout: 'rate',
  spatialDropout1d: 'rate',
  spatialDropout2d: 'rate',
};

/** `dropout: 0.5` is short for what it must be. */
function shorthand(path: PropertyKey[], issue: Issue | undefined, value: unknown): string {
  if (issue?.code !== 'invalid_type' || issue.expected !== 'object' || path.length < 2) return '';
  if (typeof value !== 'number' && typeof value !== 'string') return '';
  const usual = usualKeys[dotted(path)] ?? usualOptions[String(path.at(-1))];
  const needed = usual === undefined ? neededKeysAt(path) : [usual];
  const options = needed.map((key) => `${key}: ${needed.length === 1 ? String(value) : '…'}`);
  return needed.length === 0 ? '' : `; write ${entry(path, `{ ${options.join(', ')} }`)}`;
}

function parameterName(path: PropertyKey[]): Described {
  const name = String(path.at(-1));
  const write = name.replaceAll(/\W/g, '_').replace(/^(?=\d)/, '_');
  const message = `${dotted(path)}: '${name}' is no name of a parameter, letters, digits and underscores; write ${write}`;
  return { path, message };
}

function describeKey(path: PropertyKey[], root: unknown): Described {
  const key = String(path.at(-1));
  const parent = path.slice(0, -1);
  const known = keysAt(parent, root);
  if (typeof parent.at(-2) === 'number' && parent[0] === 'model') {
    const meant = suggestKey(key, known) || `; it takes ${known.join(', ')}`;
    return { path, message: `${dotted(path)}: ${String(parent.at(-1))} has no such option${meant}` };
  }
  if (parent.length === 1 && parent[0] === 'data') {
    const source = String(valueAt(root, ['data', 'source']));
    const sources = Object.entries(dataSchemas).flatMap(([name, { shape }]) => (key in shape ? [name] : []));
    const owners = sources.join(', ').replace(/, (?=[^,]*$)/, ' and ');
    if (owners !== '') return { path, message: `data.${key}: is an option of source: ${owners}, not of ${source}` };
  }
  const place = parent.length === 0 ? 'an experiment' : dotted(parent);
  const takes = known.length === 0 ? 'no options' : known.join(', ');
  return { path, message: `${dotted(path)}: unknown key${suggestKey(key, known) || `; ${place} takes ${takes}`}` };
}

function describeLayer(problem: LayerProblem, checked: Checked): Described[] {
  if ('line' in problem) return [problem.line];
  if ('issue' in problem) return describe(problem.issue, checked, problem.path);
  const { path, layers } = problem;
  const meant = suggestKey(String(path.at(-1)), layers) || `; the layers are ${layers.join(', ')}`;
  return [{ path, message: `${dotted(path)}: there is no such layer${meant}` }];
}

/** Of a union, the issues of the branch that was meant; else what would be right in any of them. */
function describeUnion(issue: z.core.$ZodIssueInvalidUnion, checked: Checked, path: PropertyKey[]): Described[] {
  const { root } = checked;
  const value = valueAt(root, path);
  const branches = issue.errors.filter((branch) => !branch.some((inner) => inner.path.length === 0 && isOfType(inner)));
  const ownMessage = issue.message === 'Invalid input' ? undefined : issue.message;
  const known = keysAt(path, root);
  // Maps that are told apart by their one key are spoken of together; what is no map is a way of its own.
  const isOnlyMaps = issue.errors.every((branch) =>
    branch.some((inner) => 'expected' in inner && inner.expected === 'object'),
  );
  if (ownMessage !== undefined && !isMap(value)) {
    const number = issue.errors.flat().find((inner) => inner.path.length === 0 && isOfNumber(inner));
    // Text that is a number was meant for one, not for the other branches.
    if (number && correction(path, { issue: number, value, isEmpty: false }) !== '') {
      return [wrong(path, { issue: number, required: requirement(number, value) }, checked)];
    }
    const write = isOnlyMaps ? nameAlone(path, value, known) : meantOf(issue, value);
    return [wrong(path, { required: ownMessage + write }, checked)];
  }
  const meant = branches.find((branch) => !branch.some((inner) => isUnknown(inner) || isMissing(inner, value)));
  if (meant) return meant.flatMap((inner) => describe(inner, checked, path));
  const strange = isMap(value) ? Object.keys(value).find((key) => !known.includes(key)) : undefined;
  if (ownMessage !== undefined) {
    const hint = strange === undefined ? '' : suggestKey(strange, known);
    return [wrong(path, { required: ownMessage + hint }, checked)];
  }
  if (branches.length === 0 && (!isOnlyMaps || issue.errors.length !== known.length)) {
    const reasons = issue.errors.flatMap((branch) => branch.slice(0, 1)).map((inner) => requirement(inner, value));
    return [wrong(path, { required: [...new Set(reasons)].join(', or ') }, checked)];
  }
  const misplaced = misplacedOptions(path, value, known);
  if (misplaced) return [misplaced];
  if (strange !== undefined) return [describeKey([...path, strange], root)];
  const required = `must have exactly one of the keys ${known.join(', ')}${nameAlone(path, value, known)}`;
  return [wrong(path, { required }, checked)];
}

/** `optimizer: adam` */
function nameAlone(path: PropertyKey[], value: unknown, known: string[]): string {
  if (typeof value !== 'string') return '';
  const name = valueMeant(value, known);
  if (name === undefined) return suggestValue(value, known);
  const options = neededKeysAt([...path, name]).map((key) => `${key}: …`);
  return `; write ${entry(path, `{ ${name}: ${options.length === 0 ? '{}' : `{ ${options.join(', ')} }`} }`)}`;
}

/** Of a union that has names among its branches. */
function meantOf(issue: z.core.$ZodIssueInvalidUnion, value: unknown): string {
  const names = issue.errors.flatMap((branch) =>
    branch.flatMap((inner) => (inner.code === 'invalid_value' ? inner.values.map(String) : [])),
  );
  return suggestValue(value, names);
}

function isDistribution(path: PropertyKey[]): boolean {
  return path.length === 3 && path[0] === 'search' && path[1] === 'space';
}

/** Of the distribution that was meant, its issues; else what would be one. */
function describeDistribution(path: PropertyKey[], checked: Checked): Described[] {
  const value = valueAt(checked.root, path);
  const { name, problem } = distributionOf(value);
  if (name === undefined) return [wrong(path, { required: problem }, checked)];
  const { error } = distributionSchemas[name].safeParse(value);
  return (error?.issues ?? []).flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? strangeOptions(path, issue.keys, name) : describe(issue, checked, path),
  );
}

function strangeOptions(path: PropertyKey[], keys: string[], name: DistributionName): Described[] {
  const known = Object.keys(distributionSchemas[name].shape).filter((key) => key !== name);
  const takes = known.length === 0 ? `'${name}' has no options` : `beside '${name}' may stand ${known.join(', ')}`;
  return keys.map((key) => {
    const meant = known.length > 0 ? suggestKey(key, known) : noEquivalent(plainOf(key));
    const message = `${dotted([...path, key])}: unknown key${meant || `; ${takes}`}`;
    return { path: [...path, key], message };
  });
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOfType(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function isOfNumber(issue: Issue): boolean {
  return issue.code === 'invalid_type' && issue.expected === 'number';
}

function isUnknown(issue: Issue): boolean {
  return issue.code === 'unrecognized_keys' && issue.path.length === 0;
}

function isMissing(issue: Issue, value: unknown): boolean {
  return issue.path.length === 1 && valueAt(value, issue.path) === undefined;
}
