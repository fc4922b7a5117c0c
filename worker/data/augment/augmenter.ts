/**
 * Augments minibatches beyond mirroring and shifting: colours, then geometry, then erasing, then mixing, each by one
 * kernel over the whole micro-batch. The numbers that it draws are a few per sample; it does nothing pixel by pixel.
 */
import type { AugmentOptions } from '../../../common/experiment/augment-schema.js';
import type { Experiment } from '../../../common/experiment/schema.js';
import { augmentKernels, type AugmentKernels } from '../../../common/kernels/augment-kernels.js';
import { CounterRandom, Purpose } from '../../../common/random.js';
import type { Draws } from '../batch-assembler.js';
import type { PictureSize } from './affine-map.js';
import { changesColour, colourMatrix, drawColouring } from './colour.js';
import { drawCutout, drawErased, type ErasedBox } from './erased-box.js';
import { drawMap, needsWarp } from './geometry.js';
import { drawMixing, type Mixing } from './mixing.js';
import type { PrincipalComponent } from './principal-components.js';

/** How samples are gathered for it: as they lie or preprocessed; mirrored and shifted, or in their place. */
export interface Gathering {
  isPrepared: boolean;
  isPlaced: boolean;
}

export interface AugmentedBatch {
  /** Byte offset of the result. */
  out: number;
  count: number;
  draws: Draws;
  /** Of the preprocessing: byte offset of the mean, or 0. */
  mean: number;
  scale: number;
  gather: (out: number, how: Gathering) => void;
}

/** Bytes of what is drawn for a sample: the largest is a colour's or a map's twelve floats. */
const drawnBytes = 48;

/** Without the module's own. */
export function builtInAugmentations({ augment }: Pick<Experiment, 'augment'>): Partial<AugmentOptions> {
  return Object.assign({}, ...augment.filter((entry) => !('module' in entry))) as Partial<AugmentOptions>;
}

export class Augmenter {
  private readonly isColoured: boolean;
  private readonly isStaged: boolean;
  private readonly drawn: number;
  private readonly sums: number;
  private readonly parts: number;
  /** Of what comes before the geometry, and before the mixing; each as large as a micro-batch. */
  private readonly staged: number;
  private readonly unmixed: number;
  private readonly size: PictureSize;
  private readonly channels: number;
  private components: readonly PrincipalComponent[] | null = null;
  private base = 0;
  private memory: WebAssembly.Memory | undefined;
  private kernels: AugmentKernels | undefined;

  private constructor(
    private readonly options: Partial<AugmentOptions>,
    [height, width, channels]: readonly [number, number, number],
    microBatchSize: number,
    take: (bytes: number) => number,
  ) {
    this.size = { height, width };
    this.channels = channels;
    this.isColoured = changesColour(options);
    this.isStaged = this.isColoured || needsWarp(options);
    const batchBytes = microBatchSize * height * width * channels * 4;
    this.drawn = take(microBatchSize * drawnBytes);
    this.sums = take(microBatchSize * channels * 8);
    this.parts = take(microBatchSize * 4);
    this.staged = take(this.isStaged ? batchBytes : 0);
    this.unmixed = take(options.mixup ? batchBytes : 0);
  }

  /** Undefined where mirroring and shifting is all. `take` answers with offsets of room for it, from where `attach` says. */
  static for(
    experiment: Experiment,
    shape: readonly [number, number, number],
    take: (bytes: number) => number,
  ): Augmenter | undefined {
    const options = builtInAugmentations(experiment);
    if (Object.keys(options).every((name) => name === 'flip' || name === 'crop')) return undefined;
    return new Augmenter(options, shape, experiment.train.microBatchSize, take);
  }

  attach(memory: WebAssembly.Memory, base: number): void {
    this.memory = memory;
    this.base = base;
    this.kernels = augmentKernels(memory);
  }

  /** Until then lighting does nothing. */
  setComponents(components: readonly PrincipalComponent[]): void {
    this.components = components;
  }

