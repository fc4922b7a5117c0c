/** `polyak worker --gpus`: this process starts a worker for each GPU by its own command line, and is their supervisor. */
import { join } from 'node:path';
import { PolyakError } from '../common/errors.js';
import { createLog } from '../common/log.js';
import { shownOn } from './log-lines.js';
import { packageRoot } from '../common/package-root.js';
import { hasCudaBuild } from '../worker/tensorflow/load.js';
import { chosenGpus, listGpus } from './gpu-devices.js';
import { GpuWorkers } from './gpu-workers.js';

interface GpuWorkersFlags {
  backend: 'tensorflow' | 'cpu';
  metricsPort: number;
  json: boolean;
  parentPipe: boolean;
}

/** Resolves when all have ended in order. Errors: `usage`, `setup`; `internal` where one ended by itself. */
export async function gpuWorkersCommand(gpus: string, flags: GpuWorkersFlags): Promise<void> {
  const { CUDA_VISIBLE_DEVICES: visible } = process.env;
  if (flags.backend === 'cpu') throw new PolyakError('usage', `--gpus ${gpus}: --backend cpu computes on no GPU`);
  if (visible !== undefined && visible !== '') {
    const way = 'leave one of them out';
    throw new PolyakError('usage', `--gpus ${gpus} and CUDA_VISIBLE_DEVICES=${visible} exclude each other: ${way}`);
  }
  const devices = chosenGpus(gpus, listGpus());
  if (!hasCudaBuild()) {
    const way = "run 'npx polyak setup --gpu'";
    throw new PolyakError('setup', `--gpus ${gpus}: TensorFlow's CUDA build is not set up here: ${way}`);
  }
  const { metricsPort, json, parentPipe } = flags;
  const rest = withoutOptions(process.argv.slice(2), ['--gpus', '--metrics-port', '--json', '--parent-pipe']);
  const workers = new GpuWorkers({
    devices,
    command: (position) => {
      const port = metricsPort === 0 ? 0 : metricsPort + position;
      const own = ['--metrics-port', String(port), '--json', '--parent-pipe'];
      return [process.execPath, join(packageRoot(), 'bin/polyak.js'), ...rest, ...own];
    },
    onLine: (line) => {
      if (json) process.stdout.write(`${line}\n`);
    },
    log: createLog('worker', undefined, shownOn(process.stderr, 'worker')),
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => workers.end());
  if (parentPipe) process.stdin.once('end', () => workers.end()).resume();
  try {
    await workers.ended();
  } finally {
    // Else it would keep this process.
    if (parentPipe) process.stdin.destroy();
  }
}

/** Command-line arguments without these options and their values. */
export function withoutOptions(args: readonly string[], names: readonly string[]): string[] {
  const flags = new Set(['--json', '--parent-pipe']);
  const kept: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    const [name = ''] = arg.split('=');
    if (!names.includes(name)) kept.push(arg);
    else if (arg === name && !flags.has(name)) at += 1;
  }
  return kept;
}
