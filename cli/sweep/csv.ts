/** A sweep's table as CSV (RFC 4180): a column per parameter, empty where a trial does not have it. */
import type { TrialRow } from '../../coordinator/store/rows.js';

const before = ['number', 'status', 'epoch', 'value', 'deviation', 'best', 'bestEpoch', 'loss'] as const;
const after = ['bracket', 'round', 'rung', 'computeSeconds', 'startedAt', 'endedAt', 'reason'] as const;

export function csvOf(rows: readonly TrialRow[]): string {
  const names = parameterNames(rows);
  const head = [...before, ...names, ...after].map(cell).join(',');
  const lines = rows.map((row) =>
    [...before.map((name) => row[name]), ...names.map((name) => row.columns[name]), ...after.map((name) => row[name])]
      .map(cell)
      .join(','),
  );
  return [head, ...lines].join('\n');
}

/** Of all trials, in the order in which they come first. */
export function parameterNames(rows: readonly TrialRow[]): string[] {
  return [...new Set(rows.flatMap(({ columns }) => Object.keys(columns)))];
}

function cell(value: string | number | boolean | null | undefined): string {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
