/**
 * The first step of a training, looked at: the same weights, micro-batches, draws and arithmetic, on the same compute
 * thread, and nothing is applied. More samples than a step has come from the steps after it, with the first weights.
 */
import { PolyakError } from '../../common/errors.js';
import { isMeasured } from '../../common/input-statistics.js';
import { targetOf } from '../../common/experiment/losses.js';
import type { Experiment } from '../../common/experiment/schema.js';
import type { Logger } from '../../common/log.js';
import type { ModuleBundle } from '../../common/module-bundle.js';
import { TrainingPlan } from '../../common/plan.js';
import { PartialTree } from '../../common/reduction-tree.js';
import { TransferredWeights } from '../../server/transfer/transferred-weights.js';
import { ActivityClock } from '../../worker/activity.js';
import type { LeafOf } from '../../worker/batches.js';
import { Compute } from '../../worker/compute.js';
import type { Batch } from '../../worker/data/batch-assembler.js';
import { DatasetCache } from '../../worker/data/dataset-cache.js';
import { localStatistics } from '../../worker/local-statistics.js';
import { MemoryPool } from '../../worker/memory-pool.js';
import { momentsOf } from '../../worker/model/moments.js';
import { prepareTrial, type PreparedTrial } from '../../worker/prepare.js';
import { configureTensorFlow, type Backend } from '../../worker/tensorflow/load.js';
import type { Inspection } from './inspection.js';
import { vectorTree } from '../../worker/vector-tree.js';
import { kernelOf, weightGradient } from './weight-gradients.js';

export interface InspectOptions {
  backend: Backend;
  module: ModuleBundle | undefined;
  /** Of the training split; those of the first step unless given. */
  samples: number | undefined;
  log: Logger;
}

const trial = 'inspected';

/** Errors: `usage` for a model that does not fit the data, or more samples than there are; `data`; `setup`. */
export async function inspectExperiment(experiment: Experiment, options: InspectOptions): Promise<Inspection> {
  const { backend, module, samples, log } = options;
  configureTensorFlow({ backend, threads: experiment.train.threads });
  const compute = new Compute({ backend });
  try {
    const prepared = await prepareTrial({
      ...{ trial, experiment, backend, module, log, computeWith: () => compute },
      ...{ signal: new AbortController().signal, activity: new ActivityClock() },
      ...{ datasets: new DatasetCache({ bytesMax: 0 }), memories: new MemoryPool() },
      metrics: { tensorsLeft: { set: () => undefined } },
    });
    try {
      await takeTransferred(prepared);
      return await inspectPrepared(prepared, samples);
    } finally {
      await prepared.close();
    }
  } finally {
    await compute.close();
  }
}

/** What a server would have in place of the weights that the proof has drawn. */
async function takeTransferred({ experiment, manifest, memory, compute }: PreparedTrial): Promise<void> {
  if (!experiment.transfer) return;
  const weights = memory.weights[0];
  const vector = memory.floats(weights, manifest.parameterCount + manifest.statisticsCount);
  const transferred = await TransferredWeights.open(experiment.transfer, manifest);
  try {
    for (const tensor of manifest.parameters) vector.set((await transferred.read(tensor)) ?? [], tensor.offset);
    for (const tensor of manifest.statistics) {
      vector.set((await transferred.read(tensor)) ?? [], manifest.parameterCount + tensor.offset);
    }
  } finally {
    await transferred.close();
  }
  await compute.run('setWeights', { trial, weights });
}

async function inspectPrepared(prepared: PreparedTrial, wanted: number | undefined): Promise<Inspection> {
  const { compute, manifest, memory } = prepared;
  const leaves = leavesOf(prepared, wanted);
  await preprocessInputs(prepared);
  const { gradient, lossSum, batches } = await gradientOf(prepared, leaves);
  const { input, layers } = await compute.run('observed', { trial });
  const samples = batches.reduce((sum, { count }) => sum + count, 0);
  const targetMean = targetMeanOf(prepared, batches, samples);
  const chance = await constantLoss(prepared, batches, targetMean);
  const firstWeights = memory.floats(memory.weights[0], manifest.parameterCount);
  const kernelMoments = (layer: string) => {
    const kernel = kernelOf(layer, manifest.parameters);
    return kernel && momentsOf(firstWeights.subarray(kernel.offset, kernel.offset + kernel.length));
  };
  return {
    ...{ samples, input, targetMean },
    layers: layers.map((layer) => ({
      ...layer,
      weights: weightGradient(layer.name, manifest.parameters, gradient) ?? null,
      kernel: kernelMoments(layer.name) ?? null,
    })),
    loss: { data: lossSum / samples, penalty: penaltyOf(prepared), chance: chance / samples },
  };
}

/** A micro-batch, or the beginning of one. */
interface InspectedLeaf extends LeafOf {
  count: number;
}

