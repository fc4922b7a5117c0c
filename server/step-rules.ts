/** What a trial's experiment says of each step, as the chunks need it: a pure function of the step. */
import type { Experiment } from '../common/experiment/schema.js';
import type { Manifest } from '../common/manifest.js';
import { TrainingPlan } from '../common/plan.js';
import type { ChunkRules, StepRule } from './chunk.js';
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

/** The experiment's one optimizer with its options. */
export function chosenOptimizer(experiment: Experiment): ChosenOptimizer {
  const [name, all] = Object.entries(experiment.optimizer)[0] ?? ['', {}];
  const { learningRate = 0, schedule, warmUp, ...options } = all as { learningRate?: number } & LearningRateSchedule;
  return { optimizer: optimizerNamed(name), options, learningRate, schedule: { schedule, warmUp } };
}

/** The learning rate of a step that counts from 0. */
export function learningRateOf(experiment: Experiment, plan: TrainingPlan, step: number): number {
  const { learningRate, schedule } = chosenOptimizer(experiment);
  return learningRateAt(schedule, learningRate, step, plan.stepsPerEpoch, plan.stepsPerEpoch * experiment.train.epochs);
}

export function stepRules(experiment: Experiment, manifest: Manifest, trainCount: number): ChunkRules {
  const plan = planOf(experiment, trainCount);
  const { optimizer, options } = chosenOptimizer(experiment);
  const clip = experiment.clip;
  const needsTrust = optimizer.updateSquares !== undefined;
  return {
    step(step): StepRule {
      const { leaves, samples } = plan.step(step);
      const rate = learningRateOf(experiment, plan, step);
      return {
        leaves,
        reciprocal: Math.fround(1 / samples),
        clipValue: clip && 'value' in clip ? clip.value : undefined,
        needsScale: (clip !== undefined && 'globalNorm' in clip) || needsTrust,
        needsTrust,
        optimizer: optimizer.name,
        coefficients: optimizer.coefficients(options, step + 1, rate),
        averageDecay: averageDecayAt(experiment.weightAverage.decay, step + 1),
      };
    },
    statisticsMomentum: (tensorIndex) => manifest.statisticsMomentum[tensorIndex - manifest.parameters.length] ?? 0.99,
  };
}
