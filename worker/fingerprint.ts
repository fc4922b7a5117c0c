/**
 * What must be equal on two workers so that they compute the same bits: library, settings, processor, data, arithmetic. The version of
 * the program is in it to be seen, and is not compared.
 */
import { arithmeticRevision } from '../common/kernels/arithmetic-revision.js';
import { ownVersion } from '../common/version.js';
import type { Backend } from './tensorflow/load.js';
import { runtimeFingerprint } from './tensorflow/runtime-fingerprint.js';

/**
 * Only after `configureTensorFlow`. `data` is a hash over all samples, `files` one over the files that they are from,
 * `module` the SHA-256 of the module.
 */
export function workerFingerprint(
  backend: Backend,
  { data, files, module }: { data: string; files: string; module: string | undefined },
): Record<string, string> {
  const own: Record<string, string> = module === undefined ? {} : { module };
  const arithmetic = String(arithmeticRevision);
  return { ...runtimeFingerprint(backend), arithmetic, data, files, polyak: ownVersion(), ...own };
}
