/**
 * Makes the folder with tfjs-node, TensorFlow's library and the binding between them. tfjs-node's own install script is
 * not run: it downloads from places that are seldom reachable from a cluster. A package registry is enough for this.
 */
import { cpSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';
import { libraryFolder, type LibraryKind } from '../../worker/tensorflow/library-folder.js';
import { runStep } from './run-step.js';
import { fetchWheel, wheelFor } from './wheel.js';

/** Loads the library by its path and multiplies two matrices: [1 2] [3 4]' = 11. */
const verification = `
  const util = require('util');
  util.isNullOrUndefined ??= (x) => x == null;
  const tf = require(process.argv[1] + '/node_modules/@tensorflow/tfjs-node');
  const product = tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])).dataSync()[0];
  if (tf.getBackend() !== 'tensorflow' || product !== 11) throw new Error(tf.getBackend() + ' says ' + product);
`;

/** Errors: `setup`. Nothing is left behind on an error but the wheel in the cache. */
export async function buildLibrary(kind: LibraryKind, say: (line: string) => void): Promise<void> {
  const wheel = wheelFor(kind);
  const target = libraryFolder(kind);
  const folder = `${target}.building`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    say('installing tfjs-node');
    cpSync(join(packageRoot(), 'setup/tfjs-node'), folder, { recursive: true });
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await runStep('npm', ['ci', ...quiet], folder);
    say(`fetching ${wheel.requirement} (some 300 MB, once)`);
    const wheelPath = await fetchWheel(wheel);
    say('unpacking the library');
    const deps = join(folder, 'node_modules/@tensorflow/tfjs-node/deps');
    const cudaWheels = await runStep(
      'python3',
      [join(packageRoot(), 'setup/unpack_wheel.py'), wheelPath, deps],
      folder,
    );
    if (kind === 'gpu') {
      say('fetching CUDA (some 3 GB)');
      const requirements = cudaWheels.split('\n').filter((line) => line !== '');
      await runStep('python3', ['-m', 'pip', 'install', '--quiet', '--target', deps, ...requirements], folder);
    }
    say('compiling the binding');
    await compileBinding(folder);
    say('verifying');
    await runStep(process.execPath, ['-e', verification, folder], folder);
    renameSync(folder, target);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/**
 * What tfjs-node's binding.gyp says for Linux, as one compiler command: N-API's headers come from npm, so neither
 * node-gyp nor Node's own headers are needed. The addon works on every Node from 16 on.
 */
async function compileBinding(folder: string): Promise<void> {
  const tfjs = join(folder, 'node_modules/@tensorflow/tfjs-node');
  mkdirSync(join(tfjs, 'lib/napi-v8'), { recursive: true });
  await runStep(
    'g++',
    [
      ...['-shared', '-fPIC', '-O2', '-std=gnu++17', '-w', '-DNAPI_VERSION=8', '-DNODE_GYP_MODULE_NAME=tfjs_binding'],
      ...['-DBUILDING_NODE_EXTENSION', '-I', join(folder, 'node_modules/node-api-headers/include')],
      ...['-I', '..', '-I', 'deps/include', 'binding/tfjs_backend.cc', 'binding/tfjs_binding.cc'],
      ...['-Wl,-rpath,$ORIGIN/../../deps/lib', '-L', 'deps/lib', '-ltensorflow', '-ltensorflow_framework'],
      ...['-o', 'lib/napi-v8/tfjs_binding.node'],
    ],
    tfjs,
  );
}
