/**
 * Loads TensorFlow from the cache that `polyak setup` fills, or tfjs's pure JavaScript backend. There may be two copies
 * of tfjs on the disk, so whatever uses TensorFlow takes it as an argument and imports only its types.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import type { Backend } from '../../common/backend.js';
import { PolyakError } from '../../common/errors.js';
import { installNativeGradients } from './gradients/install.js';
import { libraryFolder } from './library-folder.js';

export type TF = typeof import('@tensorflow/tfjs');
export type { Backend };

export interface TensorFlowSettings {
  backend: Backend;
  /** Threads inside one operation; they decide the order of sums, so they belong to the experiment. */
  threads: number;
}

/**
 * Settles what TensorFlow reads from the environment when it loads. To be called on the main thread, before any thread
 * of the process loads the library: a worker thread's own `env` never reaches native code.
 */
export function configureTensorFlow({ threads }: TensorFlowSettings): void {
  Object.assign(process.env, {
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: '1',
    OMP_NUM_THREADS: String(threads),
    // On by default only on some processors; several times faster on all of ours.
    TF_ENABLE_ONEDNN_OPTS: '1',
    TF_DETERMINISTIC_OPS: '1',
    NVIDIA_TF32_OVERRIDE: '0',
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  });
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
}

/**
 * One backend per process: the first call decides. Errors: PolyakError `setup` where the library is missing or cannot
 * be loaded.
 */
export async function loadTensorFlow(backend: Backend): Promise<TF> {
  if (backend === 'cpu') {
    // Not by `import`, which reads all of it for the names of what it exports, and takes three times as long.
    const tf = createRequire(import.meta.url)('@tensorflow/tfjs') as TF;
    await tf.setBackend('cpu');
    return tf;
  }
  const tf = requireLibrary();
  await tf.setBackend('tensorflow');
  installNativeGradients(tf);
  return tf;
}

/** Whether the library is the build that computes on a GPU where there is one. */
export function hasCudaBuild(): boolean {
  return existsSync(libraryFolder('gpu'));
}

/** Where the library lies; it is not loaded. Errors: `setup` where it is missing. */
export function findLibrary(): string {
  // A machine with a GPU has set up the CUDA build, which also works without one.
  const folder = [libraryFolder('gpu'), libraryFolder('cpu')].find((candidate) => existsSync(candidate));
  if (folder !== undefined) return folder;
  throw new PolyakError(
    'setup',
    `TensorFlow's library is not in ${libraryFolder('cpu')}: run 'npx polyak setup' (or use --backend cpu, slowly)`,
  );
}

function requireLibrary(): TF {
  const folder = findLibrary();
  // tfjs-node calls it; Node 23 removed it.
  (util as { isNullOrUndefined?: unknown }).isNullOrUndefined ??= (value: unknown) => value == null;
  try {
    return quietly(() => createRequire(join(folder, 'package.json'))('@tensorflow/tfjs-node') as TF);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PolyakError('setup', `TensorFlow's library in ${folder} cannot be loaded: ${reason}`, { cause: error });
  }
}

/** A program's own copy of tfjs has registered every kernel in the engine that all copies share; ours warns of each. */
function quietly<Result>(load: () => Result): Result {
  const shared = (Reflect.get(globalThis, '_tfengine') as { ENV: Environment } | undefined)?.ENV;
  const before = shared?.getBool('PROD') ?? false;
  shared?.set('PROD', true);
  try {
    return load();
  } finally {
    shared?.set('PROD', before);
  }
}

interface Environment {
  getBool(flag: 'PROD'): boolean;
  set(flag: 'PROD', value: boolean): void;
}
