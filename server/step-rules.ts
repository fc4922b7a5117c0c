/** What a trial's experiment says of each step, as the chunks need it: a pure function of the step. */
import type { Experiment } from '../common/experiment/schema.js';
import type { Manifest } from '../common/manifest.js';
import { TrainingPlan } from '../common/plan.js';
import type { ChunkRules, StepRule } from './chunk.js';
import { chosenMethod } from './full-batch/full-batch-method.js';
import type { PlateauOptions } from './plateau.js';
import { learningRateAt, type LearningRateSchedule } from './schedule.js';
import { optimizerNamed, type Optimizer, type OptimizerOptions } from './optimizer/optimizer.js';

/** decay min(decay, (1 + t) / (10 + t)), so that the first steps do not hold the average back. */
export function averageDecayAt(decay: number, step: number): number {
  return Math.min(decay, (1 + step) / (10 + step));
}

export function planOf(experiment: Experiment, trainCount: number): TrainingPlan {
  const { batchSize, microBatchSize } = experiment.train;
  return new TrainingPlan({ trainCount, batchSize, microBatchSize });
}

interface ChosenOptimizer {
  optimizer: Optimizer<OptimizerOptions>;
  options: OptimizerOptions;
  learningRate: number;
  schedule: LearningRateSchedule;
}

/** The experiment's one optimizer with its options. Errors: `usage` where it is a method of full batches. */
export function chosenOptimizer(experiment: Experiment): ChosenOptimizer {
  const [name, all] = Object.entries(experiment.optimizer)[0] ?? ['', {}];
  const { learningRate = 0, schedule, warmUp, ...options } = all as { learningRate?: number } & LearningRateSchedule;
  return { optimizer: optimizerNamed(name), options, learningRate, schedule: { schedule, warmUp } };
}

/** Undefined where the rate is a function of the step alone. */
export function plateauOf(experiment: Experiment): PlateauOptions | undefined {
  if (chosenMethod(experiment)) return undefined;
  const { schedule } = chosenOptimizer(experiment).schedule;
  return schedule && 'reduceOnPlateau' in schedule ? schedule.reduceOnPlateau : undefined;
}

/** Names of the vectors beside the weights, whatever the optimizer is. */
export function slotNamesOf(experiment: Experiment): readonly string[] {
  const chosen = chosenMethod(experiment);
  return chosen ? chosen.method.slots(chosen.options) : chosenOptimizer(experiment).optimizer.slots;
}

/** The learning rate of a step that counts from 0. Not of a method of full batches, which has none. */
export function learningRateOf(experiment: Experiment, plan: TrainingPlan, step: number): number {
  const { learningRate, schedule } = chosenOptimizer(experiment);
  return learningRateAt(schedule, learningRate, step, plan.stepsPerEpoch, plan.stepsPerEpoch * experiment.train.epochs);
}

/** `rateFactor`: what the lead has decided that the learning rate is multiplied by. */
export function stepRules(
  experiment: Experiment,
  manifest: Manifest,
  trainCount: number,
  rateFactor: () => number = () => 1,
): ChunkRules {
  const plan = planOf(experiment, trainCount);
  const ofOptimizer = chosenMethod(experiment) ? ledRule : optimizerRules(experiment, plan, rateFactor);
  const { clip, weightAverage } = experiment;
  return {
    step(step): StepRule {
      const { leaves, samples } = plan.step(step);
      const rule = ofOptimizer(step);
      return {
        ...rule,
        leaves,
        reciprocal: Math.fround(1 / samples),
        clipValue: clip && 'value' in clip ? clip.value : undefined,
        needsScale: (clip !== undefined && 'globalNorm' in clip) || rule.needsTrust || rule.isLed,
        averageDecay: averageDecayAt(weightAverage.decay, step + 1),
      };
    },
    statisticsMomentum: (tensorIndex) => manifest.statisticsMomentum[tensorIndex - manifest.parameters.length] ?? 0.99,
  };
}

type OptimizerRule = Pick<StepRule, 'optimizer' | 'coefficients' | 'isLed' | 'needsTrust'>;

/** What a chunk does is then the lead's word. */
function ledRule(): OptimizerRule {
  return { optimizer: '', coefficients: [], isLed: true, needsTrust: false };
}

function optimizerRules(
  experiment: Experiment,
  plan: TrainingPlan,
  rateFactor: () => number,
): (step: number) => OptimizerRule {
  const { optimizer, options } = chosenOptimizer(experiment);
  return (step) => ({
    optimizer: optimizer.name,
    coefficients: optimizer.coefficients(options, step + 1, learningRateOf(experiment, plan, step) * rateFactor()),
    isLed: false,
    needsTrust: optimizer.updateSquares !== undefined,
  });
}
