/**
 * Makes minibatches on the main thread while the compute thread works on the one before: gather, preprocess, augment,
 * in one kernel, into one of a few slots of shared memory.
 */
import type { Experiment } from '../../common/experiment/schema.js';
import { batchKernels, type BatchKernels } from '../../common/kernels/batch-kernels.js';
import { CounterRandom, Purpose } from '../../common/random.js';
import { needsStatistics, preprocessPlan, statisticsFloats } from '../../common/preprocessing/preprocess-plan.js';
import type { Dataset, SplitName } from './dataset.js';
import { SampleTransform } from './sample-transform.js';
import { secondMoments } from './second-moments.js';

export interface Batch {
  /** Shape [count, ...of a prepared sample]. */
  inputs: Float32Array;
  /** Class indices, or numbers to predict, [count, outputs]. */
  labels: Int32Array | Float32Array;
  /** What each counts in the loss, of training samples; absent where all count the same. */
  weights?: Float32Array;
  count: number;
}

/** What the draws of a micro-batch are keyed by. */
export interface Draws {
  seed: number;
  step: number;
  microBatch: number;
}

const alignment = 64;

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
  private readonly flip: boolean;
  private readonly padding: number;
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
    const [mean, sum, reference] = [take(features * 4), take(features * 4), take(features * 4)];
    this.transform = new SampleTransform(experiment.preprocess, features);
    const { rotates, width } = this.transform;
    const slotOffsets = Array.from({ length: slots }, () => take(microBatchSize * features * 4));
    const rotated = slotOffsets.map(() => (rotates ? take(microBatchSize * width * 4) : 0));
    this.area = dataset.reserve(end);
    const at = (offset = 0) => this.area + offset;
    [this.rows, this.flips, this.shiftX, this.shiftY] = [at(rows), at(flips), at(shiftX), at(shiftY)];
    [this.meanPointer, this.sumPointer, this.referencePointer] = [at(mean), at(sum), at(reference)];
    this.slotPointers = slotOffsets.map((offset) => at(offset));
    this.rotatedPointers = rotated.map((offset) => at(offset));
    this.kernels = batchKernels(dataset.memory);
    this.scale = preprocessPlan(experiment.preprocess).scale;
    this.flip = experiment.augment.some((entry) => 'flip' in entry);
    this.padding = experiment.augment.reduce((padding, entry) => ('crop' in entry ? entry.crop.padding : padding), 0);
  }

  get slots(): number {
    return this.slotPointers.length;
  }

  /** Its room in the data set's memory is another's from now on. */
  close(): void {
    this.dataset.release(this.area);
  }

  /** What is known of the training split, in the layout of preprocess-plan.ts; null subtracts and transforms nothing. */
  setPreprocess(vector: Float32Array | null): void {
    const { preprocess } = this.experiment;
    this.hasMean = vector !== null && needsStatistics(preprocess);
    this.transform.set(this.hasMean ? vector : null);
    if (!vector || !this.hasMean) return;
    const { features, shape } = this.dataset;
    const mean = vector.subarray(0, features);
    const target = new Float32Array(this.dataset.memory.buffer, this.meanPointer, features);
    target.set(preprocessPlan(preprocess).mean === 'channel' ? channelMeans(mean, shape.at(-1) ?? 1) : mean);
  }

  /** Samples by their index in the split. The batch is valid until its slot is used again. */
  assemble(split: SplitName, ids: ArrayLike<number>, draws: Draws | null, slot: number): Batch {
    const { dataset } = this;
    const count = ids.length;
    const rows = this.writeRows(split, ids);
    this.drawAugmentation(count, draws);
    const out = this.slotPointers[slot];
    if (out === undefined) throw new RangeError(`slot ${slot} of ${this.slotPointers.length}`);
    const mean = this.hasMean ? this.meanPointer : 0;
    const inputs = this.transformed(this.gathered(count, out, mean, this.scale), slot, count);
    const labels = this.labelsOf(rows);
    if (draws === null || !dataset.weights) return { inputs, labels, count };
    return { inputs, labels, weights: pick(dataset.weights, rows), count };
  }

  /**
   * Sums over training samples, before any preprocessing, in the layout of preprocess-plan.ts. Deviations are from the
   * reference, which is near the mean of each feature: products of what is left lose no digits to the mean.
   */
  statistics(ids: ArrayLike<number>, reference: Float32Array | null = null): Float32Array {
    const { dataset, experiment } = this;
    const { features } = dataset;
    const sums = new Float32Array(statisticsFloats(experiment.preprocess, features));
    sums.set(this.sums(ids));
    if (!reference) return sums;
    new Float32Array(dataset.memory.buffer, this.referencePointer, features).set(reference);
    const count = ids.length;
    this.drawAugmentation(count, null);
    const deviations = this.gathered(count, this.slotPointers[0]!, this.referencePointer, 1);
    const { rotates: pairs } = this.transform;
    secondMoments(deviations, { count, features, pairs }, sums.subarray(features));
    return sums;
  }

  /** Sum per feature over training samples. */
  sums(ids: ArrayLike<number>): Float32Array {
    this.writeRows('train', ids);
    const { dataset } = this;
    const out = this.sumPointer;
    const sum = dataset.bytesPerValue === 1 ? this.kernels.sumBytes : this.kernels.sumFloats;
    sum(out, dataset.storePointer, this.rows, ids.length, dataset.features);
    return new Float32Array(dataset.memory.buffer, out, dataset.features).slice();
  }

  /** The samples of the rows that have been written, less the floats at `mean`, or none at 0, times the scale. */
  private gathered(count: number, out: number, mean: number, scale: number): Float32Array {
    const { dataset } = this;
    const [height, width, channels] = imageShape(dataset.shape);
    const gather = dataset.bytesPerValue === 1 ? this.kernels.gatherBytes : this.kernels.gatherFloats;
    const augmentation = [this.flips, this.shiftX, this.shiftY] as const;
    gather(out, dataset.storePointer, this.rows, count, height, width, channels, mean, scale, ...augmentation);
    return new Float32Array(dataset.memory.buffer, out, count * dataset.features);
  }

  private transformed(samples: Float32Array, slot: number, count: number): Float32Array {
    const { transform, dataset } = this;
    const out = transform.rotates
      ? new Float32Array(dataset.memory.buffer, this.rotatedPointers[slot], count * transform.width)
      : samples;
    transform.apply(samples, count, out);
    return out;
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

  private drawAugmentation(count: number, draws: Draws | null): void {
    const { buffer } = this.dataset.memory;
    const flips = new Uint8Array(buffer, this.flips, count).fill(0);
    const shiftX = new Int32Array(buffer, this.shiftX, count).fill(0);
    const shiftY = new Int32Array(buffer, this.shiftY, count).fill(0);
    if (!draws || (!this.flip && this.padding === 0)) return;
    for (let index = 0; index < count; index++) {
      const random = new CounterRandom(draws.seed, Purpose.augment, draws.step, draws.microBatch, index);
      if (this.flip) flips[index] = random.integer(2);
      if (this.padding > 0) {
        shiftX[index] = random.integer(2 * this.padding + 1) - this.padding;
        shiftY[index] = random.integer(2 * this.padding + 1) - this.padding;
      }
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
