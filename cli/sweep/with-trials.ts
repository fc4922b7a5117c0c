/** The template of a sweep for the number of trials that the command line gives, which the rounds of coarse to fine follow. */
import type { ExperimentTemplate } from '../../common/experiment/load.js';
import { scaledRounds } from '../../coordinator/search/scaled-rounds.js';

/** Without a number it is as the file says. Errors: `usage` for fewer trials than rounds. */
export function withTrials(template: ExperimentTemplate, trials: number | undefined): ExperimentTemplate {
  const { search } = template;
  const { schedule } = search;
  if (trials === undefined || !schedule || !('coarseToFine' in schedule)) return template;
  const rounds = scaledRounds(schedule.coarseToFine.rounds, trials);
  const scaled = { coarseToFine: { ...schedule.coarseToFine, rounds } };
  return { ...template, search: { ...search, trials, schedule: scaled } };
}
