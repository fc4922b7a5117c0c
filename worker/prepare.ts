/** Makes a worker ready for a trial: data, model, memory, and the proof that it computes what the others compute. */
import { layOutChunks, type ChunkSpec } from '../common/chunk-layout.js';
import { PolyakError } from '../common/errors.js';
import type { Experiment } from '../common/experiment/schema.js';
import { keptFloats, measuredFloats } from '../common/input-statistics.js';
import type { Logger } from '../common/log.js';
import type { Manifest } from '../common/manifest.js';
import type { ModuleBundle } from '../common/module-bundle.js';
import { needsStatistics, preparedShape } from '../common/preprocessing/preprocess-plan.js';
import { preprocessProblem, preprocessWarning } from '../common/preprocessing/preprocess-problem.js';
import type { Proof } from '../proto/gen/polyak/v1/Proof.js';
import { Batches } from './batches.js';
import type { Compute } from './compute.js';
import type { Dataset } from './data/dataset.js';
import type { DatasetCache, SharedDataset } from './data/dataset-cache.js';
import type { DataPlace } from './data/location/data-place.js';
import { localStatistics } from './local-statistics.js';
import { needsScaling } from './model/scale-initial.js';
import { workerFingerprint } from './fingerprint.js';
import type { Backend } from './tensorflow/load.js';
import type { MemoryPool } from './memory-pool.js';
import { TrialMemory, leavesMaxOf } from './trial-memory.js';
import type { WorkerMetrics } from './worker-metrics.js';

export interface PreparedTrial {
  experiment: Experiment;
  manifest: Manifest;
  chunks: ChunkSpec[];
  /** Floats that preprocessing sums over the training split, and those that come of it. */
  statisticsFloats: number;
  preprocessFloats: number;
  memory: TrialMemory;
  batches: Batches;
  compute: Compute;
  proof: Proof;
  /** Gives everything back; nothing of it is in use. */
  close: () => Promise<void>;
}

export interface PrepareOptions {
  /** Name of the trial on the compute thread. */
  trial: string;
  experiment: Experiment;
  backend: Backend;
  /** Where this machine has its data; as the environment says unless given. */
  place?: DataPlace;
  /** Aborted when the trial is dropped, since bringing data may take hours. */
  signal: AbortSignal;
  log: Logger;
  /** The process's compute thread, with TensorFlow set to so many threads. */
  computeWith: (threads: number) => Compute;
  /** The code of the experiment's module. */
  module: ModuleBundle | undefined;
  /** Those of the process. */
  datasets: DatasetCache;
  memories: MemoryPool;
  metrics: { tensorsLeft: Pick<WorkerMetrics['tensorsLeft'], 'set'> };
}

/** The micro-batch that everybody tries. */
const first = { kind: 'gradient', split: 'train', step: 0, leaf: 0 } as const;

/** Errors: PolyakError of data, model or setup. */
export async function prepareTrial(options: PrepareOptions): Promise<PreparedTrial> {
  const { trial, experiment, metrics } = options;
  const compute = options.computeWith(experiment.train.threads);
  const held: Held = {};
  const close = async () => {
    const closed = await compute.run('close', { trial }).catch(() => undefined);
    // The compute thread reads none of these any more.
    held.memory?.close();
    held.batches?.close();
    held.dataset?.release();
    if (closed) metrics.tensorsLeft.set(closed.tensors);
  };
  try {
    return { ...(await prepare(options, compute, held)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Held {
  dataset?: SharedDataset;
  memory?: TrialMemory;
  batches?: Batches;
}

async function prepare(options: PrepareOptions, compute: Compute, held: Held): Promise<Omit<PreparedTrial, 'close'>> {
  const { trial, experiment, backend, module, datasets, memories } = options;
  const { batchSize, microBatchSize } = experiment.train;
  const { place, signal, log } = options;
  const say = (message: string) => log.info({ trial }, message);
  if (module) await compute.run('openModule', { trial, bundle: module, experiment });
  const readModule = async () => await compute.run('readData', { trial });
  held.dataset = await datasets.open(experiment, { place, signal, say, readModule });
  const { dataset } = held.dataset;
  const { train, validation, test } = dataset.splits;
  const { features, classes } = dataset;
  const { preprocess } = experiment;
  const problem = preprocessProblem(preprocess, dataset.shape, train.count);
  if (problem !== undefined) throw new PolyakError('usage', problem);
  const unusual = preprocessWarning(preprocess, dataset.shape);
  const shape = { inputShape: preparedShape(preprocess, dataset.shape), outputs: dataset.outputs };
  const opened = await compute.run('open', { trial, experiment, shape });
  const weights = opened.parameterCount + opened.statisticsCount;
  const leavesMax = leavesMaxOf(train.count, batchSize, microBatchSize);
  const floats = {
    statisticsFloats: measuredFloats(experiment, features),
    preprocessFloats: keptFloats(experiment, features),
  };
  const most = Math.max(floats.statisticsFloats, floats.preprocessFloats);
  const memory = new TrialMemory({ weights, preprocess: most, leavesMax }, memories);
  held.memory = memory;
  await compute.run('attach', { trial, memory: memory.memory });
  const batches = new Batches(experiment, dataset);
  held.batches = batches;
  const firstWeights = memory.weights[0];
  const manifest = await scaled(opened, { trial, experiment, dataset, batches, weights: firstWeights }, compute);
  const node = await memory.acquire();
  const { gradientSha256, warnings } = await compute.run('prove', {
    trial,
    weights: firstWeights,
    node,
    batch: batches.take(first),
    draws: batches.draws(first),
  });
  memory.release(node);
  const counts = { trainCount: train.count, validationCount: validation.count, testCount: test.count };
  const encoding = dataset.encoding ? JSON.stringify(dataset.encoding) : '';
  const proof = {
    fingerprint: workerFingerprint(backend, {
      data: dataset.fingerprint,
      files: dataset.files.sha256,
      module: module?.sha256,
    }),
    gradientSha256,
    warnings: unusual === undefined ? warnings : [unusual, ...warnings],
    manifest: JSON.stringify(manifest),
    data: { ...counts, features, shape: dataset.shape, classes: classes ?? [], encoding },
    files: dataset.files.groups,
  };
  const chunks = layOutChunks(manifest, experiment.chunkFloats);
  return { experiment, manifest, chunks, ...floats, memory, batches, compute, proof };
}

interface Scaling {
  trial: string;
  experiment: Experiment;
  dataset: Dataset;
  batches: Batches;
  /** Where the first weights are drawn. */
  weights: number;
}

/** The manifest with the gains of kernels that are initialised by the data, as everybody who has the data finds them. */
async function scaled(manifest: Manifest, options: Scaling, compute: Compute): Promise<Manifest> {
  if (!needsScaling(manifest)) return manifest;
  const { trial, experiment, dataset, batches, weights } = options;
  if (needsStatistics(experiment.preprocess)) {
    const { shape, splits } = dataset;
    batches.setPreprocess(await localStatistics(batches, { experiment, shape, trainCount: splits.train.count }));
  }
  return await compute.run('scaleInitial', { trial, weights, batch: batches.take(first) });
}
