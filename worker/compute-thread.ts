/**
 * The thread that computes: it has TensorFlow, the models, and the arithmetic of the local tree over the trials' shared
 * memories. It knows no network, no data set and no lease.
 */
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { PolyakError } from '../common/errors.js';
import type { Experiment } from '../common/experiment/schema.js';
import { initialize } from '../common/initializers.js';
import { vectorKernels, type VectorKernels } from '../common/kernels/vector-kernels.js';
import type {
  CallName,
  ComputeCalls,
  ComputeReply,
  ComputeRequest,
  ComputeResults,
  ComputeThreadData,
  NodeReport,
} from './compute-message.js';
import type { Batch, Draws } from './data/batch-assembler.js';
import type { LayerObserver } from './model/layer-observer.js';
import { TrainingModel, type BatchSums, type GradientOutput } from './model/training-model.js';
import { LoadedModule } from './module/loaded-module.js';
import { loadTensorFlow, type TF } from './tensorflow/load.js';

interface ThreadTrial {
  experiment: Experiment;
  model: TrainingModel;
  module: LoadedModule | undefined;
  /** Of the module, on samples as they are when the gradient begins. */
  augment: ReturnType<LoadedModule['augmentation']>;
  memory: { of: WebAssembly.Memory; kernels: VectorKernels } | undefined;
  observer?: LayerObserver;
}

const port = parentPort;
if (!port) throw new Error('compute-thread.js must run as a worker thread');
const { backend } = workerData as ComputeThreadData;
const trials = new Map<string, ThreadTrial>();
const modules = new Map<string, { module: LoadedModule; experiment: Experiment }>();
let library: Promise<TF> | undefined;

const handlers: {
  [Name in CallName]: (call: ComputeCalls[Name]) => ComputeResults[Name] | Promise<ComputeResults[Name]>;
} = {
  openModule: async ({ trial, bundle, experiment }) => {
    library ??= openLibrary();
    const warn = (message: string) => process.emitWarning(message, 'PolyakModuleWarning');
    const module = new LoadedModule(await library, bundle, experiment.module?.options ?? {}, warn);
    modules.set(trial, { module, experiment });
    return null;
  },
  readData: async ({ trial }) => {
    const opened = modules.get(trial);
    if (!opened) throw new Error(`trial ${trial} has no module on the compute thread`);
    return await opened.module.readData(opened.experiment);
  },
  open: async ({ trial, experiment, shape }) => {
    library ??= openLibrary();
    const module = modules.get(trial)?.module;
    const model = await TrainingModel.build(await library, experiment, shape, module);
    const augment = module?.augmentation(experiment, shape.inputShape);
    trials.get(trial)?.model.dispose();
    trials.set(trial, { experiment, model, module, augment, memory: undefined });
    return model.manifest;
  },
  attach: ({ trial, memory }) => {
    trialOf(trial).memory = { of: memory, kernels: vectorKernels(memory) };
    return null;
  },
  scaleInitial: ({ trial, weights, batch }) => {
    const { model } = trialOf(trial);
    drawInitial(trial, weights);
    const { parameters, statistics } = vectorsAt(trial, weights);
    model.scaleInitial(batch, (tensor, gain) => {
      tensor.initializer.gain = gain;
      drawTensor(trial, weights, model.manifest.parameters.indexOf(tensor));
      model.setWeights(parameters, statistics);
    });
    return model.manifest;
  },
  prove: ({ trial, weights, node, batch, draws }) => {
    drawInitial(trial, weights);
    const out = vectorsAt(trial, node);
    gradient(trial, batch, draws, out);
    const bytes = new Uint8Array(out.parameters.buffer, node, (out.parameters.length + out.statistics.length) * 4);
    const gradientSha256 = createHash('sha256').update(bytes).digest('hex');
    const { model, module } = trialOf(trial);
    return { gradientSha256, warnings: [...model.warnings, ...(module?.warnings ?? [])] };
  },
  setWeights: ({ trial, weights }) => {
    const { parameters, statistics } = vectorsAt(trial, weights);
    trialOf(trial).model.setWeights(parameters, statistics);
    return null;
  },
  gradient: ({ trial, node, batch, draws }) => timed(() => gradient(trial, batch, draws, vectorsAt(trial, node))),
  evaluate: ({ trial, batch }) => timed(() => trialOf(trial).model.evaluate(batch)),
  observe: ({ trial, node, batch, draws }) => {
    const opened = trialOf(trial);
    opened.observer ??= opened.model.observe();
    const sums = gradient(trial, batch, draws, vectorsAt(trial, node));
    opened.observer.input.add(batch.inputs);
    return sums;
  },
  observed: ({ trial }) => {
    const { observer } = trialOf(trial);
    if (!observer) throw new Error(`trial ${trial} has not been observed on the compute thread`);
    return observer.observed();
  },
  constantLoss: ({ trial, batch, output }) => ({ lossSum: trialOf(trial).model.constantLoss(batch, output) }),
  add: ({ trial, left, right, floats }) => {
    memoryOf(trial).kernels.add(left, left, right, floats);
    return null;
  },
  inspect: ({ trial, node, chunks, tensors }): NodeReport => {
    const { kernels } = memoryOf(trial);
    const isBad = ({ offset, length }: { offset: number; length: number }) =>
      kernels.firstNonFinite(node + offset * 4, length) >= 0;
    return {
      badTensor: chunks.some(isBad) ? Math.max(0, tensors.findIndex(isBad)) : -1,
      checksums: chunks.map(({ offset, length }) => kernels.checksum(node + offset * 4, length)),
    };
  },
  close: async ({ trial }) => {
    trials.get(trial)?.model.dispose();
    trials.delete(trial);
    modules.delete(trial);
    return { tensors: (await library)?.memory().numTensors ?? 0 };
  },
};