/** Errors: `usage` where there are not so many. */
function leavesOf({ experiment, proof }: PreparedTrial, wanted: number | undefined): InspectedLeaf[] {
  const { batchSize, microBatchSize } = experiment.train;
  const trainCount = proof.data?.trainCount ?? 0;
  const plan = new TrainingPlan({ trainCount, batchSize, microBatchSize });
  const samples = wanted ?? plan.step(0).samples;
  if (samples > trainCount) {
    throw new PolyakError('usage', `--samples ${samples}: the training split has ${trainCount} samples`);
  }
  const leaves: InspectedLeaf[] = [];
  let missing = samples;
  for (let step = 0; missing > 0; step += 1) {
    for (let leaf = 0; leaf < plan.step(step).leaves && missing > 0; leaf += 1) {
      const { from, to } = plan.leaf(step, leaf);
      const count = Math.min(missing, to - from);
      leaves.push({ kind: 'gradient', split: 'train', step, leaf, count });
      missing -= count;
    }
  }
  return leaves;
}

async function preprocessInputs({ experiment, proof, batches }: PreparedTrial): Promise<void> {
  if (!isMeasured(experiment)) return;
  const { trainCount = 0, shape = [] } = proof.data ?? {};
  batches.setPreprocess(await localStatistics(batches, { experiment, shape, trainCount }));
}

interface InspectedGradient {
  /** Of the mean loss, in the order of the manifest, without L2. */
  gradient: Float32Array;
  lossSum: number;
  batches: Batch[];
}

async function gradientOf(prepared: PreparedTrial, leaves: readonly InspectedLeaf[]): Promise<InspectedGradient> {
  const { compute, memory, manifest, batches } = prepared;
  const vectors = vectorTree(leaves.length);
  const losses = new PartialTree<number>(leaves.length, {
    add: (left, right) => left + right,
    release: () => undefined,
  });
  const node = await memory.acquire();
  const seen: Batch[] = [];
  for (const [index, { count, ...leaf }] of leaves.entries()) {
    const batch = firstOf(batches.take(leaf), count);
    const { lossSum } = await compute.run('observe', { trial, node, batch, draws: batches.draws(leaf) });
    losses.fill({ first: index, leaves: 1 }, lossSum);
    vectors.fill({ first: index, leaves: 1 }, memory.floats(node, manifest.parameterCount).slice());
    seen.push(batch);
  }
  const reciprocal = Math.fround(1 / seen.reduce((sum, { count }) => sum + count, 0));
  const gradient = vectors.takeRoot().map((sum) => sum * reciprocal);
  return { gradient, lossSum: losses.takeRoot(), batches: seen };
}

function firstOf({ inputs, labels, weights, mixed, count: all }: Batch, count: number): Batch {
  const part = <Floats extends Int32Array | Float32Array>(floats: Floats) =>
    floats.subarray(0, (floats.length / all) * count) as Floats;
  return {
    ...{ inputs: part(inputs), labels: part(labels), count },
    ...(weights && { weights: part(weights) }),
    ...(mixed && { mixed: { labels: part(mixed.labels), shares: part(mixed.shares) } }),
  };
}

/** Of each output; null for classes, also for two of them. */
function targetMeanOf({ experiment, proof }: PreparedTrial, batches: readonly Batch[], samples: number) {
  const hasClasses = (proof.data?.classes ?? []).length > 0;
  if (hasClasses || targetOf(experiment.loss) === 'twoClasses') return null;
  const outputs = batches[0]!.labels.length / batches[0]!.count;
  const sums = Array.from({ length: outputs }, () => 0);
  for (const { labels } of batches) labels.forEach((label, at) => (sums[at % outputs]! += label));
  return sums.map((sum) => sum / samples);
}

/** Summed over the samples, of a network that puts out nothing but 0, or the mean of the targets. */
async function constantLoss({ compute }: PreparedTrial, batches: readonly Batch[], output: number[] | null) {
  let sum = 0;
  for (const batch of batches) sum += (await compute.run('constantLoss', { trial, batch, output })).lossSum;
  return sum;
}

/** Of the kernels' first weights: L2's lambda / 2 times the sum of squares, and L1's times that of absolute values. */
function penaltyOf({ manifest, memory }: PreparedTrial): number {
  const weights = memory.floats(memory.weights[0], manifest.parameterCount);
  return manifest.parameters.reduce((sum, { l1 = 0, l2, offset, length }) => {
    if (l1 === 0 && l2 === 0) return sum;
    const costOf = (weight: number) => l1 * Math.abs(weight) + 0.5 * l2 * weight * weight;
    return sum + weights.subarray(offset, offset + length).reduce((all, weight) => all + costOf(weight), 0);
  }, 0);
}
