/** Sweeps for tests: what of an experiment decides, with what the test is not about filled in. */
import { scheduleSchema, stoppingSchema } from '../../common/experiment/search-schedule-schema.js';
import type { Direction, Space } from '../../coordinator/search/log.js';
import { planSearch, type Judged, type SearchPlan } from '../../coordinator/search/plan.js';

export interface SweepOptions {
  trials: number;
  epochs: number;
  direction?: Direction;
  weights?: 'last' | 'average';
  decay?: number;
  space?: Space;
  /** As written in an experiment file. */
  schedule?: unknown;
  stopping?: unknown;
}

export function searchOf(options: SweepOptions): Judged {
  const { trials, epochs, direction = 'maximise', weights = 'last', decay = 0.995, space = {} } = options;
  return {
    objective: { metric: 'validation.accuracy', direction, weights },
    weightAverage: { decay },
    train: { epochs },
    search: {
      ...{ trials, space },
      ...(options.schedule !== undefined && { schedule: scheduleSchema.parse(options.schedule) }),
      ...(options.stopping !== undefined && { stopping: stoppingSchema.parse(options.stopping) }),
    },
  };
}

export function planOf(options: SweepOptions, stepsPerEpoch = 1, optimizerSteps = stepsPerEpoch): SearchPlan {
  return planSearch(searchOf(options), stepsPerEpoch, optimizerSteps);
}
