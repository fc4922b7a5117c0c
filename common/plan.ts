/**
 * What each step and leaf consists of: a pure function of the experiment and the number of training samples.
 * No cursor is kept anywhere; whoever knows (step, leaf) knows its samples.
 */
export interface PlanOptions {
  trainCount: number;
  batchSize: number;
  microBatchSize: number;
}

/** One global batch: positions [from, to) of its epoch's order, cut into leaves. */
export interface StepPlan {
  epoch: number;
  from: number;
  to: number;
  samples: number;
  leaves: number;
}

export class TrainingPlan {
  readonly stepsPerEpoch: number;

  constructor(private readonly options: PlanOptions) {
    this.stepsPerEpoch = Math.ceil(options.trainCount / options.batchSize);
  }

  step(step: number): StepPlan {
    const { trainCount, batchSize, microBatchSize } = this.options;
    const epoch = Math.floor(step / this.stepsPerEpoch);
    const from = (step % this.stepsPerEpoch) * batchSize;
    const to = Math.min(trainCount, from + batchSize);
    return { epoch, from, to, samples: to - from, leaves: Math.ceil((to - from) / microBatchSize) };
  }

  /** Positions [from, to) in the epoch's order of the micro-batch (step, leaf). */
  leaf(step: number, leaf: number): { epoch: number; from: number; to: number } {
    const plan = this.step(step);
    const from = plan.from + leaf * this.options.microBatchSize;
    return { epoch: plan.epoch, from, to: Math.min(plan.to, from + this.options.microBatchSize) };
  }
}

/** Rounds that pass once over a split in order: evaluation and preprocessing statistics. */
export function passLeaves(count: number, microBatchSize: number): number {
  return Math.ceil(count / microBatchSize);
}

export function passLeaf(count: number, microBatchSize: number, leaf: number): { from: number; to: number } {
  const from = leaf * microBatchSize;
  return { from, to: Math.min(count, from + microBatchSize) };
}
