/** The types of `assembly/batch.ts`: assembling minibatches and summing samples. */
import { instantiateKernel } from './kernel-module.js';

type Gather = (
  out: number,
  store: number,
  /** Of uint32. */
  rows: number,
  n: number,
  height: number,
  width: number,
  channels: number,
  /** Of float32 per feature, or 0 for none. */
  mean: number,
  scale: number,
  /** Of one byte per sample: 1 mirrors it. */
  flips: number,
  /** Of int32 per sample: where the crop begins; outside is 0. */
  shiftX: number,
  shiftY: number,
) => void;
type Sum = (out: number, store: number, rows: number, n: number, features: number) => void;

export interface BatchKernels {
  gatherBytes: Gather;
  gatherFloats: Gather;
  /** Per feature over n rows, in float64, rounded to float32. */
  sumBytes: Sum;
  sumFloats: Sum;
}

/** The kernels over a shared memory. */
export function batchKernels(memory: WebAssembly.Memory): BatchKernels {
  return instantiateKernel('batch', memory) as unknown as BatchKernels;
}
