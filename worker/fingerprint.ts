/** What must be equal on two workers so that they compute the same bits: library, settings, processor, data, version. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../common/package-root.js';
import type { Backend } from './tensorflow/load.js';
import { runtimeFingerprint } from './tensorflow/runtime-fingerprint.js';

/** Only after `configureTensorFlow`. `data` is a hash over all samples, `files` one over the files that they are from. */
export function workerFingerprint(backend: Backend, data: string, files: string): Record<string, string> {
  return { ...runtimeFingerprint(backend), data, files, polyak: packageVersion() };
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  return version;
}
