/** What must be equal on two workers so that they compute the same bits: library, settings, processor, data, version. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../common/package-root.js';
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
  return { ...runtimeFingerprint(backend), data, files, polyak: packageVersion(), ...own };
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  return version;
}