  /** Answers with what has been mixed, which the labels must be too. */
  augment(batch: AugmentedBatch): Mixing | undefined {
    const { mixup } = this.options;
    const out = mixup ? this.base + this.unmixed : batch.out;
    if (this.isStaged) this.place(batch, out);
    else batch.gather(out, { isPrepared: true, isPlaced: true });
    this.erase(batch, out);
    if (!mixup) return undefined;
    const mixing = drawMixing(mixup.alpha, batch.draws, batch.count);
    this.mix(batch, out, mixing);
    return mixing;
  }

  private place(batch: AugmentedBatch, out: number): void {
    const { size, channels, options } = this;
    const staged = this.base + this.staged;
    batch.gather(staged, { isPrepared: !this.isColoured, isPlaced: false });
    if (this.isColoured) this.recolour(batch, staged);
    const maps = this.ofSamples(batch, (random) => drawMap(options, random, size));
    const at = this.write(Float64Array, maps.flat());
    this.kernel.warp(out, staged, batch.count, size.height, size.width, channels, at);
  }

  private recolour(batch: AugmentedBatch, samples: number): void {
    const { channels, options, components } = this;
    const { count, mean, scale } = batch;
    const pixels = this.size.height * this.size.width;
    const means = this.channelMeans(samples, count, pixels);
    const colours = this.ofSamples(batch, (random, index) =>
      drawColouring(options, random, means.slice(index * channels, (index + 1) * channels), components),
    );
    if (channels === 3) {
      const at = this.write(Float32Array, colours.flatMap(colourMatrix));
      this.kernel.recolour(samples, count, pixels, at, mean, scale);
    } else {
      const grades = colours.flatMap(({ gain, offset }) => [gain, offset[0] ?? 0]);
      this.kernel.regrade(samples, count, pixels * channels, this.write(Float32Array, grades), mean, scale);
    }
  }

  /** [count, channels]; zeros where nobody asks. */
  private channelMeans(samples: number, count: number, pixels: number): number[] {
    const { channels } = this;
    if (!this.options.contrast) return Array.from({ length: count * channels }, () => 0);
    const at = this.base + this.sums;
    this.kernel.channelSums(at, samples, count, pixels, channels);
    return Array.from(new Float64Array(this.buffer, at, count * channels), (sum) => sum / pixels);
  }

  private erase(batch: AugmentedBatch, samples: number): void {
    const { size, channels } = this;
    const { erase, cutout } = this.options;
    const all: ErasedBox[][] = [];
    if (erase) all.push(this.ofSamples(batch, (random) => drawErased(erase, random, size)));
    if (cutout) all.push(this.ofSamples(batch, (random) => drawCutout(cutout, random, size)));
    for (const boxes of all) {
      this.kernel.erase(samples, batch.count, size.height, size.width, channels, this.write(Int32Array, boxes.flat()));
    }
  }

  private mix({ out, count }: AugmentedBatch, samples: number, { partners, parts }: Mixing): void {
    const features = this.size.height * this.size.width * this.channels;
    const at = this.base + this.parts;
    new Float32Array(this.buffer, at, count).set(parts);
    this.kernel.mix(out, samples, count, features, this.write(Uint32Array, partners), at);
  }

  private ofSamples<Drawn>(
    { count, draws: { seed, step, microBatch } }: AugmentedBatch,
    draw: (random: CounterRandom, index: number) => Drawn,
  ): Drawn[] {
    return Array.from({ length: count }, (_, index) =>
      draw(new CounterRandom(seed, Purpose.augment, step, microBatch, index), index),
    );
  }

  /** Where the kernel finds what was drawn; until the next call. */
  private write(
    array: new (
      buffer: ArrayBufferLike,
      offset: number,
      length: number,
    ) => { set: (values: ArrayLike<number>) => void },
    values: ArrayLike<number>,
  ): number {
    const at = this.base + this.drawn;
    new array(this.buffer, at, values.length).set(values);
    return at;
  }

  private get kernel(): AugmentKernels {
    if (!this.kernels) throw new Error('the augmenter has no memory yet');
    return this.kernels;
  }

  private get buffer(): ArrayBufferLike {
    if (!this.memory) throw new Error('the augmenter has no memory yet');
    return this.memory.buffer;
  }
}
