/** `polyak ls`: the runs and the sweeps of the state folder, a line each. */
import { resolve } from 'node:path';
import { scoresOfSplit } from './scores.js';
import { duration } from './live-view.js';
import { printJson, printText } from './output.js';
import { historyOf, type RunResults } from './run-facts.js';
import { RunFolder, type RunRecord } from './run-folder.js';
import { runNames } from './run-reference.js';
import { sweepRows, sweepTable, type SweepRow } from './sweep/list-sweeps.js';
import { score, tableOf, when } from './table.js';

export interface RunRow extends RunResults {
  run: string;
  folder: string;
  createdAt: string;
  parent: string | null;
}

export async function listCommand({ state, json }: { state: string; json: boolean }): Promise<void> {
  const rows = rowsOf(state);
  const sweeps = await sweepRows(state);
  if (json) {
    for (const row of rows) printJson({ kind: 'run', ...row });
    for (const row of sweeps) printJson(row);
  } else if (rows.length === 0 && sweeps.length === 0) {
    printText(`no runs in ${resolve(state)}; 'npx polyak train FILE' makes one`);
  } else printTables(rows, sweeps);
}

export function printTables(runs: RunRow[], sweeps: SweepRow[]): void {
  const tables = [...(runs.length > 0 ? [runTable(runs)] : []), ...(sweeps.length > 0 ? [sweepTable(sweeps)] : [])];
  printText(tables.join('\n\n'));
}

/** Oldest first; a run whose record cannot be read is named on stderr and left out. */
export function rowsOf(state: string): RunRow[] {
  return runNames(state).flatMap((name) => {
    const folder = openReadable(state, name);
    return folder ? [rowOf(folder)] : [];
  });
}

function rowOf(folder: RunFolder): RunRow {
  const { name, createdAt, parent }: RunRecord = folder.facts;
  const { results } = historyOf(folder);
  return { run: name, folder: folder.path, createdAt, parent: parent?.run ?? null, ...results };
}

export function runTable(rows: RunRow[]): string {
  const columns = [
    { title: 'run' },
    { title: 'state' },
    { title: 'step', right: true },
    { title: 'epoch', right: true },
    { title: 'loss', right: true },
    { title: 'validation', right: true },
    { title: 'test', right: true },
    { title: 'time', right: true },
    { title: 'created' },
    { title: 'from' },
  ];
  const cells = rows.map((row) => [
    ...[row.run, row.state, String(row.step), row.epoch === null ? '-' : String(row.epoch), score(row.loss)],
    ...[score(scoresOfSplit(row.validation)[0]?.[1] ?? row.validation?.loss), score(scoresOfSplit(row.test)[0]?.[1])],
    ...[row.seconds > 0 ? duration(row.seconds) : '-', when(row.createdAt), row.parent ?? ''],
  ]);
  return tableOf(columns, cells);
}

function openReadable(state: string, name: string): RunFolder | undefined {
  try {
    return RunFolder.open(state, resolve(state, name));
  } catch (error) {
    process.stderr.write(`polyak: ${(error as Error).message}\n`);
    return undefined;
  }
}
