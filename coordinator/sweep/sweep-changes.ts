/** Which changes of a sweep's trials its search can take: those that it has not decided upon already. */
import { PolyakError } from '../../common/errors.js';
import type { RunRow, TrialRow } from '../store/rows.js';
import type { Sweep } from './sweep.js';
import { requireCountable } from './trial-plan.js';

type Searched = Pick<Sweep, 'plan' | 'row' | 'settings' | 'isRepetition'>;

/** Errors: `usage`, with the way out. */
export function requireExtensible({ plan, row, settings, isRepetition }: Searched, trials: number): void {
  const { schedule } = plan.search;
  const { sampler = 'random' } = plan.section;
  const samplerName = typeof sampler === 'string' ? sampler : (Object.keys(sampler)[0] ?? '');
  const refuse = (why: string) => {
    throw new PolyakError('usage', `trials=${trials}: ${row.name} ${why}`);
  };
  const another = `begin another sweep: polyak sweep FILE --trials ${trials}`;
  if (isRepetition) refuse('repeats another sweep, and has as many trials as that');
  requireCountable(trials);
  if (trials < settings.trials) {
    refuse(
      `has ${settings.trials} trials, and they can only become more; 'polyak stop ${row.name}' ends it before all are over`,
    );
  }
  if (schedule.name !== 'full' && schedule.name !== 'asha') {
    refuse(`has its rungs and rounds made for ${settings.trials} trials by ${schedule.name}; ${another}`);
  }
  if (samplerName !== 'random' && samplerName !== 'sobol') {
    refuse(`has its points made for ${settings.trials} trials by ${samplerName}; ${another}`);
  }
}

/** Errors: `usage`, with the way out. */
export function requireRetriable(
  sweep: Searched,
  trial: Pick<TrialRow, 'number' | 'status'>,
  runs: readonly RunRow[],
): void {
  const { schedule } = sweep.plan.search;
  const { name } = sweep.row;
  const refuse = (why: string) => {
    throw new PolyakError('usage', `${name}/${trial.number} ${why}`);
  };
  if (trial.status !== 'failed') refuse(`is ${trial.status}, only a trial that has failed can be tried again`);
  if (sweep.isRepetition) refuse('repeats a stored trial; begin the repetition again');
  const alone = `train it alone: polyak train ${sweep.row.directory}/trials/${trial.number}/experiment.json, after polyak show ${name}/${trial.number}`;
  if (schedule.name !== 'full') refuse(`failed, and ${schedule.name} has decided on that already; ${alone}`);
  if (runs.some(({ state }) => state === 'diverged')) {
    refuse('diverged, and would do so again: its numbers follow from its experiment');
  }
}
