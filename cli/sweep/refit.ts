/**
 * `polyak best --refit`: is the winner better than luck? The best trial's hyperparameters are trained again with other seeds, on the
 * same samples, and its value is set beside what they reach; then they are trained on all data, validation included, with
 * each seed, and these runs are the sweep's result.
 */
import { PolyakError } from '../../common/errors.js';
import type { Experiment } from '../../common/experiment/schema.js';
import { CounterRandom, Purpose } from '../../common/random.js';
import type { TrialRow } from '../../coordinator/store/rows.js';
import { train, type TrainResult } from '../training-run.js';
import { bestTrials } from './best.js';
import { openReader, type SweepReader } from './open-reader.js';
import type { SweepFolder } from './sweep-folder.js';

export interface RefitOptions {
  state: string;
  seeds: number;
  workers?: number;
  say: (text: string) => void;
}

export interface Spread {
  mean: number;
  /** By n - 1; null of one. */
  deviation: number | null;
  values: number[];
}

export interface Refit {
  trial: number;
  metric: string;
  /** What the sweep chose it by. */
  value: number;
  /** The same hyperparameters and samples with other seeds. */
  again: Spread;
  verdict: Verdict;
  /** Trials that the sweep ranked below it by less than two deviations of the seeds: no worse, as far as can be told. */
  equals: number[];
  /** The runs on all data, one a seed. */
  runs: { id: string; folder: string; seed: number; test: Record<string, number | null> | null }[];
  /** Of the objective's metric over those runs on the test split; null where there is none. */
  test: Spread | null;
  /** Whether the validation samples could be put to the training samples. */
  onAllData: boolean;
}

export type Verdict =
  /** Its value is within two deviations of what other seeds give. */
  | 'confirmed'
  /** Other seeds stay more than two deviations below it. */
  | 'lucky'
  /** One seed has no deviation. */
  | 'unknown';

/** Errors: `usage` where no trial has a value; those of training. */
export async function refit(folder: SweepFolder, options: RefitOptions): Promise<Refit> {
  const reader = await openReader(folder);
  try {
    const ranked = await bestTrials(reader, 1000);
    const [best] = ranked;
    if (!best || best.value === null) throw new PolyakError('usage', `${folder.facts.name}: no trial has a value yet`);
    return await refitTrial(folder, reader, { best, ranked, value: best.value }, options);
  } finally {
    await reader.close();
  }
}

async function refitTrial(
  folder: SweepFolder,
  { plan }: SweepReader,
  { best, ranked, value }: { best: TrialRow; ranked: readonly TrialRow[]; value: number },
  options: RefitOptions,
): Promise<Refit> {
  const { metric, direction } = plan.search;
  const experiment = JSON.parse(plan.experimentOf(best.parameters, 0)) as Experiment;
  const name = metric.replace(/^validation\./, '');
  const values: number[] = [];
  for (const seed of otherSeeds(experiment.seed, options.seeds)) {
    const { validation } = await trained(folder, { ...experiment, seed }, options, `validated with seed ${seed}`);
    const reached = validation?.[name];
    if (typeof reached === 'number') values.push(reached);
  }
  const again = spreadOf(values);
  const onAllData = typeof experiment.data.validation !== 'object';
  const whole = onAllData
    ? { ...experiment, data: { ...experiment.data, validation: 0 } as Experiment['data'] }
    : experiment;
  const runs: Refit['runs'] = [];
  for (const seed of [experiment.seed, ...otherSeeds(experiment.seed, options.seeds - 1)]) {
    const result = await trained(
      folder,
      { ...whole, seed },
      options,
      `${onAllData ? 'on all data' : 'again'} with seed ${seed}`,
    );
    runs.push({ id: result.id, folder: result.folder, seed, test: result.test });
  }
  const tested = runs.flatMap(({ test }) => (typeof test?.[name] === 'number' ? [test[name]] : []));
  return {
    ...{ trial: best.number, metric, value, again, runs, onAllData },
    verdict: verdictOf(value, again, direction),
    equals: equalsOf(ranked, again, value),
    test: tested.length > 0 ? spreadOf(tested) : null,
  };
}

async function trained(
  folder: SweepFolder,
  experiment: Experiment,
  { state, workers, say }: RefitOptions,
  what: string,
): Promise<TrainResult> {
  const { backend, shards } = folder.facts;
  const named = { ...experiment, name: `${folder.template.experiment['name'] as string}-refit`.slice(0, 63) };
  const result = await train(named, { state, backend, shards, ...(workers !== undefined && { workers }) }).result;
  say(`${result.id}: ${what}`);
  return result;
}

/** Counted by the generator that all else is drawn by, so that a refit of the same sweep is the same. */
export function otherSeeds(seed: number, count: number): number[] {
  const random = new CounterRandom(seed, Purpose.refit);
  return Array.from({ length: Math.max(0, count) }, () => random.integer(2 ** 31));
}

export function verdictOf(value: number, { mean, deviation }: Spread, direction: 'maximise' | 'minimise'): Verdict {
  if (deviation === null) return 'unknown';
  const above = direction === 'maximise' ? value - mean : mean - value;
  return above > 2 * deviation ? 'lucky' : 'confirmed';
}

function equalsOf(ranked: readonly TrialRow[], { deviation }: Spread, value: number): number[] {
  if (deviation === null) return [];
  return ranked
    .slice(1)
    .filter((row) => row.value !== null && Math.abs(row.value - value) < 2 * deviation)
    .map(({ number }) => number);
}

export function spreadOf(values: number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null, values };
}

export function refitLines({ trial, metric, value, again, verdict, equals, runs, test, onAllData }: Refit): string[] {
  const spread = ({ mean, deviation, values }: Spread) =>
    `${mean.toFixed(4)}${deviation === null ? '' : ` ± ${deviation.toFixed(4)}`} (${values.length} seeds)`;
  const judged = {
    confirmed: 'other seeds confirm it',
    lucky: 'the sweep chose a lucky seed: expect what the other seeds give',
    unknown: 'one seed does not tell how much is luck; give --seeds 3',
  }[verdict];
  const lines = [
    `trial ${trial}: ${metric} ${value.toFixed(4)} in the sweep, ${spread(again)} with other seeds: ${judged}`,
  ];
  if (equals.length > 0) {
    const shown = equals.slice(0, 10).join(', ');
    lines.push(
      `not told apart from it by this noise: ${equals.length} more trials (${shown}${equals.length > 10 ? ', …' : ''})`,
    );
  }
  const where = onAllData
    ? 'trained on all data, validation included'
    : 'trained again (the validation data lie apart and stay out)';
  lines.push(`${where}: ${runs.map(({ id }) => id).join(', ')}`);
  if (test) lines.push(`test ${metric.replace(/^validation\./, '')}  ${spread(test)}`);
  return lines;
}
