/** `polyak trials`: the table of a sweep, sorted and cut as asked for, as text, CSV or JSON. */
import type { TrialRow } from '../../coordinator/store/rows.js';
import { printJson, printText } from '../output.js';
import { tableOf } from '../table.js';
import { csvOf } from './csv.js';
import { openReader, type SweepReader } from './open-reader.js';
import { valueText } from './parameters-text.js';
import { SweepFolder } from './sweep-folder.js';

export interface TrialsFlags {
  state: string;
  sort?: string;
  top?: number;
  status?: TrialRow['status'][];
  csv: boolean;
  json: boolean;
  parquet?: string;
}

const pageRows = 1000;

export async function trialsCommand(sweep: string, flags: TrialsFlags): Promise<void> {
  const reader = await openReader(SweepFolder.open(flags.state, sweep));
  try {
    const query = queryOf(flags, reader);
    if (flags.json) for await (const row of rowsOf(reader, query)) printJson(row);
    else {
      const rows: TrialRow[] = [];
      for await (const row of rowsOf(reader, query)) rows.push(row);
      if (flags.parquet !== undefined) {
        const { writeParquet } = await import('./parquet.js');
        await writeParquet(flags.parquet, rows);
      } else if (flags.csv) printText(csvOf(rows));
      else printText(rows.length === 0 ? 'no trial has begun' : trialTable(rows, reader.plan.search.metric));
    }
  } finally {
    await reader.close();
  }
}

/** `--sort accuracy` means the objective where that is its metric, and the best first; a parameter is meant by its name. */
function queryOf({ sort, top, status }: TrialsFlags, { plan }: SweepReader) {
  const { metric, direction } = plan.search;
  const isObjective =
    sort === undefined ? top !== undefined : ['value', metric, metric.replace(/^validation\./, '')].includes(sort);
  const limit = top === undefined ? {} : { limit: top };
  const states = status === undefined ? {} : { status };
  if (isObjective) return { sort: 'value', descending: direction === 'maximise', ...limit, ...states };
  const [, sign, name] = /^(-?)(.*)$/.exec(sort ?? 'number') ?? [];
  const isMember = name !== undefined && members.has(name);
  return { sort: isMember ? name : `columns.${name}`, descending: sign === '-', ...limit, ...states };
}

const members: ReadonlySet<string> = new Set([
  ...['number', 'status', 'epoch', 'value', 'best', 'bestEpoch', 'loss', 'deviation', 'rung', 'round', 'bracket'],
  ...['reason', 'computeSeconds', 'startedAt', 'endedAt', 'untilEpoch'],
]);

async function* rowsOf(reader: SweepReader, query: ReturnType<typeof queryOf>): AsyncGenerator<TrialRow> {
  const { limit = Number.POSITIVE_INFINITY } = query as { limit?: number };
  for (let offset = 0; offset < limit;) {
    const { rows } = await reader.trials({ ...query, offset, limit: Math.min(pageRows, limit - offset) });
    yield* rows;
    if (rows.length < pageRows) return;
    offset += rows.length;
  }
}

export function trialTable(rows: readonly TrialRow[], metric: string): string {
  const names = [...new Set(rows.flatMap(({ columns }) => Object.keys(columns)))];
  const columns = [
    { title: 'trial', right: true },
    { title: 'state' },
    { title: 'epoch', right: true },
    { title: metric.replace(/^validation\./, ''), right: true },
    { title: 'loss', right: true },
    ...names.map((title) => ({ title, right: true })),
    { title: 'seconds', right: true },
    { title: 'why' },
  ];
  const number = (value: number | null) => (value === null ? '-' : value.toFixed(4));
  const cells = rows.map((row) => [
    ...[String(row.number), row.status, String(row.epoch), valueCell(row), number(row.loss)],
    ...names.map((name) => (row.columns[name] === undefined ? '' : valueText(row.columns[name]))),
    ...[row.computeSeconds.toFixed(1), row.reason ?? ''],
  ]);
  return tableOf(columns, cells);
}

function valueCell({ value, deviation }: TrialRow): string {
  if (value === null) return '-';
  return deviation === null ? value.toFixed(4) : `${value.toFixed(4)} ± ${deviation.toFixed(4)}`;
}
