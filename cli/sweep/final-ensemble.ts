/** The best trials of a sweep that has ended, as an ensemble: evaluated once, kept in ensemble.json of its folder. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import { evaluateEnsemble, type EnsembleEvaluation } from '../../inference/evaluate.js';
import type { TrainedRun } from '../../inference/trained-run.js';
import { ensembleTable, topTrials } from '../ensemble.js';
import { loadRun } from '../load-run.js';
import type { EnsembleFacts, NoEnsemble } from '../report/sweep-facts.js';
import { openReader } from './open-reader.js';
import type { SweepFolder } from './sweep-folder.js';

/** The ensemble, or why there is none. */
export type EnsembleOrWhy = EnsembleFacts | NoEnsemble;

interface Stored extends EnsembleFacts {
  /** When the sweep had ended that it is of: one that has gone on since has others. */
  endedAt: string | null;
}

/** What cannot be evaluated is no failure of the sweep's, nor of its report: it is answered with why. */
export async function finalEnsemble(folder: SweepFolder): Promise<EnsembleOrWhy> {
  try {
    return await ensembleOf(folder);
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

async function ensembleOf(folder: SweepFolder): Promise<EnsembleOrWhy> {
  const reader = await openReader(folder);
  let snapshot: SweepSnapshot;
  const { plan } = reader;
  try {
    snapshot = await reader.sweep();
  } finally {
    await reader.close();
  }
  const { state, endedAt, settings } = snapshot;
  if (state === 'running' || state === 'paused') return { why: 'the sweep has not ended' };
  if (plan.members > 1) {
    const way = `polyak best ${folder.facts.name} --refit trains the best one on all data`;
    return { why: `each trial is of ${plan.members} runs, which were trained on different samples; ${way}` };
  }
  const members = await topTrials(folder, settings.keep);
  if (members.length < 2) {
    const count = members.length === 1 ? 'one trial has' : 'no trial has';
    return { why: `it takes two trials, and ${count} a value and weights that are kept` };
  }
  const stored = await storedEnsemble(folder);
  if (stored?.endedAt === endedAt && stored.members.join() === members.join()) return resultOf(stored);
  const result = { members, splits: await evaluated(folder, members, plan.weights) };
  await writeFile(join(folder.path, 'ensemble.json'), `${JSON.stringify({ ...result, endedAt }, null, 2)}\n`);
  return result;
}

async function evaluated(
  { path, facts }: SweepFolder,
  members: readonly string[],
  weights: 'last' | 'average',
): Promise<EnsembleFacts['splits']> {
  const runs: TrainedRun[] = [];
  try {
    for (const member of members)
      runs.push(await loadRun(member, { state: dirname(path), backend: facts.backend, weights }));
    const splits: EnsembleFacts['splits'] = {};
    for (const split of ['validation', 'test'] as const) {
      try {
        splits[split] = withoutTables(await evaluateEnsemble(runs, { split }));
      } catch (error) {
        // Data without a test split are no failure.
        if (split === 'validation') throw error;
      }
    }
    return splits;
  } finally {
    for (const run of runs) await run.dispose();
  }
}

/** Undefined where there is none, or what is there is none. */
async function storedEnsemble({ path }: SweepFolder): Promise<Stored | undefined> {
  try {
    const stored = JSON.parse(await readFile(join(path, 'ensemble.json'), 'utf8')) as Partial<Stored> | null;
    const isWhole = Array.isArray(stored?.members) && typeof stored.splits === 'object' && stored.endedAt !== undefined;
    return isWhole ? (stored as Stored) : undefined;
  } catch {
    return undefined;
  }
}

function resultOf({ members, splits }: Stored): EnsembleFacts {
  return { members, splits };
}

export function finalEnsembleLines({ members, splits }: EnsembleFacts): string[] {
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
