/** `polyak best`: the best trials of a sweep, with the line that trains the best one alone. */
import type { TrialRow } from '../../coordinator/store/rows.js';
import { displayPath } from '../foreground.js';
import { printJson, printText } from '../output.js';
import { listOf } from '../table.js';
import { openReader, type SweepReader } from './open-reader.js';
import { valueText } from './parameters-text.js';
import { SweepFolder } from './sweep-folder.js';

const withValues: readonly TrialRow['status'][] = ['finished', 'stopped', 'paused', 'running'];

export async function bestTrials(
  reader: SweepReader,
  count: number,
  status: readonly TrialRow['status'][] = withValues,
): Promise<TrialRow[]> {
  const descending = reader.plan.search.direction === 'maximise';
  const { rows } = await reader.trials({
    sort: 'value',
    descending,
    status,
    limit: count,
  });
  return rows.filter(({ value }) => value !== null);
}

export interface BestFlags {
  state: string;
  json: boolean;
  refit: boolean;
  seeds: number;
  workers?: number;
}

export async function bestCommand(sweep: string, flags: BestFlags): Promise<void> {
  const { state, json } = flags;
  const folder = SweepFolder.open(state, sweep);
  if (flags.refit) {
    const { refit, refitLines } = await import('./refit.js');
    const say = (text: string) => void process.stderr.write(`${text}\n`);
    const result = await refit(folder, { ...flags, say });
    if (json) printJson(result);
    else for (const line of refitLines(result)) printText(line);
    return;
  }
  const reader = await openReader(folder);
  try {
    if (json) {
      const [row] = await bestTrials(reader, 1);
      return printJson(row ? { ...row, trial: `${folder.facts.name}/${row.number}` } : null);
    }
    for (const line of await bestLines(reader)) printText(line);
    const [row] = await bestTrials(reader, 1);
    if (row) printText(`look at it with  npx polyak show ${displayPath(folder.trial(row.number))}`);
  } finally {
    await reader.close();
  }
}

export async function bestLines(reader: SweepReader): Promise<string[]> {
  const { metric } = reader.plan.search;
  const [row] = await bestTrials(reader, 1);
  if (!row) return [`no trial has a ${metric} yet`];
  const { number, value, epoch, columns, deviation } = row;
  const spread = deviation === null ? '' : ` ± ${deviation.toFixed(4)}`;
  return [
    `best ${metric} ${(value ?? Number.NaN).toFixed(4)}${spread}: trial ${number} at epoch ${epoch}`,
    listOf(Object.entries(columns).map(([name, each]) => [`  ${name}`, valueText(each)] as const)),
  ];
}
