/** Which changes of a sweep's trials its search can take: those that it has not decided upon already. */
import { isDeepStrictEqual } from 'node:util';
import { PolyakError } from '../../common/errors.js';
import type { RunRow, SweepRow, TrialRow } from '../store/rows.js';
import type { SweepBooks } from './sweep-books.js';
import type { SweepSettings } from './sweep-settings.js';
import { requireCountable } from './trial-plan.js';

type Searched = Pick<SweepBooks, 'plan' | 'settings' | 'isRepetition'> & { row: Readonly<SweepRow> };

/** Errors: `usage`, with the way out. */
export function requireExtensible(
  { plan, row, settings, isRepetition, refusalOfMore }: Searched & Pick<SweepBooks, 'refusalOfMore'>,
  trials: number,
): void {
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
  if (refusalOfMore !== undefined) refuse(`${refusalOfMore}; ${another}`);
  if (samplerName !== 'random' && samplerName !== 'sobol') {
    refuse(`has its points made for ${settings.trials} trials by ${samplerName}; ${another}`);
  }
}

/** Errors: `usage` for a budget of a repetition, which ends where what it repeats ended. */
export function requireNoBudget({ row, settings, isRepetition }: Searched, { budget }: SweepSettings): void {
  if (!isRepetition || isDeepStrictEqual(budget, settings.budget)) return;
  throw new PolyakError(
    'usage',
    `budget: ${row.name} repeats another sweep and ends where that ended; 'polyak stop ${row.name}' ends it before`,
  );
}

/** Errors: `usage` where nothing is left to be done. */
export function requireUnhalted({ row }: Searched, isHalted: boolean): void {
  const { name, state } = row;
  if (state === 'finished') throw new PolyakError('usage', `${name} has finished; there is nothing to resume`);
  if (!isHalted) return;
  throw new PolyakError('usage', `${name} is as far as what it repeats, which was halted there; resume that one`);
}

/** Errors: `usage`, with the way out. */
export function requireRetriable(
  sweep: Searched,
  trial: Pick<TrialRow, 'number' | 'status' | 'reason'>,
  runs: readonly RunRow[],
): void {
  const { schedule } = sweep.plan.search;
  const { name } = sweep.row;
  const refuse = (why: string) => {
    throw new PolyakError('usage', `${name}/${trial.number} ${why}`);
  };
  if (trial.status !== 'failed') refuse(`is ${trial.status}, only a trial that has failed can be tried again`);
  if (sweep.isRepetition) refuse('repeats a stored trial; begin the repetition again');
  if (schedule.name !== 'full')
    refuse(`failed, and ${schedule.name} has decided on that already; ${aloneText(sweep, trial.number)}`);
  if (runs.length === 0) refuse(`failed before it was trained, and would do so again: ${trial.reason ?? ''}`);
  if (runs.some(({ state }) => state === 'diverged')) {
    refuse('diverged, and would do so again: its numbers follow from its experiment');
  }
}

/** In words, how one that has failed for want of its checkpoint is trained from its beginning. */
export function wayToTrainAgain(sweep: Searched, trial: number): string {
  const mayRetry = sweep.plan.search.schedule.name === 'full' && !sweep.isRepetition;
  return mayRetry ? `'polyak retry ${sweep.row.name}/${trial}' trains it from its beginning` : aloneText(sweep, trial);
}

function aloneText({ row: { name, directory } }: Searched, trial: number): string {
  return `train it alone: polyak train ${directory}/trials/${trial}/experiment.json, after polyak show ${name}/${trial}`;
}
