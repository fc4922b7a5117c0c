/**
 * Augmentations, each alone: microseconds that a picture of 32x32x3 bytes takes from the store to its place in a batch of
 * normalised floats, as a worker's main thread does it. Where POLYAK_BENCH_PYTHON names a Python that has torchvision, the same
 * by its transforms is measured in turns.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineExperiment } from '../common/experiment/load.js';
import type { Experiment } from '../common/experiment/schema.js';
import { finishMeasuring } from '../common/input-statistics.js';
import { packageRoot } from '../common/package-root.js';
import { BatchAssembler } from '../worker/data/batch-assembler.js';
import { openDataset } from '../worker/data/dataset.js';
import { removeData } from './experiments.js';
import { median, peerPython } from './measure.js';
import { syntheticCifar10 } from './synthetic-data.js';

const count = 128;
const seconds = 0.5;
const rounds = 5;

/** By the names that bench/peers/augment_torchvision.py has, too, as far as torchvision has them. */
const augmentations = {
  nothing: [],
  flip: [{ flip: 'horizontal' }],
  crop: [{ crop: { padding: 4 } }],
  resizedCrop: [{ resizedCrop: { area: [0.3, 1] } }],
  rotate: [{ rotate: { degrees: 15 } }],
  translate: [{ translate: { fraction: 0.1 } }],
  brightness: [{ brightness: { factor: 0.2 } }],
  contrast: [{ contrast: { factor: 0.2 } }],
  saturation: [{ saturation: { factor: 0.2 } }],
  lighting: [{ lighting: {} }],
  erase: [{ erase: {} }],
  cutout: [{ cutout: { size: 8 } }],
  mixup: [{ mixup: {} }],
  'flip, crop and all three colours': [
    ...[{ flip: 'horizontal' }, { crop: { padding: 4 } }],
    ...[{ brightness: { factor: 0.2 } }, { contrast: { factor: 0.2 } }, { saturation: { factor: 0.2 } }],
  ],
};

export interface AugmentFigures {
  name: string;
  /** Of a picture. */
  microseconds: number;
  /** In the same run; undefined where torchvision has no such transform, or is not there. */
  torchvisionMicroseconds: number | undefined;
}

type Timing = () => number;

/** Microseconds a picture, over about half a second. */
async function timingOf(experiment: Experiment): Promise<Timing> {
  const dataset = await openDataset(experiment);
  const assembler = new BatchAssembler(dataset, experiment);
  const ids = Array.from({ length: count }, (_, index) => index);
  const reference = assembler.sums(ids).map((sum) => sum / count);
  const measured = { shape: dataset.shape, sums: assembler.statistics(ids, reference), samples: count };
  assembler.setPreprocess((await finishMeasuring(experiment, measured)).vector);
  let step = 0;
  return () => {
    const from = performance.now();
    let batches = 0;
    while (performance.now() - from < 1000 * seconds) {
      assembler.assemble('train', ids, { seed: 231, step: (step += 1), microBatch: 0 }, step % assembler.slots);
      batches += 1;
    }
    return ((performance.now() - from) * 1000) / (batches * count);
  };
}

function torchvision(python: string): Record<string, number> {
  const script = join(packageRoot(), 'bench/peers/augment_torchvision.py');
  return JSON.parse(execFileSync(python, [script], { encoding: 'utf8' })) as Record<string, number>;
}

export async function benchmarkAugment(): Promise<AugmentFigures[]> {
  const python = peerPython('torch');
  const path = syntheticCifar10(count);
  const experimentWith = (augment: unknown) =>
    defineExperiment({
      ...{ name: 'bench-augment', data: { source: 'cifar10', path, validation: 0 }, augment },
      ...{ preprocess: [{ standardise: 'channel' }], model: ['flatten', { dense: { units: 10 } }] },
      ...{ loss: 'softmaxCrossEntropy', optimizer: { sgd: { learningRate: 0.1 } } },
      train: { epochs: 1, batchSize: count, microBatchSize: count },
    } as Parameters<typeof defineExperiment>[0]);
  const names = Object.keys(augmentations) as (keyof typeof augmentations)[];
  const ours = new Map<string, number[]>(names.map((name) => [name, []]));
  const theirs: Record<string, number>[] = [];
  try {
    const timings = new Map<string, Timing>();
    for (const name of names) {
      const timing = await timingOf(experimentWith(augmentations[name]));
      // Once before it counts, so that what the engine makes fast is.
      timing();
      timings.set(name, timing);
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, timing] of timings) ours.get(name)!.push(timing());
      if (python) theirs.push(torchvision(python));
    }
  } finally {
    removeData(experimentWith([]));
  }
  return names.map((name) => {
    const peer = theirs.flatMap((figures) => figures[name] ?? []);
    const torchvisionMicroseconds = peer.length > 0 ? median(peer) : undefined;
    return { name, microseconds: median(ours.get(name)!), torchvisionMicroseconds };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(JSON.stringify(await benchmarkAugment()));
}
