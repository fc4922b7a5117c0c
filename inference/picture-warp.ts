/** Makes pictures from preprocessed ones by an affine map, by the kernel that augmentation uses, in a memory of its own. */
import { augmentKernels, type AugmentKernels } from '../common/kernels/augment-kernels.js';
import type { AffineMap } from '../worker/data/augment/affine-map.js';

const pageBytes = 65_536;
/** Kernels keep what they need below. */
const memoryStart = 4096;
const mapBytes = 48;

export class PictureWarp {
  private readonly kernels: AugmentKernels;
  private readonly memory: WebAssembly.Memory;
  private readonly floats: number;
  private readonly maps = memoryStart;
  private readonly samples: number;
  private readonly out: number;

  constructor(
    /** [height, width, channels] */
    private readonly shape: readonly [number, number, number],
    /** The most pictures at once. */
    private readonly countMax: number,
  ) {
    this.floats = shape.reduce((product, size) => product * size, 1);
    const bytes = countMax * this.floats * 4;
    this.samples = this.maps + Math.ceil((countMax * mapBytes) / 64) * 64;
    this.out = this.samples + Math.ceil(bytes / 64) * 64;
    const pages = Math.ceil((this.out + bytes) / pageBytes);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: 65_536, shared: true });
    this.kernels = augmentKernels(this.memory);
  }

  /** One after another by each of the maps; what comes out is valid until the next. */
  *each(inputs: Float32Array, count: number, maps: readonly AffineMap[]): Generator<Float32Array, void> {
    if (count > this.countMax) throw new RangeError(`${count} pictures, there is room for ${this.countMax}`);
    const { buffer } = this.memory;
    new Float32Array(buffer, this.samples, count * this.floats).set(inputs.subarray(0, count * this.floats));
    for (const map of maps) {
      const all = new Float64Array(buffer, this.maps, count * map.length);
      for (let index = 0; index < count; index++) all.set(map, index * map.length);
      this.kernels.warp(this.out, this.samples, count, ...this.shape, this.maps);
      yield new Float32Array(buffer, this.out, count * this.floats);
    }
  }
}
