/**
 * Makes minibatches on the main thread while the compute thread works on the one before: gather, preprocess, mirror and
 * shift, in one kernel, into one of a few slots of shared memory. What else augmentation does is the augmenter's.
 */
import type { Experiment } from '../../common/experiment/schema.js';
import { batchKernels, type BatchKernels } from '../../common/kernels/batch-kernels.js';
import { measuredFloats, measuresColours } from '../../common/input-statistics.js';
import { needsStatistics, preprocessFloats, preprocessPlan } from '../../common/preprocessing/preprocess-plan.js';
import { CounterRandom, Purpose } from '../../common/random.js';
import { augmentKernels, type AugmentKernels } from '../../common/kernels/augment-kernels.js';
import { Augmenter, builtInAugmentations, type Gathering } from './augment/augmenter.js';
import { drawPlacement } from './augment/geometry.js';
import { mixLabels } from './augment/mixing.js';
import { principalComponents, productCount } from './augment/principal-components.js';
import type { Dataset, SplitName } from './dataset.js';
import { SampleTransform } from './sample-transform.js';

export interface Batch {
  /** Shape [count, ...of a prepared sample]. */
  inputs: Float32Array;
  /** Class indices, or numbers to predict, [count, outputs]. */
  labels: Int32Array | Float32Array;
  /** What each counts in the loss, of training samples; absent where all count the same. */
  weights?: Float32Array;
  /** The second class of mixed training samples, and what the first of them counts, from a half to 1. */
  mixed?: { labels: Int32Array; shares: Float32Array };
  count: number;
}

/** What the draws of a micro-batch are keyed by. */
export interface Draws {
  seed: number;
  step: number;
  microBatch: number;
}

const alignment = 64;
/** Neither centred nor scaled. */
const asTheyLie = { mean: 0, scale: 1 };

export class BatchAssembler {
  private readonly kernels: BatchKernels;
  private readonly area: number;
  private readonly rows: number;
  private readonly flips: number;
  private readonly shiftX: number;
  private readonly shiftY: number;
  private readonly meanPointer: number;
  private readonly sumPointer: number;
  private readonly referencePointer: number;
  private readonly slotPointers: number[];
  /** Where rotated samples go, one for each slot. */
  private readonly rotatedPointers: number[];
  private readonly transform: SampleTransform;
  private readonly scale: number;
  private readonly augmentations: ReturnType<typeof builtInAugmentations>;
  private readonly augmenter: Augmenter | undefined;
  private readonly colours: AugmentKernels | undefined;
  private hasMean = false;

  constructor(
    private readonly dataset: Dataset,
    private readonly experiment: Experiment,
    slots = 4,
  ) {
    const { features } = dataset;
    const { microBatchSize } = experiment.train;
    let end = 0;
    const take = (bytes: number) => {
      const pointer = end;
      end += Math.ceil(bytes / alignment) * alignment;
      return pointer;
    };
    const [rows, flips, shiftX, shiftY] = [4, 1, 4, 4].map((bytes) => take(microBatchSize * bytes));
    const [mean, sum] = [take(features * 4), take((features + productCount) * 4)];
    const reference = take(features * 4);
    this.transform = new SampleTransform(experiment.preprocess, features, take);
    const { rotates, width } = this.transform;
    const slotOffsets = Array.from({ length: slots }, () => take(microBatchSize * features * 4));
    const rotated = slotOffsets.map(() => (rotates ? take(microBatchSize * width * 4) : 0));
    this.augmenter = Augmenter.for(experiment, imageShape(dataset.shape), take);
    this.area = dataset.reserve(end);
    this.transform.attach(dataset.memory, this.area);
    this.augmenter?.attach(dataset.memory, this.area);
    const at = (offset = 0) => this.area + offset;
    [this.rows, this.flips, this.shiftX, this.shiftY] = [at(rows), at(flips), at(shiftX), at(shiftY)];
    [this.meanPointer, this.sumPointer, this.referencePointer] = [at(mean), at(sum), at(reference)];
    this.slotPointers = slotOffsets.map((offset) => at(offset));
    this.rotatedPointers = rotated.map((offset) => at(offset));
    this.kernels = batchKernels(dataset.memory);
    this.colours = measuresColours(experiment) ? augmentKernels(dataset.memory) : undefined;
    this.scale = preprocessPlan(experiment.preprocess).scale;
    this.augmentations = builtInAugmentations(experiment);
  }

