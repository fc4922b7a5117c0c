/**
 * `polyak setup`: brings native TensorFlow into the cache, once. Idempotent, safe beside other runs of itself, and done
 * in a moment when there is nothing to do. It never touches the tree.
 */
import { existsSync } from 'node:fs';
import { PolyakError } from '../common/errors.js';
import { cacheFolder, libraryFolder } from '../worker/tensorflow/library-folder.js';
import { buildLibrary } from './setup/build-library.js';
import { withLock } from './setup/lock.js';
import { describeMissingTools } from './setup/tools.js';
import { wheelFor } from './setup/wheel.js';

export interface SetupOptions {
  /** The CUDA build of the library, with CUDA itself. */
  gpu?: boolean;
  /** Only say what is there and what is missing. */
  check?: boolean;
  /** Say nothing when there is nothing to do. */
  quiet?: boolean;
  /** One JSON object a line on standard output. */
  json?: boolean;
}

/** Errors: `setup` with all missing tools at once, or with the step that failed and the end of its output. */
export async function setup(options: SetupOptions = {}): Promise<void> {
  const kind = options.gpu ? 'gpu' : 'cpu';
  const folder = libraryFolder(kind);
  const say = (event: string, message: string) => {
    if (options.json) process.stdout.write(`${JSON.stringify({ event, message })}\n`);
    else process.stderr.write(`setup: ${message}\n`);
  };
  const ready = existsSync(folder);
  if (options.check) {
    check(ready, folder, say);
    return;
  }
  if (!ready) {
    assertTools();
    wheelFor(kind);
    const started = Date.now();
    const onWait = (owner: number) => say('progress', `waiting for the setup of process ${owner}`);
    await withLock(`${folder}.lock`, onWait, async () => {
      if (existsSync(folder)) return;
      say('progress', `TensorFlow goes to ${cacheFolder()} (POLYAK_CACHE moves it)`);
      await buildLibrary(kind, (message) => say('progress', message));
    });
    say('ready', `TensorFlow is ready after ${Math.round((Date.now() - started) / 1000)} s`);
  } else if (!options.quiet) {
    say('ready', `TensorFlow is ready in ${folder}`);
  }
}

function check(ready: boolean, folder: string, say: (event: string, message: string) => void): void {
  if (ready) {
    say('ready', `TensorFlow is ready in ${folder}`);
    return;
  }
  assertTools();
  say('missing', `TensorFlow is not set up yet; all tools are there: run 'npx polyak setup'`);
}

function assertTools(): void {
  const missing = describeMissingTools();
  if (missing) {
    throw new PolyakError('setup', `setup: ${missing}`);
  }
}
