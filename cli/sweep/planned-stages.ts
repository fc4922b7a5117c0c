/** The stages of a sweep as its schedule plans them, without a look at budgets or at what is stopped early. */
import type { PlannedSchedule, SearchPlan } from '../../coordinator/search/plan.js';

export interface Stage {
  /** Such as `round 1` or `bracket 2, rung 3`; `all` without a schedule. */
  name: string;
  trials: number;
  /** That each trial trains in this stage, beyond the stage before. */
  epochs: number;
  /** Its trials go on from a stage before; else they begin in it. */
  isPromotion: boolean;
}

export function stagesOf(plan: SearchPlan): Stage[] {
  const { schedule } = plan;
  switch (schedule.name) {
    case 'full':
      return [{ name: 'all', trials: plan.trials, epochs: plan.untilStep, isPromotion: false }];
    case 'coarseToFine':
      return schedule.rounds.map(({ trials, epochs }, index) => ({
        ...{ name: `round ${index + 1}`, trials, epochs, isPromotion: false },
      }));
    case 'asha':
      return ashaStages(schedule, plan.trials);
    case 'successiveHalving':
    case 'hyperband':
      return schedule.brackets.flatMap(({ rungs }, bracket) =>
        rungs.map(({ trials, untilStep }, rung) => ({
          name: `${schedule.name === 'hyperband' ? `bracket ${bracket + 1}, ` : ''}rung ${rung + 1}`,
          ...{ trials, epochs: untilStep - (rungs[rung - 1]?.untilStep ?? 0), isPromotion: rung > 0 },
        })),
      );
  }
}

/** As many as can be promoted, when all have their results. */
function ashaStages({ rungs, eta }: PlannedSchedule & { name: 'asha' }, trials: number): Stage[] {
  return rungs.map((until, rung) => ({
    name: `rung ${rung + 1}`,
    trials: Math.floor(trials / eta ** rung),
    ...{ epochs: until - (rungs[rung - 1] ?? 0), isPromotion: rung > 0 },
  }));
}
