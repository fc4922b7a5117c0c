/**
 * What `polyak validate` says of a sweep before it runs: a trial, which stands for all of them, whether the schedule fits,
 * and what is most likely a slip. Draws values, and trains nothing.
 */
import { PolyakError } from '../common/errors.js';
import { valueAt } from '../common/experiment/described.js';
import { substitute, type ExperimentTemplate } from '../common/experiment/load.js';
import type { Experiment } from '../common/experiment/schema.js';
import type { Search } from '../common/experiment/search-schema.js';
import type { Hyperparameters } from '../coordinator/search/hyperparameters.js';
import { planSearch } from '../coordinator/search/plan.js';
import { samplerFor } from '../coordinator/search/sampler-registry.js';
import type { DataCounts } from './model-outline.js';

export interface ValidatedSweep {
  search: Search;
  /** The first that is right; undefined where none of those that were tried is, of which a warning tells. */
  trial: ValidTrial | undefined;
  warnings: string[];
}

export interface ValidTrial {
  number: number;
  /** What it has drawn, by parameter. */
  drawn: Hyperparameters['columns'];
  /** With the search. */
  experiment: Experiment;
}

interface WrongTrial extends Omit<ValidTrial, 'experiment'> {
  errors: string[];
}

const triedMax = 20;

/**
 * An error that every trial has, whatever it has drawn, is one of the file; one that comes with what is drawn is a
 * warning, because other trials may be right. Errors: `usage`, also where the schedule does not fit.
 */
export function validateSweep(template: ExperimentTemplate): ValidatedSweep {
  const { search, warnings } = template;
  const { trial, wrong } = tryTrials(template);
  const [first] = wrong;
  const shared = trial
    ? []
    : (first?.errors ?? []).filter((line) => wrong.every(({ errors }) => errors.includes(line)));
  if (shared.length > 0) throw new PolyakError('usage', shared.join('\n'));
  // No data so far: a running average of endlessly many steps is old enough anywhere.
  if (trial) planSearch({ ...trial.experiment, search }, 1, Infinity);
  return { search, trial, warnings: first ? [...warnings, warningOf(first)] : warnings };
}

/** Until one is right. */
function tryTrials(template: ExperimentTemplate): { trial: ValidTrial | undefined; wrong: WrongTrial[] } {
  const { search, list } = template;
  const sampler = samplerFor(search, seedOf(template), list);
  const wrong: WrongTrial[] = [];
  for (let number = 0; number < Math.min(triedMax, sampler.size ?? triedMax); number += 1) {
    const trial = tryTrial(template, number, sampler.draw(number));
    if ('experiment' in trial) return { trial, wrong };
    wrong.push(trial);
  }
  return { trial: undefined, wrong };
}

function tryTrial(
  { value, folder, search }: ExperimentTemplate,
  number: number,
  { parameters, columns: drawn }: Hyperparameters,
): ValidTrial | WrongTrial {
  try {
    return { number, drawn, experiment: { ...substitute(value, parameters, folder), search } };
  } catch (error) {
    if (!(error instanceof PolyakError)) throw error;
    return { number, drawn, errors: error.message.split('\n') };
  }
}

function warningOf({ number, drawn, errors }: WrongTrial): string {
  return `trial ${number}, ${shownDrawn(drawn)}, would fail: ${errors.join('; ')}`;
}

/** Errors: `usage` where trials would be ranked by a running average that is too young, by the steps of this trial. */
export function requireMatureAverage(search: Search, experiment: Experiment, data: DataCounts): void {
  const folds = search.crossValidation?.folds;
  planSearch({ ...experiment, search }, 1, stepsPerEpoch(experiment, folds, data));
}

function stepsPerEpoch({ train }: Experiment, folds: number | undefined, data: DataCounts): number {
  return Math.ceil(mostTrainedOn(data, folds) / train.batchSize);
}

/** The samples of the training split; of folds, whose sizes may differ by one, all but the smallest fold. */
export function mostTrainedOn({ train, validation }: DataCounts, folds: number | undefined): number {
  const all = train + validation;
  return folds === undefined ? train : all - Math.floor(all / folds);
}

/** `rate=0.01, width=64` */
export function shownDrawn(drawn: ValidTrial['drawn']): string {
  const values = Object.entries(drawn).map(([name, value]) => `${name}=${value}`);
  return values.length === 0 ? 'which draws nothing' : values.join(', ');
}

/** A trial may draw its own, but what is drawn follows from the one of the file. */
function seedOf({ value }: ExperimentTemplate): number {
  const seed = valueAt(value, ['seed']);
  return typeof seed === 'number' ? seed : 1;
}
