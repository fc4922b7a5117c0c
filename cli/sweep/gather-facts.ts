/** What a report says of a sweep, gathered from its folder, its store and its log. */
import type { Distribution } from '../../common/experiment/search-schema.js';
import type { Create, LogEntry } from '../../coordinator/search/log.js';
import { narrowSpace } from '../../coordinator/search/narrow-space.js';
import { edgeText } from '../../coordinator/search/round-explanation.js';
import type { TrialRow } from '../../coordinator/store/rows.js';
import type { SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import type { TrialPlan } from '../../coordinator/sweep/trial-plan.js';
import { displayPath } from '../foreground.js';
import type { BudgetFacts, CostFacts, SweepFacts } from '../report/sweep-facts.js';
import { bestTrials } from './best.js';
import type { SweepReader } from './open-reader.js';
import type { SweepFolder } from './sweep-folder.js';

/** All rows are put into `trials`. */
export async function gatherFacts(folder: SweepFolder, reader: SweepReader, trials: TrialRow[]): Promise<SweepFacts> {
  const snapshot = await reader.sweep();
  const { rows } = await reader.trials({});
  trials.push(...rows);
  const creates = createsOf(await reader.log());
  const { plan } = reader;
  const { section } = plan;
  const [best] = await bestTrials(reader, 1);
  const { useful, wasted } = secondsOf(rows);
  const cost = costOf(snapshot);
  return {
    ...{ name: snapshot.name, metric: snapshot.metric, direction: snapshot.direction, weights: plan.weights },
    ...{ state: snapshot.state, reason: snapshot.reason, createdAt: snapshot.createdAt, endedAt: snapshot.endedAt },
    schedule: inWords(section.schedule ?? 'every trial in full'),
    sampler: inWords(section.sampler ?? 'random'),
    space: section.space,
    reproducibility: snapshot.reproducibility,
    rounds: creates.flatMap(({ explanation }) => (explanation ? [explanation] : [])),
    edges: best ? edgesOf(plan, creates, best) : [],
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

function createsOf(log: readonly LogEntry[]): Create[] {
  return log.flatMap((entry) => ('decision' in entry && entry.decision.type === 'create' ? [entry.decision] : []));
}

/** Those of the best trial's parameters that lie at a bound of what it was drawn from. */
export function edgesOf(
  plan: TrialPlan,
  creates: readonly Create[],
  best: Pick<TrialRow, 'number' | 'parameters'>,
): string[] {
  const create = creates.find(({ first, count }) => best.number >= first && best.number < first + count);
  const space: Record<string, Distribution> = create?.space ?? plan.section.space;
  const { edges } = narrowSpace(space, [best.parameters], { quantile: 1, widen: false, outer: plan.section.space });
  return edges.map((edge) => edgeText(edge, false));
}

/** Of trials that were begun for nothing: they failed, or diverged. */
function secondsOf(rows: readonly TrialRow[]): { useful: number; wasted: number } {
  let useful = 0;
  let wasted = 0;
  for (const { status, value, computeSeconds } of rows) {
    if (status === 'failed' || (status === 'stopped' && value === null)) wasted += computeSeconds;
    else useful += computeSeconds;
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

/** Projected by what a trial has cost so far. */
export function costOf({ settings, spent, counts, trials }: SweepSnapshot): CostFacts | undefined {
  const { price } = settings;
  if (price === undefined) return undefined;
  const cost = (spent.computeSeconds / 3600) * price;
  const over = counts.finished + counts.stopped + counts.failed;
  const isDone = trials === null || over === 0 || over >= trials;
  return { pricePerWorkerHour: price, spent: cost, projected: isDone ? null : (cost / over) * trials };
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
