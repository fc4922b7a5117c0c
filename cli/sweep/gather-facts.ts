/** What a report says of a sweep, gathered from its folder, its store and its log. */
import type { TrialRow } from '../../coordinator/store/rows.js';
import type { SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import { displayPath } from '../foreground.js';
import type { BudgetFacts, SweepFacts } from '../report/sweep-facts.js';
import { isFailure } from '../report/trial-results.js';
import { bestTrials } from './best.js';
import { costOf } from './cost-of.js';
import type { SweepReader } from './open-reader.js';
import { roundsOf } from './rounds.js';
import type { SweepFolder } from './sweep-folder.js';

/** All rows are put into `trials`. */
export async function gatherFacts(folder: SweepFolder, reader: SweepReader, trials: TrialRow[]): Promise<SweepFacts> {
  const snapshot = await reader.sweep();
  const { rows } = await reader.trials({});
  trials.push(...rows);
  const { plan } = reader;
  const { section } = plan;
  const [best] = await bestTrials(reader, 1);
  const rounds = await roundsOf(reader, rows, best);
  const { useful, wasted } = secondsOf(rows);
  const cost = costOf(snapshot);
  return {
    ...{ name: snapshot.name, metric: snapshot.metric, direction: snapshot.direction, weights: plan.weights },
    ...{ state: snapshot.state, reason: snapshot.reason, createdAt: snapshot.createdAt, endedAt: snapshot.endedAt },
    schedule: inWords(section.schedule ?? 'every trial in full'),
    sampler: inWords(section.sampler ?? 'random'),
    space: section.space,
    reproducibility: snapshot.reproducibility,
    rounds: [...rounds.explained, ...(rounds.last ? [rounds.last] : [])],
    edges: rounds.edges,
    budgets: budgetsOf(snapshot),
    ...(cost && { cost }),
    usefulSeconds: useful,
    wastedSeconds: wasted,
    experiment: JSON.stringify(folder.template.experiment),
    command:
      snapshot.reproducibility.kind === 'by replay'
        ? `npx polyak sweep --replay ${displayPath(folder.path)}`
        : (folder.facts.provenance.command ?? 'npx polyak sweep FILE').replace(/^polyak/, 'npx polyak'),
  };
}

/**
 * Wasted is what trials took that came to nothing: they failed, or their numbers were not finite or diverged. Epochs that were
 * trained again, because a process died or an error was tried again, are within what their trial took, and not told apart.
 */
function secondsOf(rows: readonly TrialRow[]): { useful: number; wasted: number } {
  let useful = 0;
  let wasted = 0;
  for (const row of rows) {
    if (isFailure(row)) wasted += row.computeSeconds;
    else useful += row.computeSeconds;
  }
  return { useful, wasted };
}

function budgetsOf({ settings, spent, counts }: SweepSnapshot): BudgetFacts[] {
  const { epochs, time, computeTime, failedTrials } = settings.budget;
  return [
    ...(epochs === undefined ? [] : [{ name: 'epochs', limit: epochs, spent: spent.epochs }]),
    ...(time === undefined ? [] : [{ name: 'time', limit: time, spent: spent.seconds, unit: 'seconds' }]),
    ...(computeTime === undefined
      ? []
      : [{ name: 'compute time', limit: computeTime, spent: spent.computeSeconds, unit: 'seconds' }]),
    ...(failedTrials === undefined ? [] : [{ name: 'failed trials', limit: failedTrials, spent: counts.failed }]),
  ];
}

/** `{ hyperband: { minEpochs: 1, eta: 3 } }` is `hyperband, minEpochs 1, eta 3`. */
function inWords(choice: unknown): string {
  if (typeof choice !== 'object' || choice === null) return String(choice);
  return Object.entries(choice)
    .map(([name, options]) => {
      if (typeof options !== 'object' || options === null) return `${name} ${String(options)}`;
      const members = Object.entries(options as object).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
      return [name, ...members].join(', ');
    })
    .join('; ');
}