const countedAfter: ReadonlySet<CallName> = new Set<CallName>(['gradient', 'evaluate', 'close']);

/** Requests are done one after another, though opening waits for the library. */
let last: Promise<void> = Promise.resolve();
port.on('message', ({ id, name, call }: ComputeRequest) => {
  last = last.then(async () => {
    const reply: ComputeReply = { id };
    try {
      const handler = handlers[name] as (
        call: ComputeCalls[CallName],
      ) => ComputeReply['result'] | Promise<ComputeReply['result']>;
      reply.result = await handler(call);
    } catch (error) {
      reply.error = describe(error);
    }
    const memory = countedAfter.has(name) ? (await library?.catch(() => undefined))?.memory() : undefined;
    if (memory) reply.held = { tensors: memory.numTensors, bytes: memory.numBytes };
    port.postMessage(reply);
  });
});

/** The weights of step 0, as the server draws them, into the model too. */
function drawInitial(trial: string, weights: number): void {
  const { model } = trialOf(trial);
  const { parameters, statistics } = model.manifest;
  for (let index = 0; index < parameters.length + statistics.length; index += 1) drawTensor(trial, weights, index);
  const vectors = vectorsAt(trial, weights);
  model.setWeights(vectors.parameters, vectors.statistics);
}

/** Tensors are counted through parameters, then statistics. */
function drawTensor(trial: string, weights: number, index: number): void {
  const { model, experiment } = trialOf(trial);
  const { manifest } = model;
  const { parameters, statistics } = vectorsAt(trial, weights);
  const isParameter = index < manifest.parameters.length;
  const tensor = [...manifest.parameters, ...manifest.statistics][index]!;
  const out = (isParameter ? parameters : statistics).subarray(tensor.offset, tensor.offset + tensor.length);
  initialize(tensor.initializer, tensor.shape, experiment.seed, index, out);
}

function gradient(trial: string, batch: Batch, draws: Draws, out: GradientOutput): BatchSums {
  const { model, module, augment } = trialOf(trial);
  augment?.(batch.inputs, batch.count, draws);
  // TensorFlow differentiates the module's layers and loss after they have run, and may find then that it cannot.
  return module
    ? module.guarded('gradient', () => model.gradient(batch, draws, out))
    : model.gradient(batch, draws, out);
}

async function openLibrary(): Promise<TF> {
  const tf = await loadTensorFlow(backend);
  // Else tfjs advertises its native binding at the first operation.
  if (backend === 'cpu') tf.enableProdMode();
  return tf;
}

function trialOf(trial: string): ThreadTrial {
  const open = trials.get(trial);
  if (!open) throw new Error(`trial ${trial} is not open on the compute thread`);
  return open;
}

function memoryOf(trial: string): NonNullable<ThreadTrial['memory']> {
  const { memory } = trialOf(trial);
  if (!memory) throw new Error(`trial ${trial} has no memory on the compute thread`);
  return memory;
}

/** A vector lies as [parameters, statistics]. */
function vectorsAt(trial: string, offset: number): { parameters: Float32Array; statistics: Float32Array } {
  const { parameterCount, statisticsCount } = trialOf(trial).model.manifest;
  const { buffer } = memoryOf(trial).of;
  return {
    parameters: new Float32Array(buffer, offset, parameterCount),
    statistics: new Float32Array(buffer, offset + parameterCount * 4, statisticsCount),
  };
}

function timed<Result extends object>(compute: () => Result): Result & { seconds: number } {
  const startedAt = performance.now();
  const result = compute();
  return { ...result, seconds: (performance.now() - startedAt) / 1000 };
}

function describe(error: unknown): NonNullable<ComputeReply['error']> {
  if (error instanceof PolyakError) return { code: error.code, message: error.message, stack: error.stack };
  if (error instanceof Error) return { code: '', message: error.message, stack: error.stack };
  return { code: '', message: String(error), stack: undefined };
}
