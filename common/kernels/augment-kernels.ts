/** The types of `assembly/augment.ts`: what augmentation does to a minibatch of floats. Pointers are byte offsets. */
import { instantiateKernel } from './kernel-module.js';

export interface AugmentKernels {
  /** [n, channels] float64: the sum over each sample's pixels. */
  channelSums(out: number, samples: number, n: number, pixels: number, channels: number): void;
  /** In place, three channels: matrix * pixel + offset, less the mean (0 for none), times the scale. Twelve float32 per sample. */
  recolour(samples: number, n: number, pixels: number, colours: number, mean: number, scale: number): void;
  /** In place: gain * value + offset, less the mean, times the scale. Two float32 per sample. */
  regrade(samples: number, n: number, features: number, grades: number, mean: number, scale: number): void;
  /** Bilinear, 0 outside. Six float64 per sample, from target to source: [a, b, c] for x and [d, e, f] for y. */
  warp(
    out: number,
    samples: number,
    n: number,
    height: number,
    width: number,
    channels: number,
    /** Of all samples, one behind the other. */
    maps: number,
  ): void;
  /** In place: 0 in a box. Four int32 per sample: top, left, bottom, right, the last two beyond it. */
  erase(samples: number, n: number, height: number, width: number, channels: number, boxes: number): void;
  /** part * sample + (1 - part) * partner. A uint32 and a float32 per sample. */
  mix(out: number, samples: number, n: number, features: number, partners: number, parts: number): void;
  /** Six float32: the means over the pixels of the products of three channels, times n. */
  colourProductsOfBytes(out: number, samples: number, rows: number, n: number, pixels: number): void;
  colourProductsOfFloats(out: number, samples: number, rows: number, n: number, pixels: number): void;
}

/** The kernels over a shared memory. */
export function augmentKernels(memory: WebAssembly.Memory): AugmentKernels {
  return instantiateKernel('augment', memory) as unknown as AugmentKernels;
}
