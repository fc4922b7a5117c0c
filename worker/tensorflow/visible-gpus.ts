/**
 * The NVIDIA GPUs that CUDA shows to this process, as their driver describes them in its folder: models and the driver's version, which
 * both decide bits. No library is loaded, and no program asked.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface VisibleGpus {
  /** In CUDA's order, each once: TensorFlow computes on the first. */
  models: string;
  driver: string;
}

interface Gpu {
  model: string;
  uuid: string;
}

const driverFolder = '/proc/driver/nvidia';

/** None where there is no driver, or CUDA_VISIBLE_DEVICES leaves no device: the CUDA build then computes on the processor. */
export function visibleGpus(
  folder: string = driverFolder,
  environment: NodeJS.ProcessEnv = process.env,
): VisibleGpus | undefined {
  const models = new Set(visibleModels(gpusIn(join(folder, 'gpus')), environment));
  if (models.size === 0) return undefined;
  const version = /^NVRM version:.*?\s(\d+(?:\.\d+)+)\s/m.exec(contents(join(folder, 'version')))?.[1];
  return { models: [...models].join(', '), driver: version ?? 'unknown' };
}

/** In the order of the bus, as CUDA_DEVICE_ORDER=PCI_BUS_ID counts; one that is excluded is no device of CUDA's. */
function gpusIn(folder: string): Gpu[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .toSorted()
    .flatMap((name) => {
      const text = contents(join(folder, name, 'information'));
      const field = (key: string) => new RegExp(`^${key}:[ \\t]*(.*?)[ \\t]*$`, 'm').exec(text)?.[1] ?? '';
      if (field('GPU Excluded') === 'Yes') return [];
      return [{ model: field('Model') || 'unknown', uuid: field('GPU UUID') }];
    });
}

/** As CUDA reads the variable: numbers or the beginnings of identifiers, and nothing after one that is no device. */
function visibleModels(gpus: readonly Gpu[], environment: NodeJS.ProcessEnv): string[] {
  const { CUDA_VISIBLE_DEVICES: visible, CUDA_DEVICE_ORDER: order } = environment;
  const all = gpus.map(({ model }) => model);
  if (visible === undefined) return all;
  const models: string[] = [];
  for (const entry of visible.split(',').map((each) => each.trim())) {
    // A slice does not say here of which device it is.
    if (entry.startsWith('MIG-')) models.push(...all.map((model) => `a slice of ${model}`));
    else if (entry.startsWith('GPU-')) {
      const named = gpus.find(({ uuid }) => uuid.startsWith(entry));
      if (!named) break;
      models.push(named.model);
    } else {
      const model = /^\d+$/.test(entry) ? all[Number(entry)] : undefined;
      if (model === undefined) break;
      // Where CUDA counts the fastest first, only its library knows whose number it is.
      models.push(...(order === 'PCI_BUS_ID' ? [model] : all));
    }
  }
  return models;
}

function contents(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
