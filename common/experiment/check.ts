/** Makes a resolved experiment of a value, or says all that is wrong with it at once, with its places. */
import { isAbsolute, resolve } from 'node:path';
import { isRemote } from '../data-location.js';
import { PolyakError } from '../errors.js';
import { crossCheck, foldFindings, type Finding } from './cross-check.js';
import { mapLocations } from './data-locations.js';
import { describeIssues, type Issue } from './describe-issues.js';
import { dotted, isUnder, valueAt, type Described } from './described.js';
import { withRates } from './dropout-rate.js';
import type { ExperimentText } from './experiment-text.js';
import { unusedParameters, type GivenParameters } from './parameter-arguments.js';
import { replaceReferences, type Parameters, type Replaced } from './parameters.js';
import { experimentSchema, moduleExperimentSchema, type Experiment } from './schema.js';
import { isReference, searchSchema, type Search } from './search-schema.js';
import { conditionalNames, namedParameters } from './space-tree.js';

export interface Context {
  /** What relative paths count from. */
  folder: string;
  /** The file that the value is from, if it is from one. */
  source?: ExperimentText;
  given?: GivenParameters;
}

/** Errors: `usage`. */
export function check(value: unknown, { folder, source, given = { values: {}, origins: {} } }: Context): Experiment {
  const space = spaceOf(value);
  const values = { ...constantsOf(space), ...given.values };
  const named = space && namedParameters(space);
  const replaced = replaceReferences(value, { values, space: named });
  const result = schemaFor(value).safeParse(replaced.value);
  const issues = result.success ? describeCross(result.data) : describe(result.error.issues, replaced, source);
  const unused = replaced.isTorn ? [] : unusedParameters(given, [...replaced.names, ...Object.keys(named ?? {})]);
  const findings = [
    ...replaced.findings,
    ...issues,
    ...missingModule(value),
    ...lostDigits(value, issues, source),
    ...unused,
  ];
  if (!result.success || findings.length > 0) throw new PolyakError('usage', linesOf(findings, source).join('\n'));
  return resolveModel(resolvePaths(result.data, folder));
}

/**
 * The search with its defaults. All of the value is checked that does not wait for a parameter. Errors: `usage`, also where
 * there is nothing to search.
 */
export function checkTemplate(value: unknown, { source }: Context): Search {
  const space = spaceOf(value);
  const named = space && { space: namedParameters(space), conditional: conditionalNames(space) };
  const replaced = replaceReferences(value, { values: constantsOf(space), ...named, open: true });
  const result = schemaFor(value).safeParse(replaced.value);
  const issues = result.success
    ? describeCross(result.data)
    : [...describe(result.error.issues, replaced, source), ...openFindings(replaced.value)];
  const findings = [...replaced.findings, ...issues, ...lostDigits(value, issues, source)];
  const search = valueAt(replaced.value, ['search']);
  if (search === undefined) {
    const example = 'search: { trials: 20, space: { rate: { logUniform: [1e-4, 1e-1] } } }';
    findings.push({ path: [], message: `search: is missing, a sweep needs it, such as ${example}` });
  }
  if (findings.length > 0) throw new PolyakError('usage', linesOf(findings, source).join('\n'));
  return searchSchema.parse(search);
}

/** What the search and the rest contradict each other in, where references are open, so that the whole has no type. */
function openFindings(value: unknown): Described[] {
  const { data: search } = searchSchema.safeParse(valueAt(value, ['search']));
  if (!search) return [];
  return [...foldFindings(valueAt(value, ['data', 'validation']), search), ...lengthFindings(value, search)].map(
    lineOfFinding,
  );
}

/** Trials are compared that were trained equally long. */
function lengthFindings(value: unknown, { schedule }: Search): Finding[] {
  const path = ['train', 'epochs'];
  const epochs = valueAt(value, path);
  if (!isReference(epochs)) return [];
  const who = schedule ? 'search.schedule compares trials' : 'the trials of a sweep are compared';
  const message = `'${String(epochs)}' is of each trial, but ${who} after as many epochs; write a number, the most epochs of any`;
  return [{ path, message }];
}

