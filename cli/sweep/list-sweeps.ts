/** The sweeps of the state folder, a line each for `polyak ls`. */
import { resolve } from 'node:path';
import { PolyakError } from '../../common/errors.js';
import type { SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import { duration } from '../live-view.js';
import { score, tableOf, when } from '../table.js';
import { sweepNames } from './find-sweep.js';
import { openReader } from './open-reader.js';
import { SweepFolder } from './sweep-folder.js';
import { overOf, stateOfSweep } from './sweep-state.js';

export interface SweepRow extends Pick<SweepSnapshot, 'metric' | 'counts' | 'best' | 'spent'> {
  kind: 'sweep';
  sweep: string;
  folder: string;
  createdAt: string;
  state: ReturnType<typeof stateOfSweep>;
  reason: string | null;
  /** Planned in all; null for a repetition. */
  trials: number | null;
}

/** Oldest first; one that cannot be read is named on stderr and left out. */
export async function sweepRows(state: string): Promise<SweepRow[]> {
  const rows: SweepRow[] = [];
  for (const name of sweepNames(state)) {
    try {
      rows.push(await rowOf(SweepFolder.open(state, resolve(state, name))));
    } catch (error) {
      if (!(error instanceof PolyakError)) throw error;
      process.stderr.write(`polyak: ${name}: ${error.message}\n`);
    }
  }
  return rows;
}

async function rowOf(folder: SweepFolder): Promise<SweepRow> {
  const { name, createdAt } = folder.facts;
  const reader = await openReader(folder);
  try {
    const snapshot = await reader.sweep();
    const { reason, metric, counts, best, spent, trials } = snapshot;
    return {
      ...{ kind: 'sweep', sweep: name, folder: folder.path, createdAt, state: stateOfSweep(folder, snapshot) },
      ...{ reason, metric, counts, best, spent, trials },
    };
  } finally {
    await reader.close();
  }
}

export function sweepTable(rows: readonly SweepRow[]): string {
  const columns = [
    { title: 'sweep' },
    { title: 'state' },
    { title: 'trials', right: true },
    { title: 'best', right: true },
    { title: 'objective' },
    { title: 'trial', right: true },
    { title: 'time', right: true },
    { title: 'created' },
  ];
  const cells = rows.map((row) => [
    ...[
      row.sweep,
      row.state,
      `${overOf(row)}/${row.trials ?? (row.state === 'finished' ? overOf(row) : '?')}`,
      score(row.best?.value),
      row.metric,
    ],
    ...[row.best === null ? '-' : String(row.best.trial), duration(row.spent.seconds), when(row.createdAt)],
  ]);
  return tableOf(columns, cells);
}