  get slots(): number {
    return this.slotPointers.length;
  }

  /** Its room in the data set's memory is another's from now on. */
  close(): void {
    this.dataset.release(this.area);
  }

  /** What is kept of the training split, in the layout of input-statistics.ts; null subtracts and transforms nothing. */
  setPreprocess(vector: Float32Array | null): void {
    const { preprocess } = this.experiment;
    this.hasMean = vector !== null && needsStatistics(preprocess);
    const { features, shape } = this.dataset;
    const length = preprocessFloats(preprocess, features);
    this.transform.set(vector && this.hasMean ? vector.subarray(0, length) : null);
    if (!vector) return;
    const mean = vector.subarray(0, features);
    if (vector.length > length) this.augmenter?.setComponents(principalComponents(mean, vector.subarray(length)));
    if (!this.hasMean) return;
    const target = new Float32Array(this.dataset.memory.buffer, this.meanPointer, features);
    target.set(preprocessPlan(preprocess).mean === 'channel' ? channelMeans(mean, shape.at(-1) ?? 1) : mean);
  }

  /** Samples by their index in the split. The batch is valid until its slot is used again. */
  assemble(split: SplitName, ids: ArrayLike<number>, draws: Draws | null, slot: number): Batch {
    const { dataset } = this;
    const count = ids.length;
    const rows = this.writeRows(split, ids);
    const out = this.slotPointers[slot];
    if (out === undefined) throw new RangeError(`slot ${slot} of ${this.slotPointers.length}`);
    const { scale } = this;
    const mean = this.hasMean ? this.meanPointer : 0;
    const gather = (to: number, { isPrepared, isPlaced }: Gathering) =>
      this.gather(to, count, isPlaced ? draws : null, isPrepared ? { mean, scale } : asTheyLie);
    const mixing = draws && this.augmenter?.augment({ out, count, draws, mean, scale, gather });
    if (!draws || !this.augmenter) gather(out, { isPrepared: true, isPlaced: true });
    const prepared = this.transform.rotates ? this.rotatedPointers[slot]! : out;
    const inputs = this.transform.apply(out, count, prepared);
    const labels = this.labelsOf(rows);
    const weights = draws && dataset.weights ? pick(dataset.weights, rows) : undefined;
    if (mixing && labels instanceof Int32Array) {
      const { others, shares, ...mixed } = mixLabels(labels, weights, mixing);
      return { inputs, ...mixed, mixed: { labels: others, shares }, count };
    }
    return weights ? { inputs, labels, weights, count } : { inputs, labels, count };
  }

  /**
   * Sums over training samples, before any preprocessing, in the layout of input-statistics.ts. Deviations are from the
   * reference, which is near the mean of each feature: products of what is left lose no digits to the mean.
   */
  statistics(ids: ArrayLike<number>, reference: Float32Array | null = null): Float32Array {
    const { dataset, experiment } = this;
    const { features } = dataset;
    const sums = new Float32Array(measuredFloats(experiment, features));
    sums.set(this.sums(ids));
    if (this.colours) sums.set(this.colourProducts(ids.length, this.colours), sums.length - productCount);
    if (!reference) return sums;
    new Float32Array(dataset.memory.buffer, this.referencePointer, features).set(reference);
    const count = ids.length;
    const out = this.slotPointers[0]!;
    this.gather(out, count, null, { mean: this.referencePointer, scale: 1 });
    this.transform.secondMoments(out, count, sums.subarray(features));
    return sums;
  }

  /** Sum per feature over training samples. */
  sums(ids: ArrayLike<number>): Float32Array {
    this.writeRows('train', ids);
    const { dataset, rows, sumPointer: out } = this;
    const { features, storePointer, bytesPerValue } = dataset;
    const sum = bytesPerValue === 1 ? this.kernels.sumBytes : this.kernels.sumFloats;
    sum(out, storePointer, rows, ids.length, features);
    return new Float32Array(dataset.memory.buffer, out, features).slice();
  }

