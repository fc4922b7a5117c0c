/** No schedule: every trial is trained in full. For random, grid, Sobol and list. */
import type { SchedulerFactory } from './scheduler.js';

export const full: SchedulerFactory = ({ trials, untilStep }) => ({
  begin: () => [{ type: 'create', first: 0, count: trials, bracket: 0, untilStep, saw: {} }],
  reached: () => [],
});
