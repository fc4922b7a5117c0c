/** No schedule: every trial is trained in full. For random, grid, Sobol and list. */
import type { Decision } from '../log.js';
import type { SchedulerFactory } from './scheduler.js';

export const full: SchedulerFactory = (plan) => {
  let created = 0;
  const createUntil = (trials: number): Decision[] => {
    const first = created;
    created = trials;
    return [{ type: 'create', first, count: trials - first, bracket: 0, untilStep: plan.untilStep, saw: {} }];
  };
  return { begin: () => createUntil(plan.trials), reached: () => [], extend: createUntil };
};
