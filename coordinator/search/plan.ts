/** A sweep as the decisions need it: everything in steps, and checked. */
import { PolyakError } from '../../common/errors.js';
import type { Schedule, Stopping } from '../../common/experiment/search-schedule-schema.js';
import type { Direction, Space } from './log.js';
import { hyperbandBrackets, hyperbandTrials, rungEpochs, rungSizes } from './rungs.js';

/** What of an experiment decides. */
export interface Judged {
  objective: { metric: string; direction: Direction; weights: 'last' | 'average' };
  weightAverage: { decay: number };
  train: { epochs: number };
  search: { trials: number; space: Space; schedule?: Schedule; stopping?: Stopping };
}

export interface PlannedBracket {
  first: number;
  /** How many trials each rung has at most, and their `untilStep`. */
  rungs: { trials: number; untilStep: number }[];
}

export interface PlannedRound {
  trials: number;
  epochs: number;
  untilStep: number;
}

export type PlannedSchedule =
  | { name: 'full' }
  | { name: 'successiveHalving' | 'hyperband'; brackets: PlannedBracket[] }
  | { name: 'asha'; eta: number; rungs: number[] }
  | { name: 'coarseToFine'; rounds: PlannedRound[]; quantile: number; widen: boolean };

export interface PlannedStopping {
  diverged: { factor: number };
  median?: { fromStep: number; others: number };
  threshold?: { fromStep: number; value: number };
  patience?: { steps: number; change: number };
}

export interface SearchPlan {
  metric: string;
  direction: Direction;
  trials: number;
  space: Space;
  /** Of a training in full. */
  untilStep: number;
  schedule: PlannedSchedule;
  stopping: PlannedStopping;
}

/**
 * `stepsPerEpoch` is that of every trial. Where trials differ in it, because the batch size is drawn, the plan's steps have
 * to be epochs: then it is 1, whoever carries out decisions multiplies, and `optimizerSteps` is the least that an epoch
 * can have. Errors: `usage` where the schedule does not fit the number of trials or epochs, or where trials would be ranked by a
 * running average that is too young.
 */
export function planSearch(judged: Judged, stepsPerEpoch: number, optimizerSteps = stepsPerEpoch): SearchPlan {
  const { objective, train, search } = judged;
  const plan: SearchPlan = {
    metric: objective.metric,
    direction: objective.direction,
    trials: search.trials,
    space: search.space,
    untilStep: train.epochs * stepsPerEpoch,
    schedule: plannedSchedule(judged, stepsPerEpoch),
    stopping: plannedStopping(search.stopping ?? {}, stepsPerEpoch),
  };
  refuseYoungAverage(judged, epochsJudgedAt(plan, stepsPerEpoch), optimizerSteps);
  return plan;
}

function plannedSchedule({ train, search }: Judged, stepsPerEpoch: number): PlannedSchedule {
  const { schedule, trials } = search;
  if (!schedule) return { name: 'full' };
  if ('coarseToFine' in schedule) return plannedRounds(schedule.coarseToFine, { train, trials }, stepsPerEpoch);
  const [name, { minEpochs, eta }] = Object.entries(schedule)[0]!;
  const options = { minEpochs, eta, maxEpochs: train.epochs };
  if (minEpochs > train.epochs) {
    throw usage(`search.schedule.${name}.minEpochs is ${minEpochs}, more than train.epochs, ${train.epochs}`);
  }
  if ('asha' in schedule) {
    return { name: 'asha', eta, rungs: rungEpochs(options).map((epochs) => epochs * stepsPerEpoch) };
  }
  if ('hyperband' in schedule) return plannedHyperband(options, trials, stepsPerEpoch);
  return plannedHalving(options, trials, stepsPerEpoch);
}

type RungOptions = Parameters<typeof rungEpochs>[0];

function plannedHalving(options: RungOptions, trials: number, stepsPerEpoch: number): PlannedSchedule {
  const epochs = rungEpochs(options);
  const sizes = rungSizes(trials, epochs.length, options.eta);
  if (sizes.at(-1) === 0) {
    const needed = options.eta ** (epochs.length - 1);
    const rungs = `rungs of ${epochs.join(', ')} epochs, one in ${options.eta} going on`;
    throw usage(
      `search.trials is ${trials}, too few for ${rungs}: give ${needed} or more, or raise search.schedule.successiveHalving.minEpochs`,
    );
  }
  const rungs = sizes.map((size, rung) => ({ trials: size, untilStep: epochs[rung]! * stepsPerEpoch }));
  return { name: 'successiveHalving', brackets: [{ first: 0, rungs }] };
}

