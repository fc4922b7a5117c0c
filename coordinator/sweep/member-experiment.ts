/** What one of a trial's runs trains: its fold, its repetition. */
import type { Experiment } from '../../common/experiment/schema.js';
import type { CrossValidation } from '../../common/experiment/search-limits-schema.js';
import { CounterRandom, Purpose } from '../../common/random.js';

/**
 * `member` is repetition · folds + fold. Samples are held out by the trial's own seed in every member, so that the folds of all
 * trials are the same, and repetitions differ in what is drawn for the training: first weights, order, augmentation, dropout.
 */
export function memberExperiment(
  experiment: Experiment,
  crossValidation: CrossValidation | undefined,
  member: number,
): Experiment {
  if (!crossValidation) return experiment;
  const { folds = 1, stratified } = crossValidation;
  const [fold, repetition] = [member % folds, Math.floor(member / folds)];
  const { data, seed } = experiment;
  const validation = folds === 1 ? {} : { validation: { fold, of: folds, stratified } };
  if (repetition === 0) return { ...experiment, data: { ...data, ...validation } };
  const splits = { ...data, ...validation, seed: data.seed ?? seed };
  return { ...experiment, data: splits, seed: seedOfRepetition(seed, repetition) };
}

/** The first 53 bits of the stream of (seed, repetition). */
export function seedOfRepetition(seed: number, repetition: number): number {
  const random = new CounterRandom(seed, Purpose.repetition, repetition);
  const high = random.uint32() >>> 11;
  return high * 2 ** 32 + random.uint32();
}
