/** `polyak compare`: where the experiments of runs differ, by dotted path, and what came out, side by side. */
import { PolyakError } from '../common/errors.js';
import { averageOf, metricNames } from '../common/experiment/metrics.js';
import { printJson, printText } from './output.js';
import { historyOf, type RunResults } from './run-facts.js';
import type { RunFolder } from './run-folder.js';
import { openRun } from './open-run.js';
import { wordsOf } from './scores.js';
import { bold, score, tableOf } from './table.js';
import { duration } from './live-view.js';

interface ComparedRun {
  run: string;
  results: RunResults;
  /** By dotted path. */
  experiment: Map<string, unknown>;
  untilStep: number;
}

export interface Difference {
  path: string;
  /** In the order of the runs; undefined where a run has no such key. */
  values: unknown[];
}

/** Errors: `usage` for a run alone, or one that does not exist. */
export async function compareCommand(runs: string[], { state, json }: { state: string; json: boolean }): Promise<void> {
  if (runs.length < 2) throw new PolyakError('usage', `compare ${runs.join(' ')}: takes two runs or more`);
  const compared: ComparedRun[] = [];
  // One after another, because two may be the same trial.
  for (const run of runs) compared.push(lookAt(await openRun(state, run)));
  const differences = differencesOf(compared.map(({ experiment }) => experiment));
  if (json) {
    printJson({ runs: compared.map(({ run, results }) => ({ run, results })), differences: differences.map(toJson) });
    return;
  }
  const columns = [{ title: '' }, ...compared.map(({ run }) => ({ title: run }))];
  const rows = differences.map(({ path, values }) => [path, ...values.map(shown)]);
  printText(bold('experiments'));
  printText(rows.length === 0 ? 'equal' : tableOf(columns, rows));
  printText(`\n${bold('results')}`);
  printText(tableOf(columns, resultRows(compared)));
}

/** Paths whose values are not all equal, in the order in which they first stand. */
export function differencesOf(experiments: Map<string, unknown>[]): Difference[] {
  const paths = new Set(experiments.flatMap((experiment) => [...experiment.keys()]));
  return [...paths]
    .map((path) => ({ path, values: experiments.map((experiment) => experiment.get(path)) }))
    .filter(({ values }) => new Set(values.map((value) => JSON.stringify(value))).size > 1);
}

/** Every value that is no map and no list of maps, by its dotted path: `model.0.conv2d.filters`. */
export function flatten(value: unknown, path = '', into = new Map<string, unknown>()): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || isPlainList(value)) return into.set(path, value);
  for (const [key, member] of Object.entries(value)) flatten(member, path === '' ? key : `${path}.${key}`, into);
  return into;
}

function isPlainList(value: object): boolean {
  return Array.isArray(value) && value.every((member) => typeof member !== 'object' || member === null);
}

function lookAt(folder: RunFolder): ComparedRun {
  const { name, untilStep } = folder.facts;
  const experiment = flatten(JSON.parse(folder.experiment));
  return { run: name, results: historyOf(folder).results, experiment, untilStep };
}

function resultRows(compared: ComparedRun[]): string[][] {
  const row = (title: string, of: (run: ComparedRun) => string) => [title, ...compared.map(of)];
  return [
    row('state', ({ results }) => results.state),
    row('step', ({ results, untilStep }) => `${results.step}${untilStep > 0 ? ` of ${untilStep}` : ''}`),
    row('loss', ({ results }) => score(results.loss)),
    row('validation loss', ({ results }) => score(results.validation?.loss)),
    ...metricNames.flatMap((name) => [
      row(`validation ${wordsOf(name)}`, ({ results }) => score(results.validation?.[name])),
      row(`test ${wordsOf(name)}`, ({ results }) => score(results.test?.[name])),
      row('  running average', ({ results }) => score(results.test?.[averageOf(name)])),
    ]),
    row('took', ({ results }) => (results.seconds > 0 ? duration(results.seconds) : '-')),
    row('weights sha256', ({ results }) => results.weightsSha256?.slice(0, 16) ?? '-'),
  ].filter(([, ...cells]) => cells.some((cell) => cell !== '-'));
}

function shown(value: unknown): string {
  if (value === undefined) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function toJson({ path, values }: Difference) {
  return { path, values: values.map((value) => value ?? null) };
}
