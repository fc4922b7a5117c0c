/**
 * The memory of the device that a worker computes on: of its GPUs, where it has the CUDA build of the library and the driver
 * answers, else of the process itself. The driver's program is asked seldom, since it takes a while.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { memoryLimitBytes } from '../common/memory-limit.js';

export interface DeviceMemory {
  /** `cpu`, or the number of a GPU as the driver has it, such as `gpu0`. */
  device: string;
  /** Bytes; of a GPU those of all its processes. */
  used: number;
  limit: number;
}

const keptMs = 10_000;
/** Whoever scrapes waits no longer. */
const answerMsMax = 2000;

export class DeviceMemoryReader {
  private last: { at: number; devices: Promise<DeviceMemory[]> } | undefined;

  /** `gpus`: whether the process may have loaded the CUDA build. */
  constructor(
    private readonly gpus: boolean,
    private readonly environment: NodeJS.ProcessEnv = process.env,
  ) {}

  async read(): Promise<DeviceMemory[]> {
    if (!this.gpus) return [ofProcess()];
    const now = performance.now();
    if (!this.last || now - this.last.at > keptMs) this.last = { at: now, devices: ofGpus(this.environment) };
    const devices = await this.last.devices;
    return devices.length > 0 ? devices : [ofProcess()];
  }
}

function ofProcess(): DeviceMemory {
  return { device: 'cpu', used: process.memoryUsage.rss(), limit: memoryLimitBytes() };
}

/** None where there is no driver: the CUDA build then computes on the processor. */
async function ofGpus(environment: NodeJS.ProcessEnv): Promise<DeviceMemory[]> {
  const visible = environment['CUDA_VISIBLE_DEVICES'];
  if (visible === '' || visible === '-1') return [];
  const args = ['--query-gpu=index,memory.used,memory.total', '--format=csv,noheader,nounits'];
  if (visible !== undefined) args.push(`--id=${visible}`);
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', args, { timeout: answerMsMax, env: environment });
    return parseDevices(stdout);
  } catch {
    return [];
  }
}

/** Lines of `index, used, total`, in MiB; a device that does not say is left out. */
export function parseDevices(text: string): DeviceMemory[] {
  return text.split('\n').flatMap((line) => {
    const [index = '', used, limit] = line.split(',').map((cell) => cell.trim());
    const [usedMib, limitMib] = [Number(used), Number(limit)];
    if (!/^\d+$/.test(index) || !Number.isFinite(usedMib) || !Number.isFinite(limitMib)) return [];
    return [{ device: `gpu${index}`, used: usedMib * 2 ** 20, limit: limitMib * 2 ** 20 }];
  });
}
