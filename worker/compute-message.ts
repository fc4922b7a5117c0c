/** What the main thread asks of the compute thread and what it answers; requests are done in the order they come. */
import type { Experiment } from '../common/experiment/schema.js';
import type { Manifest } from '../common/manifest.js';
import type { ModuleBundle } from '../common/module-bundle.js';
import type { Batch, Draws } from './data/batch-assembler.js';
import type { RawData } from './data/raw-data.js';
import type { Observed } from './model/layer-observer.js';
import type { DataShape } from './model/model-experiment.js';
import type { Backend } from './tensorflow/load.js';

/** Sums over samples, in float64. */
export interface LeafSums {
  lossSum: number;
  metricSums: number[];
}

export interface Span {
  offset: number;
  length: number;
}

/** What the compute thread finds out about a node before it is sent. */
export interface NodeReport {
  /** One per span. */
  checksums: number[];
  /** Index of the first of the tensors that has a float that is not finite, or -1. */
  badTensor: number;
}

/** Pointers are byte offsets in the trial's memory; `trial` is any name that is unique in the process. */
export interface ComputeCalls {
  /** Loads the trial's module, for the calls after it. */
  openModule: { trial: string; bundle: ModuleBundle; experiment: Experiment };
  /** What the module's data source gives. */
  readData: { trial: string };
  /** Builds the model. */
  open: { trial: string; experiment: Experiment; shape: DataShape };
  /** The memory that the pointers below speak of. */
  attach: { trial: string; memory: WebAssembly.Memory };
  /** Finds the gains of kernels that are initialised by `lsuv`, with the first micro-batch; weights are drawn at `weights`. */
  scaleInitial: { trial: string; weights: number; batch: Batch };
  /** Draws the initial weights at `weights`, loads them and computes one micro-batch into `node`; its SHA-256. */
  prove: { trial: string; weights: number; node: number; batch: Batch; draws: Draws };
  /** The model reads its weights from here; they must not change while it computes. */
  setWeights: { trial: string; weights: number };
  gradient: { trial: string; node: number; batch: Batch; draws: Draws };
  evaluate: { trial: string; batch: Batch };
  /** As `gradient`, and the model's layers are looked at from then on. */
  observe: { trial: string; node: number; batch: Batch; draws: Draws };
  /** What has been seen so far. */
  observed: { trial: string };
  /** The loss of a model that puts out this for every sample, or nothing but 0. */
  constantLoss: { trial: string; batch: Batch; output: readonly number[] | null };
  /** left = left + right */
  add: { trial: string; left: number; right: number; floats: number };
  inspect: { trial: string; node: number; chunks: readonly Span[]; tensors: readonly Span[] };
  close: { trial: string };
}

export interface ComputeResults {
  openModule: null;
  readData: RawData;
  open: Manifest;
  attach: null;
  /** The manifest with the gains. */
  scaleInitial: Manifest;
  /** With what the module has been found to do that no seed decides. */
  prove: { gradientSha256: string; warnings: string[] };
  setWeights: null;
  gradient: LeafSums & { seconds: number };
  evaluate: LeafSums & { seconds: number };
  observe: LeafSums;
  observed: Observed;
  constantLoss: { lossSum: number };
  add: null;
  inspect: NodeReport;
  /** What TensorFlow still holds, of other trials. */
  close: { tensors: number };
}

/** What TensorFlow holds for all trials together. */
export interface TensorMemory {
  tensors: number;
  bytes: number;
}

export type CallName = keyof ComputeCalls;

export interface ComputeRequest<Name extends CallName = CallName> {
  id: number;
  name: Name;
  call: ComputeCalls[Name];
}

export interface ComputeReply {
  id: number;
  result?: ComputeResults[CallName];
  error?: { code: string; message: string; stack: string | undefined };
  /** After what computes, and after a trial's close. */
  held?: TensorMemory;
}

export interface ComputeThreadData {
  backend: Backend;
}
