/**
 * The steps of a trial whose optimizer is a method of full batches: after each evaluation the method decides, here in the
 * lead, what the weights are next. Of mini-batches, and of losses that change from step to step, it wants to know nothing.
 */
import { PolyakError } from '../../common/errors.js';
import { changingLoss, normalisesParts } from '../../common/experiment/full-batch-check.js';
import type { Experiment } from '../../common/experiment/schema.js';
import type { Manifest } from '../../common/manifest.js';
import { chosenMethod, type ChosenMethod, type MethodState } from '../full-batch/full-batch-method.js';
import type { Line } from '../full-batch/line.js';
import { lossDivergedEvent } from './end-event.js';
import { TrialEnd } from './interruption.js';
import type { ShardSet } from './shard-set.js';

export class FullBatchTraining {
  /** Undefined before the first step. */
  private state: MethodState | undefined;
  /** How far along the direction the next evaluation is. */
  stepLength = 0;
  /** Why nothing is left to be done. */
  ended: string | undefined;
  private givenUp = -1;

  private constructor(private readonly chosen: ChosenMethod) {}

  /** Undefined for the optimizers of mini-batches. */
  static of(experiment: Experiment): FullBatchTraining | undefined {
    const chosen = chosenMethod(experiment);
    return chosen && new FullBatchTraining(chosen);
  }

  /** Errors: `usage` where a step is not of the whole training split, the model too large, or its loss another in each step. */
  check(
    { train: { batchSize, microBatchSize } }: Pick<Experiment, 'train'>,
    trainCount: number,
    { parameters, varying = [] }: Manifest,
  ): void {
    const { name, method } = this.chosen;
    if (batchSize < trainCount) {
      const wanted = `optimizer ${name} needs the gradient over all ${trainCount} samples of the training split in every step`;
      throw new PolyakError(
        'usage',
        `train.batchSize: ${batchSize} makes mini-batches, but ${wanted}, because a line search compares losses: make it ` +
          `${Math.ceil(trainCount / microBatchSize) * microBatchSize}, or take an optimizer of mini-batches, such as adam`,
      );
    }
    const trained = parameters.reduce((sum, { frozen, length }) => (frozen ? sum : sum + length), 0);
    const { parametersMax = Infinity } = method;
    if (trained > parametersMax) {
      throw new PolyakError(
        'usage',
        `optimizer.${name}: the model has ${trained} weights to train, but ${name} is for at most ${parametersMax}, because it ` +
          `keeps a number for every pair of them; lbfgs is for any number`,
      );
    }
    for (const { name: layer, type, by } of varying) {
      // One micro-batch has all samples, whatever their order.
      if (by === 'microBatch' && trainCount <= microBatchSize) continue;
      const why = by === 'draws' ? changingLoss(name) : normalisesParts(name, microBatchSize);
      throw new PolyakError('usage', `model: layer '${layer}', ${type}, ${why}`);
    }
  }

  /** For a checkpoint; null before the first step. */
  get record(): { state: Record<string, unknown>; ended: string | null } | null {
    return this.state ? { state: this.state, ended: this.ended ?? null } : null;
  }

  restore({ state, ended }: { state: Record<string, unknown>; ended: string | null }): void {
    this.state = state;
    this.ended = ended ?? undefined;
  }

  /** The present weights are a trial along a line: where nothing is finite there, the step was too long, and that is all. */
  private get isTrying(): boolean {
    const { line } = (this.state ?? {}) as { line?: Pick<Line, 'returns'> | null };
    return line ? !line.returns : false;
  }

  /** Nothing of the step is finite, which is no end where it is only tried; false where it is. */
  giveUp(step: number): boolean {
    if (this.isTrying) this.givenUp = step;
    return this.hasGivenUp(step);
  }

  hasGivenUp(step: number): boolean {
    return this.givenUp === step;
  }

  /**
   * `mean`: the loss over the step's samples, L2 included; not finite where the gradient is given up too. Errors: TrialEnd for one
   * that is not finite where there is no way back.
   */
  async step(step: number, isLast: boolean, mean: number, shards: ShardSet): Promise<void> {
    const { method, options } = this.chosen;
    if (!Number.isFinite(mean) && !this.isTrying) throw new TrialEnd(lossDivergedEvent(step));
    // A number, since the state goes into checkpoints as JSON.
    const loss = Number.isFinite(mean) ? mean : Number.MAX_VALUE;
    const space = shards.spaceOf(step, method.slots(options));
    const done = await method.step(options, this.state, { loss, isLast, space });
    this.state = done.state;
    this.stepLength = done.stepLength;
    this.ended = done.ended;
  }
}
