/**
 * `polyak best --refit`: is the winner better than luck? The best trial's hyperparameters are trained again with other seeds, on the
 * same samples, and its value is set beside what they reach; then they are trained on all data, validation included, with
 * each seed, and these runs are the sweep's result.
 */
import { TrainingDiverged } from '../../common/error-classes.js';
import { PolyakError } from '../../common/errors.js';
import { averageOf } from '../../common/experiment/metrics.js';
import type { Experiment } from '../../common/experiment/schema.js';
import { CounterRandom, Purpose } from '../../common/random.js';
import type { TrialRow } from '../../coordinator/store/rows.js';
import { train, type TrainResult } from '../training-run.js';
import { bestTrials } from './best.js';
import { openReader, type SweepReader } from './open-reader.js';
import { refitExperiments, type ValidationIs } from './refit-experiments.js';
import { equalsOf, spreadOf, verdictOf, type Spread, type Verdict } from './refit-verdict.js';
import type { SweepFolder } from './sweep-folder.js';

export interface RefitOptions {
  state: string;
  seeds: number;
  workers?: number;
  say: (text: string) => void;
}

export interface Refit {
  trial: number;
  metric: string;
  /** What the sweep chose it by. */
  value: number;
  /** The epoch that value is of; those of other seeds are of the same. */
  epoch: number;
  /** How many trainings each value is the mean of: one for each fold. */
  folds: number;
  /** The same hyperparameters and samples with other seeds. */
  again: Spread;
  /** So many of the other seeds came to no value. */
  diverged: number;
  verdict: Verdict;
  /** Trials that the sweep ranked below it by less than two deviations of the seeds: no worse, as far as can be told. */
  equals: number[];
  /** The runs at the end, one a seed. */
  runs: { id: string; folder: string; seed: number; test: Record<string, number | null> | null }[];
  /** Of the objective's metric and weights over those runs on the test split; null where there is none. */
  test: Spread | null;
  /** What became of the validation samples in those runs. */
  validation: ValidationIs;
}

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
  const { folds, repeats, validation, validated, whole } = refitExperiments(experiment, plan.section.crossValidation);
  const name = metric.replace(/^validation\./, '');
  const seeds = otherSeeds(experiment.seed, options.seeds);
  const trainer = new Trainer(folder, options);
  const values: number[] = [];
  for (const seed of seeds) {
    const reached: number[] = [];
    for (const [fold, each] of validated(seed).entries()) {
      const which = folds === 1 ? '' : `, fold ${fold + 1} of ${folds}`;
      const trained = await trainer.train(each, `validated with seed ${seed}${which}`);
      const scored = trained?.scores.get(best.epoch)?.[name];
      if (typeof scored !== 'number') break;
      reached.push(scored);
    }
    if (reached.length === folds) values.push(spreadOf(reached).mean);
  }
  const again = spreadOf(values);
  const diverged = seeds.length - values.length;
  const runs: Refit['runs'] = [];
  for (const seed of [experiment.seed, ...seeds.slice(0, -1)]) {
    const what = validation === 'included' ? 'on all data' : 'again';
    const trained = await trainer.train(whole(seed), `${what} with seed ${seed}`);
    if (trained) runs.push({ id: trained.id, folder: trained.folder, seed, test: trained.test });
  }
  const judged = { value, direction, repeats };
  const testName = plan.weights === 'average' ? averageOf(name) : name;
  const tested = runs.flatMap(({ test }) => (typeof test?.[testName] === 'number' ? [test[testName]] : []));
  return {
    ...{ trial: best.number, metric, value, epoch: best.epoch, folds, again, diverged, runs, validation },
    verdict: verdictOf(judged, again, diverged),
    equals: equalsOf(ranked, judged, again),
    test: tested.length > 0 ? spreadOf(tested) : null,
  };
}

interface Trained extends TrainResult {
  /** Of the validation split, by epoch: a trial may have been judged before its training's end. */
  scores: Map<number, Record<string, number | null>>;
}

/** Each training is a run of its own, in the state folder. */
class Trainer {
  constructor(
    private readonly folder: SweepFolder,
    private readonly options: RefitOptions,
  ) {}

  /** Undefined where it diverges, which is told. */
  async train(experiment: Experiment, what: string): Promise<Trained | undefined> {
    const { folder, options } = this;
    const { state, workers, say } = options;
    const { backend, shards } = folder.facts;
    const named = { ...experiment, name: `${folder.template.experiment['name'] as string}-refit`.slice(0, 63) };
    const run = train(named, { state, backend, shards, ...(workers !== undefined && { workers }) });
    const scores: Trained['scores'] = new Map();
    for await (const event of run.events) {
      if (event.event === 'epoch' && event.validation) scores.set(event.epoch, event.validation);
    }
    try {
      const result = await run.result;
      say(`${result.id}: ${what}`);
      return { ...result, scores };
    } catch (error) {
      if (!(error instanceof TrainingDiverged)) throw error;
      say(`${(await run.created).id}: ${what}, diverged: ${error.message}`);
      return undefined;
    }
  }
}

/** Counted by the generator that all else is drawn by, so that a refit of the same sweep is the same. */
export function otherSeeds(seed: number, count: number): number[] {
  const random = new CounterRandom(seed, Purpose.refit);
  return Array.from({ length: Math.max(0, count) }, () => random.integer(2 ** 31));
}

const verdicts: Readonly<Record<Verdict, string>> = {
  confirmed: 'other seeds confirm it',
  lucky: 'the sweep chose a lucky seed: expect what the other seeds give',
  unstable: 'other seeds diverge: do not trust it, and look for a smaller learning rate',
  unknown: 'one seed does not tell how much is luck; give --seeds 3',
};

const ways: Readonly<Record<ValidationIs, string>> = {
  included: 'trained on all data, validation included',
  apart: 'trained again (the validation data lie apart and stay out)',
  needed: 'trained again (reduceOnPlateau follows the validation samples, which stay out)',
};

export function refitLines({ trial, metric, value, again, verdict, equals, runs, test, ...more }: Refit): string[] {
  const { folds, diverged, validation } = more;
  const of = folds === 1 ? '' : `, each the mean of ${folds} folds`;
  const lost = diverged > 0 ? `, ${diverged} diverged` : '';
  const reached = again.values.length === 0 ? 'nothing' : spreadText(again, `${of}${lost}`);
  const lines = [
    `trial ${trial}: ${metric} ${value.toFixed(4)} in the sweep, ${reached} with other seeds: ${verdicts[verdict]}`,
  ];
  if (equals.length > 0) {
    const shown = equals.slice(0, 10).join(', ');
    lines.push(
      `not told apart from it by this noise: ${equals.length} more trials (${shown}${equals.length > 10 ? ', …' : ''})`,
    );
  }
  lines.push(`${ways[validation]}: ${runs.map(({ id }) => id).join(', ') || 'no run has come to its end'}`);
  if (test) lines.push(`test ${metric.replace(/^validation\./, '')}  ${spreadText(test)}`);
  return lines;
}

function spreadText({ mean, deviation, values }: Spread, more = ''): string {
  const seeds = `${values.length} seed${values.length === 1 ? '' : 's'}`;
  return `${mean.toFixed(4)}${deviation === null ? '' : ` ± ${deviation.toFixed(4)}`} (${seeds}${more})`;
}
