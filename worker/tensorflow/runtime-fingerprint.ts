/** What decides the bits of a gradient besides the experiment: the library, its settings, the processor, the GPU. */
import { existsSync, readFileSync } from 'node:fs';
import { arch } from 'node:os';
import type { Backend } from './load.js';
import { libraryFolder } from './library-folder.js';
import { visibleGpus } from './visible-gpus.js';

/** The instruction sets for which TensorFlow and oneDNN have code of their own. */
const instructionSets = [
  ...['sse4_1', 'avx', 'avx2', 'fma', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'avx_vnni', 'amx_bf16', 'asimd', 'sve'],
];

/**
 * Name and value of each, to be compared and shown side by side; call it after `configureTensorFlow`. Two processes
 * with equal fingerprints compute the same bits. `gpuDriver` is the folder of NVIDIA's driver, if not its own.
 */
export function runtimeFingerprint(backend: Backend, gpuDriver?: string): Record<string, string> {
  if (backend === 'cpu') {
    return { backend, library: 'tfjs 4.22.0', engine: `V8 ${process.versions.v8}` };
  }
  const processor = describeProcessor();
  const build = existsSync(libraryFolder('gpu')) ? 'gpu' : 'cpu';
  const gpus = build === 'gpu' ? visibleGpus(gpuDriver) : undefined;
  return {
    backend,
    library: 'TensorFlow 2.21.0, tfjs 4.22.0',
    build,
    threads: process.env.TF_NUM_INTRAOP_THREADS ?? 'unset',
    oneDnn: process.env.TF_ENABLE_ONEDNN_OPTS ?? 'unset',
    oneDnnInstructionsMax: process.env.ONEDNN_MAX_CPU_ISA ?? 'unset',
    instructions: processor.instructions,
    processor: processor.model,
    ...(gpus && { gpu: gpus.models, gpuDriver: gpus.driver }),
  };
}

function describeProcessor(): { instructions: string; model: string } {
  const cpuinfo = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const field = (name: string) => new RegExp(`^${name}\\s*:\\s*(.*)$`, 'm').exec(cpuinfo)?.[1] ?? '';
  const flags = new Set(`${field('flags')} ${field('Features')}`.split(' '));
  return {
    instructions: instructionSets.filter((name) => flags.has(name)).join(' '),
    // Eigen and oneDNN choose block sizes by the caches, which vendor and family stand for.
    model: [arch(), field('vendor_id'), field('cpu family')].filter((part) => part !== '').join(' '),
  };
}