/** Without a module, only what is built in has a name. */
function schemaFor(value: unknown) {
  return valueAt(value, ['module']) === undefined ? experimentSchema : moduleExperimentSchema;
}

/** Whoever writes `loss: module` means the loss of one. */
function missingModule(value: unknown): Described[] {
  const places = [['loss'], ['model'], ['data', 'source']];
  const path = places.find((place) => valueAt(value, place) === 'module');
  if (path === undefined || valueAt(value, ['module']) !== undefined) return [];
  const message = 'module: is missing, though the experiment has parts of a module; write module: ./my-module.ts';
  return [{ path, message }];
}

function describe(issues: Issue[], { value, written, left }: Replaced, source?: ExperimentText): Described[] {
  const described = describeIssues(issues, value, {
    digits: (path) => source?.digits(path),
    isEmpty: (path) => source?.isEmpty(path) ?? false,
    reference: (path) => written.get(dotted(path)),
  });
  return described.filter(({ path }) => !left.some((reference) => isUnder(path, reference)));
}

function describeCross(experiment: Experiment): Described[] {
  return crossCheck(experiment).map(lineOfFinding);
}

function lineOfFinding({ path, message }: Finding): Described {
  return { path, message: `${dotted(path)}: ${message}` };
}

/** The space as it is written, right or wrong: references need its names. */
function spaceOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const space = valueAt(value, ['search', 'space']);
  return typeof space === 'object' && space !== null ? { ...space } : undefined;
}

function constantsOf(space: Readonly<Record<string, unknown>> = {}): Parameters {
  const isConstant = (value: unknown) => value !== null && typeof value !== 'object' && !isReference(value);
  return Object.fromEntries(Object.entries(space).filter(([, each]) => isConstant(each)));
}

/** Whole numbers that are written with more digits than a number holds, where nothing else is said about them. */
function lostDigits(value: unknown, told: Described[], source?: ExperimentText, path: PropertyKey[] = []): Described[] {
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, member]) =>
      lostDigits(member, told, source, [...path, Array.isArray(value) ? Number(key) : key]),
    );
  }
  const digits = typeof value === 'number' && !Number.isSafeInteger(value) ? source?.digits(path) : undefined;
  if (digits === undefined || !/^[-+]?\d+$/.test(digits)) return [];
  if (told.some((other) => isUnder(other.path, path))) return [];
  const most = `the largest whole number that is held exactly is ${Number.MAX_SAFE_INTEGER}`;
  return [{ path, message: `${dotted(path)}: is ${digits}, ${most}` }];
}

/** In the order of the file, where there is one. */
function linesOf(findings: Described[], source?: ExperimentText): string[] {
  const inOrder = source
    ? findings.toSorted((left, right) => source.offset(left.path) - source.offset(right.path))
    : findings;
  return inOrder.map(({ path, message, origin }) => {
    const place = origin ?? source?.position(path);
    return place === undefined ? message : `${place}: ${message}`;
  });
}

function resolveModel(experiment: Experiment): Experiment {
  const { model } = experiment;
  return Array.isArray(model) ? { ...experiment, model: withRates(model) } : experiment;
}

function resolvePaths(experiment: Experiment, folder: string): Experiment {
  const { data, model, module, transfer } = experiment;
  const absolute = (path: string) => (!isAbsolute(path) && !isRemote(path) ? resolve(folder, path) : path);
  return {
    ...experiment,
    data: mapLocations(data, absolute),
    model: typeof model === 'object' && 'file' in model ? { ...model, file: absolute(model.file) } : model,
    ...(transfer && { transfer: { ...transfer, from: absolute(transfer.from) } }),
    ...(module && { module: 'file' in module ? { ...module, file: absolute(module.file) } : module }),
  };
}
