/** The best trials of a sweep that has ended, as an ensemble: evaluated once, kept in ensemble.json of its folder. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { evaluateEnsemble, type EnsembleEvaluation } from '../../inference/evaluate.js';
import { ensembleTable, topTrials } from '../ensemble.js';
import { loadRun } from '../load-run.js';
import { openReader } from './open-reader.js';
import type { SweepFolder } from './sweep-folder.js';

export interface FinalEnsemble {
  /** References to the members, the best first. */
  members: string[];
  /** By split: those that have samples. */
  splits: Partial<Record<'validation' | 'test', EnsembleEvaluation>>;
}

/** Undefined where fewer than two trials are kept, or each was trained on samples of its own. */
export async function finalEnsemble(folder: SweepFolder, state: string): Promise<FinalEnsemble | undefined> {
  const { facts } = folder;
  const reader = await openReader(folder);
  let keep: number;
  try {
    if (reader.plan.members > 1) return undefined;
    ({ keep } = (await reader.sweep()).settings);
  } finally {
    await reader.close();
  }
  const members = await topTrials(folder, keep);
  if (members.length < 2) return undefined;
  const runs = [];
  for (const member of members)
    runs.push(await loadRun(member, { state, backend: facts.backend, weights: reader.plan.weights }));
  const splits: FinalEnsemble['splits'] = {};
  for (const split of ['validation', 'test'] as const) {
    try {
      splits[split] = withoutTables(await evaluateEnsemble(runs, { split }));
    } catch (error) {
      // Data without a test split are no failure.
      if (split === 'validation') throw error;
    }
  }
  for (const run of runs) await run.dispose();
  const result = { members, splits };
  await writeFile(join(folder.path, 'ensemble.json'), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

export function finalEnsembleLines({ members, splits }: FinalEnsemble): string[] {
  return Object.values(splits).map((evaluation) => ensembleTable(members, evaluation));
}

/** Rows per class are shown by `polyak evaluate`. */
function withoutTables({ members, ensemble }: EnsembleEvaluation): EnsembleEvaluation {
  const plain = <Each extends { classes: unknown; confusions: unknown[] }>(each: Each) => ({
    ...each,
    classes: null,
    confusions: [],
  });
  return { members: members.map(plain), ensemble: plain(ensemble) };
}