  /** For lighting: of the samples whose rows are written. */
  private colourProducts(count: number, kernels: AugmentKernels): Float32Array {
    const { dataset, rows, sumPointer: out } = this;
    const { features, storePointer, bytesPerValue } = dataset;
    const products = bytesPerValue === 1 ? 'colourProductsOfBytes' : 'colourProductsOfFloats';
    kernels[products](out + features * 4, storePointer, rows, count, features / 3);
    return new Float32Array(dataset.memory.buffer, out + features * 4, productCount).slice();
  }

  /** The samples whose rows are written, less the floats at `mean`, or none at 0; mirrored and shifted where there are draws. */
  private gather(
    out: number,
    count: number,
    draws: Draws | null,
    { mean, scale }: { mean: number; scale: number },
  ): void {
    const { dataset, kernels } = this;
    this.drawPlacements(count, draws);
    const shape = imageShape(dataset.shape);
    const gather = dataset.bytesPerValue === 1 ? kernels.gatherBytes : kernels.gatherFloats;
    const placement = [this.flips, this.shiftX, this.shiftY] as const;
    gather(out, dataset.storePointer, this.rows, count, ...shape, mean, scale, ...placement);
  }

  private writeRows(split: SplitName, ids: ArrayLike<number>): Uint32Array {
    const { microBatchSize } = this.experiment.train;
    if (ids.length > microBatchSize) throw new RangeError(`${ids.length} samples, a micro-batch has ${microBatchSize}`);
    const rows = new Uint32Array(this.dataset.memory.buffer, this.rows, ids.length);
    const source = this.dataset.splits[split].rows;
    for (let index = 0; index < ids.length; index++) {
      const row = source[ids[index] ?? 0];
      if (row === undefined) throw new RangeError(`sample ${ids[index]} of ${source.length} in ${split}`);
      rows[index] = row;
    }
    return rows;
  }

  private labelsOf(rows: Uint32Array): Int32Array | Float32Array {
    const { labels, labelsPerSample: width } = this.dataset;
    const count = rows.length * width;
    const out = labels instanceof Int32Array ? new Int32Array(count) : new Float32Array(count);
    for (let at = 0; at < count; at++)
      out[at] = labels[(rows[Math.floor(at / width)] ?? 0) * width + (at % width)] ?? 0;
    return out;
  }

  private drawPlacements(count: number, draws: Draws | null): void {
    const { buffer } = this.dataset.memory;
    const flips = new Uint8Array(buffer, this.flips, count).fill(0);
    const shiftX = new Int32Array(buffer, this.shiftX, count).fill(0);
    const shiftY = new Int32Array(buffer, this.shiftY, count).fill(0);
    const { flip, crop } = this.augmentations;
    if (!draws || (!flip && !crop)) return;
    for (let index = 0; index < count; index++) {
      const random = new CounterRandom(draws.seed, Purpose.augment, draws.step, draws.microBatch, index);
      const placement = drawPlacement({ flip, crop }, random);
      flips[index] = Number(placement.isMirrored);
      shiftX[index] = placement.shiftX;
      shiftY[index] = placement.shiftY;
    }
  }
}

function pick(values: Float32Array, rows: Uint32Array): Float32Array {
  return Float32Array.from(rows, (row) => values[row] ?? 0);
}

function imageShape(shape: number[]): [number, number, number] {
  const [first = 1, second = 1, third = 1] = shape;
  return shape.length === 3 ? [first, second, third] : [1, 1, shape.reduce((product, size) => product * size, 1)];
}

/** The mean of each channel, at every pixel. */
function channelMeans(mean: Float32Array, channels: number): Float32Array {
  const sums = new Float64Array(channels);
  for (const [index, value] of mean.entries()) sums[index % channels] = (sums[index % channels] ?? 0) + value;
  const pixels = mean.length / channels;
  return mean.map((_, index) => (sums[index % channels] ?? 0) / pixels);
}