function plannedHyperband(options: RungOptions, trials: number, stepsPerEpoch: number): PlannedSchedule {
  const onePass = hyperbandTrials(options);
  if (trials % onePass !== 0) {
    const below = Math.max(1, Math.floor(trials / onePass));
    const choice = trials < onePass ? `${onePass}` : `${below * onePass} or ${(below + 1) * onePass}`;
    throw usage(
      `search.trials is ${trials}, and Hyperband's brackets (train.epochs ${options.maxEpochs}, eta ${options.eta}) have ${onePass} trials together: give ${choice}`,
    );
  }
  const shapes = Array.from({ length: trials / onePass }, () => hyperbandBrackets(options)).flat();
  let first = 0;
  const brackets = shapes.map(({ rungs }) => {
    const bracket = {
      first,
      rungs: rungs.map((rung) => ({ trials: rung.trials, untilStep: rung.epochs * stepsPerEpoch })),
    };
    first += rungs[0]!.trials;
    return bracket;
  });
  return { name: 'hyperband', brackets };
}

type CoarseToFine = Extract<Schedule, { coarseToFine: unknown }>['coarseToFine'];

function plannedRounds(
  { rounds, quantile, widen }: CoarseToFine,
  { train, trials }: { train: { epochs: number }; trials: number },
  stepsPerEpoch: number,
): PlannedSchedule {
  const sum = rounds.reduce((total, round) => total + round.trials, 0);
  if (sum !== trials) {
    const way = `make them equal, or leave search.trials at ${sum} and let polyak sweep --trials ${trials} scale the rounds`;
    throw usage(`search.trials is ${trials}, and the rounds of coarseToFine have ${sum} together: ${way}`);
  }
  const long = rounds.find(({ epochs }) => epochs > train.epochs);
  if (long) {
    throw usage(`a round of coarseToFine has ${long.epochs} epochs, more than train.epochs, ${train.epochs}`);
  }
  const planned = rounds.map((round) => ({ ...round, untilStep: round.epochs * stepsPerEpoch }));
  return { name: 'coarseToFine', rounds: planned, quantile, widen };
}

function plannedStopping(stopping: Stopping, stepsPerEpoch: number): PlannedStopping {
  const { diverged, median, threshold, patience } = stopping;
  return {
    diverged: { factor: diverged?.factor ?? 3 },
    ...(median && { median: { fromStep: median.fromEpoch * stepsPerEpoch, others: median.trials } }),
    ...(threshold && { threshold: { fromStep: threshold.fromEpoch * stepsPerEpoch, value: threshold.value } }),
    ...(patience && { patience: { steps: patience.epochs * stepsPerEpoch, change: patience.change } }),
  };
}

/**
 * A running average with decay d is made of about the last 1 / (1 - d) steps; before three times as many it still holds
 * more than a twentieth of what it began with, and trials would be ranked by their initial weights.
 */
export function averageMatureStep(decay: number): number {
  return Math.ceil(Number((3 / (1 - decay)).toPrecision(12)));
}

function refuseYoungAverage(
  { objective, weightAverage }: Judged,
  judgedAt: readonly { what: string; epochs: number }[],
  optimizerSteps: number,
): void {
  if (objective.weights !== 'average') return;
  const mature = averageMatureStep(weightAverage.decay);
  const young = judgedAt.find(({ epochs }) => epochs * optimizerSteps < mature);
  if (!young) return;
  const why = `a running average with decay ${weightAverage.decay} means something from step ${mature} on, 3 / (1 - decay)`;
  const advice = `give ${Math.ceil(mature / optimizerSteps)} epochs or more, a lower weightAverage.decay, or objective.weights: last`;
  throw usage(`${young.what} ranks trials by it at step ${young.epochs * optimizerSteps}, but ${why}: ${advice}`);
}

/** Where trials are compared, each kind from its first on. */
function epochsJudgedAt({ schedule, stopping }: SearchPlan, stepsPerEpoch: number) {
  const of = (what: string, step: number | undefined) =>
    step === undefined ? [] : [{ what, epochs: step / stepsPerEpoch }];
  return [
    ...firstRungs(schedule).flatMap((step) => of(`search.schedule.${schedule.name}`, step)),
    ...of('search.stopping.median', stopping.median?.fromStep),
    ...of('search.stopping.threshold', stopping.threshold?.fromStep),
  ];
}

/** A rung or round of the whole training is the user's own length, and is compared with nothing after it. */
function firstRungs(schedule: PlannedSchedule): number[] {
  switch (schedule.name) {
    case 'full':
      return [];
    case 'asha':
      return schedule.rungs.slice(0, -1);
    case 'coarseToFine':
      return schedule.rounds.slice(0, -1).map(({ untilStep }) => untilStep);
    case 'successiveHalving':
    case 'hyperband':
      return schedule.brackets.flatMap(({ rungs }) => rungs.slice(0, -1).map(({ untilStep }) => untilStep));
  }
}

function usage(message: string): PolyakError {
  return new PolyakError('usage', message);
}
