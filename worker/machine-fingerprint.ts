/**
 * What of a worker's process decides the bits of a gradient, whatever the experiment: workers of one machine fingerprint may work on
 * one trial. It is short, to be shown; what it stands for is compared by proof.
 */
import { createHash } from 'node:crypto';
import { arithmeticRevision } from '../common/kernels/arithmetic-revision.js';
import type { Backend } from './tensorflow/load.js';
import { runtimeFingerprint } from './tensorflow/runtime-fingerprint.js';

const digits = 8;

/** `gpuDriver`: the folder of NVIDIA's driver, if not its own. */
export function machineFingerprint(backend: Backend, gpuDriver?: string): string {
  const { threads: _ofTheExperiment, oneDnn: _alwaysOn, ...parts } = runtimeFingerprint(backend, gpuDriver);
  const text = JSON.stringify({ ...parts, arithmetic: arithmeticRevision });
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}
