/** The GPUs of this machine, as its driver lists them, and those of them that a user names. No library is loaded. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { PolyakError } from '../common/errors.js';

export interface GpuDevice {
  /** As the driver counts. */
  index: number;
  name: string;
}

const answerMsMax = 10_000;
const driverFolder = '/proc/driver/nvidia/gpus';

/** By `nvidia-smi`, which is looked for on PATH, or where it is not there by the driver's folder. */
export function listGpus(environment: NodeJS.ProcessEnv = process.env, folder = driverFolder): GpuDevice[] {
  const args = ['--query-gpu=index,name', '--format=csv,noheader'];
  try {
    const options = { encoding: 'utf8', timeout: answerMsMax, env: environment, stdio: 'pipe' } as const;
    return execFileSync('nvidia-smi', args, options).split('\n').flatMap(deviceOf);
  } catch {
    return foldersIn(folder).map((name, index) => ({ index, name: `at ${name}` }));
  }
}

function deviceOf(line: string): GpuDevice[] {
  const [, index, name = ''] = /^\s*(\d+)\s*,\s*(.*?)\s*$/.exec(line) ?? [];
  return index === undefined ? [] : [{ index: Number(index), name }];
}

/** In the order of the bus, as CUDA_DEVICE_ORDER=PCI_BUS_ID counts. */
function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}

/** `all`, or numbers with commas between. Errors: `usage`, with what is there. */
export function chosenGpus(text: string, devices: readonly GpuDevice[]): number[] {
  const there = devices.map(({ index, name }) => `${index} (${name})`).join(', ');
  const refuse = (why: string) => new PolyakError('usage', `--gpus ${text}: ${why}`);
  if (devices.length === 0) {
    throw refuse(
      'this machine has no NVIDIA GPU that its driver lists: nvidia-smi and /proc/driver/nvidia are looked at',
    );
  }
  if (text === 'all') return devices.map(({ index }) => index);
  const numbers = text.split(',').map((part) => {
    if (!/^\d{1,4}$/.test(part))
      throw refuse(`'${part}' is no device; give all, or numbers such as 0,2; there are ${there}`);
    return Number(part);
  });
  const missing = numbers.find((number) => !devices.some(({ index }) => index === number));
  if (missing !== undefined) throw refuse(`there is no device ${missing}; there are ${there}`);
  const again = numbers.find((number, position) => numbers.indexOf(number) !== position);
  if (again !== undefined) throw refuse(`device ${again} is named twice; a device has one worker`);
  return numbers;
}
