/** The micro-batches of a trial: which samples a leaf consists of, and their assembly one leaf ahead of the computing. */
import type { Experiment } from '../common/experiment/schema.js';
import { TrainingPlan, passLeaf } from '../common/plan.js';
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
  private ahead: { key: string; batch: Batch } | undefined;

  constructor(
    private readonly experiment: Experiment,
    private readonly dataset: Dataset,
  ) {
    const { batchSize, microBatchSize } = experiment.train;
    this.plan = new TrainingPlan({ trainCount: dataset.splits.train.count, batchSize, microBatchSize });
    this.assembler = new BatchAssembler(dataset, experiment);
  }

  /** What was measured of the inputs over the training split, once it is known. */
  setStatistics(statistics: Float32Array): void {
    this.assembler.setStatistics(statistics);
    this.ahead = undefined;
  }

  /** The mean to subtract from each feature, once it is known. */
  setMean(mean: Float32Array): void {
    this.assembler.setMean(mean);
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

  /** Sum per feature over a leaf of the training split, and what lighting asks for behind it. */
  statistics(leaf: number): { sum: Float32Array; samples: number } {
    const ids = this.passIds('train', leaf);
    return { sum: this.assembler.statistics(ids), samples: ids.length };
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
