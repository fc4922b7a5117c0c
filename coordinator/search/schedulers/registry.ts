/** Every schedule by its name in the plan, and what makes its table depend on the order of arrival. */
import type { PlannedSchedule } from '../plan.js';
import { asha } from './asha.js';
import { coarseToFine } from './coarse-to-fine.js';
import { full } from './full.js';
import type { SchedulerFactory } from './scheduler.js';
import { successiveHalving } from './successive-halving.js';

export interface ScheduleFacts {
  create: SchedulerFactory;
  /** Why another arrival gives another table; undefined where it does not. */
  dependsOnArrival?: string;
}

export const schedules: Record<PlannedSchedule['name'], ScheduleFacts> = {
  full: { create: full },
  successiveHalving: { create: successiveHalving },
  hyperband: { create: successiveHalving },
  asha: { create: asha, dependsOnArrival: 'asha promotes by the results that are there when a worker asks' },
  coarseToFine: { create: coarseToFine },
};
