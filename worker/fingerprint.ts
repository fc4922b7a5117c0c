/** What must be equal on two workers so that they compute the same bits: library, settings, processor, data, version. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../common/package-root.js';
import type { Backend } from './tensorflow/load.js';
import { runtimeFingerprint } from './tensorflow/runtime-fingerprint.js';

/** Only after `configureTensorFlow`. `data` is the data set's own fingerprint, `module` the SHA-256 of the module. */
export function workerFingerprint(backend: Backend, data: string, module?: string): Record<string, string> {
  return { ...runtimeFingerprint(backend), data, polyak: packageVersion(), ...(module !== undefined && { module }) };
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  return version;
}
