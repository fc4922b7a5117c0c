/**
 * What `polyak best --refit` trains: a trial's experiment with other seeds, validated as the sweep did it, and then on as much of
 * the data as there is. Experiments out of an experiment; nothing here trains.
 */
import type { Experiment } from '../../common/experiment/schema.js';
import type { CrossValidation } from '../../common/experiment/search-limits-schema.js';
import { memberExperiment } from '../../coordinator/sweep/member-experiment.js';

/** What becomes of the validation samples in the last trainings. */
export type ValidationIs =
  /** They are trained on: they were held out of the training samples. */
  | 'included'
  /** They stay out: they are data of their own, which the experiment names. */
  | 'apart'
  /** They stay out: a rate that is reduced on a plateau follows them. */
  | 'needed';

export interface RefitExperiments {
  /** How many trainings make a value: one for each fold, of which it is the mean, or one. */
  folds: number;
  /** How many of those the sweep's own value is the mean of. */
  repeats: number;
  validation: ValidationIs;
  /** By the seed; their validation samples are the sweep's. */
  validated: (seed: number) => Experiment[];
  whole: (seed: number) => Experiment;
}

/** `experiment` is that of any of the trial's runs that has its seed: its first. */
export function refitExperiments(
  experiment: Experiment,
  crossValidation: CrossValidation | undefined,
): RefitExperiments {
  const { folds, repeats = 1, stratified = true } = crossValidation ?? {};
  // Other seeds are to change what is drawn for the training, not which samples it is of.
  const fixed = { ...experiment, data: { ...experiment.data, seed: experiment.data.seed ?? experiment.seed } };
  const validation = validationOf(experiment);
  const whole = validation === 'included' ? { ...fixed, data: { ...fixed.data, validation: 0 } } : fixed;
  return {
    ...{ folds: folds ?? 1, repeats, validation },
    validated: (seed) =>
      Array.from({ length: folds ?? 1 }, (_, fold) => {
        const own = folds === undefined ? fixed : memberExperiment(fixed, { folds, stratified }, fold);
        return { ...own, seed };
      }),
    whole: (seed) => ({ ...(whole as Experiment), seed }),
  };
}

function validationOf({ data: { validation }, optimizer }: Experiment): ValidationIs {
  const isHeldOut = typeof validation === 'number' || (typeof validation === 'object' && 'fold' in validation);
  if (!isHeldOut) return 'apart';
  const followsIt = Object.values(optimizer).some(
    (options: object) => 'schedule' in options && isOnPlateau(options.schedule),
  );
  return followsIt ? 'needed' : 'included';
}

function isOnPlateau(schedule: unknown): boolean {
  return typeof schedule === 'object' && schedule !== null && 'reduceOnPlateau' in schedule;
}
