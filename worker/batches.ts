/** The micro-batches of a trial: which samples a leaf consists of, and their assembly one leaf ahead of the computing. */
import type { Experiment } from '../common/experiment/schema.js';
import { TrainingPlan, passLeaf } from '../common/plan.js';
import { preprocessPlan } from '../common/preprocessing/preprocess-plan.js';
import type { SplitName } from '../common/split-name.js';
import { BatchAssembler, type Batch, type Draws } from './data/batch-assembler.js';
import type { Dataset } from './data/dataset.js';
import { sampleIdsOf } from './data/epoch-order.js';

export type { SplitName };

/** A leaf of some round. */
export interface LeafOf {
  /** `gradient` reads the epoch's order with augmentation, `evaluate` a split from beginning to end. */
  kind: 'gradient' | 'evaluate';
  split: SplitName;
  step: number;
  leaf: number;
}

export class Batches {
  private readonly plan: TrainingPlan;
  private readonly assembler: BatchAssembler;
  private slot = 0;
  private reference: Float32Array | undefined;
  private ahead: { key: string; batch: Batch } | undefined;

  constructor(
    private readonly experiment: Experiment,
    private readonly dataset: Dataset,
  ) {
    const { batchSize, microBatchSize } = experiment.train;
    this.plan = new TrainingPlan({ trainCount: dataset.splits.train.count, batchSize, microBatchSize });
    this.assembler = new BatchAssembler(dataset, experiment);
  }

  /** What preprocessing needs of the training split, once it is known. */
  setPreprocess(vector: Float32Array): void {
    this.assembler.setPreprocess(vector);
    this.ahead = undefined;
  }

  /** No batch is used any more. */
  close(): void {
    this.assembler.close();
  }

  draws({ step, leaf }: LeafOf): Draws {
    return { seed: this.experiment.seed, step, microBatch: leaf };
  }

  /** Valid until two more have been taken. */
  take(of: LeafOf): Batch {
    const ahead = this.ahead;
    this.ahead = undefined;
    return ahead?.key === keyOf(of) ? ahead.batch : this.assemble(of);
  }

  /** Does nothing for a leaf that its step does not have. */
  prefetch(of: LeafOf): void {
    if (of.kind === 'gradient' && of.leaf >= this.plan.step(of.step).leaves) return;
    this.ahead = { key: keyOf(of), batch: this.assemble(of) };
  }

  /** What is summed over the training split, of one of its leaves. */
  statistics(leaf: number): { sum: Float32Array; samples: number } {
    const ids = this.passIds('train', leaf);
    return { sum: this.assembler.statistics(ids, this.referenceOf()), samples: ids.length };
  }

  /** The mean of the first leaf, where deviations are asked for: whoever has the data has the same. */
  private referenceOf(): Float32Array | null {
    const { standardise, rotates } = preprocessPlan(this.experiment.preprocess);
    if (!standardise && !rotates) return null;
    if (!this.reference) {
      const ids = this.passIds('train', 0);
      this.reference = this.assembler.sums(ids).map((sum) => sum / ids.length);
    }
    return this.reference;
  }

  private assemble(of: LeafOf): Batch {
    this.slot = (this.slot + 1) % this.assembler.slots;
    if (of.kind === 'evaluate') {
      return this.assembler.assemble(of.split, this.passIds(of.split, of.leaf), null, this.slot);
    }
    const { epoch, from, to } = this.plan.leaf(of.step, of.leaf);
    const ids = sampleIdsOf(this.experiment.seed, epoch, this.dataset.splits.train.count, from, to);
    return this.assembler.assemble('train', ids, this.draws(of), this.slot);
  }

  private passIds(split: SplitName, leaf: number): Uint32Array {
    const { from, to } = passLeaf(this.dataset.splits[split].count, this.experiment.train.microBatchSize, leaf);
    return Uint32Array.from({ length: to - from }, (_, index) => from + index);
  }
}

function keyOf({ kind, split, step, leaf }: LeafOf): string {
  return `${kind} ${split} ${step} ${leaf}`;
}
