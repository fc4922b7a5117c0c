/** Successive halving, and Hyperband, which is several brackets of it side by side. */
import { HalvingBracket } from './halving-bracket.js';
import type { SchedulerFactory } from './scheduler.js';

/** Hyperband's brackets need nothing of each other, so all begin at once; their numbers are those of the plan. */
export const successiveHalving: SchedulerFactory = ({ schedule, direction }, table) => {
  if (!('brackets' in schedule)) throw new TypeError(`${schedule.name} has no brackets`);
  const brackets = schedule.brackets.map((bracket, number) => new HalvingBracket(number, bracket, direction, table));
  return {
    begin: () => brackets.map((bracket) => bracket.begin()),
    reached: (trial, value) => brackets[trial.bracket]!.reached(trial, value),
  };
};
