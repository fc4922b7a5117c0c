/**
 * The jobs of the arithmetic threads: what is done to the slots of one arena. They hold pointers (byte offsets in the
 * arena) and numbers, never data.
 */
import type { Arena } from './arena.js';

/** Floats [start, start + length) of a chunk. */
export interface JobSegment {
  start: number;
  length: number;
}

/** Adds to the running average: average = decay average + (1 - decay) weights. */
export interface Averaging {
  average?: number;
  averageDecay?: number;
}

/** out = left + right; out may be left or right. */
export interface AddJob {
  kind: 'add';
  out: number;
  left: number;
  right: number;
  n: number;
}

export interface CopyJob {
  kind: 'copy';
  out: number;
  source: number;
  n: number;
}

export interface FillJob {
  kind: 'fill';
  out: number;
  n: number;
  value: number;
}

/** Result: an unsigned 32-bit number. */
export interface ChecksumJob {
  kind: 'checksum';
  pointer: number;
  n: number;
}

/**
 * gradient = gradient * reciprocal + l2 * weights + l1 * sign(weights) in each segment, then each element moved into
 * [-clipValue, clipValue]. Frozen segments are neither changed nor measured: their sums are 0.
 */
export interface PrepareJob {
  kind: 'prepare';
  gradient: number;
  weights: number;
  segments: readonly (JobSegment & { l1?: number; l2: number; frozen?: boolean; decays?: boolean })[];
  /** 1 / the step's sample count; rounded to float32. */
  reciprocal: number;
  clipValue?: number;
  /** The norms that a trust ratio needs are measured too. */
  trust?: { optimizer: string; coefficients: readonly number[]; slots: readonly number[] };
}

/** Per segment, in the order of the job; in float64. */
export interface PrepareResult {
  /** Sum of squares of the prepared gradient. */
  sumSquares: number[];
  /** Sum of squares of the weights where l2 > 0, else 0. */
  weightSquares: number[];
  /** Sum of absolute values of the weights where l1 > 0, else 0. */
  weightAbsolutes: number[];
  /** With `trust`: sums of squares of the weights, and of the update at a rate of 1. */
  trust?: { weightSquares: number[]; updateSquares: number[] };
  /** Float of the chunk whose prepared gradient, before clipping, is the first infinite or NaN one, or -1. */
  firstNonFinite: number;
}

/** One optimizer step on the segments that are not frozen, and the running average over all. */
export interface ApplyJob extends Averaging {
  kind: 'apply';
  optimizer: string;
  coefficients: readonly number[];
  segments: readonly (JobSegment & { rateMultiplier: number; frozen: boolean; decays?: boolean })[];
  weights: number;
  gradient: number;
  /** In the order of the optimizer's slots. */
  slots: readonly number[];
  /** Multiplies the gradient first: the factor of global-norm clipping. */
  scale?: number;
}

/** Both in one, where nothing is waited for in between. Nothing is applied when the prepared gradient is not finite. */
export interface UpdateJob {
  kind: 'update';
  prepare: Omit<PrepareJob, 'kind'>;
  apply: Omit<ApplyJob, 'kind'>;
}

/** running = momentum * running + (1 - momentum) * sum * reciprocal in each segment. */
export interface RunningStatisticsJob extends Averaging {
  kind: 'runningStatistics';
  running: number;
  sum: number;
  segments: readonly (JobSegment & { momentum: number })[];
  reciprocal: number;
}

/** A stretch of a kernel whose units have a largest norm. */
export interface UnitSegment extends JobSegment {
  /** First float inside the tensor. */
  tensorStart: number;
}

/** Result: for each segment the sum of squares of each unit's floats. */
export interface UnitSquaresJob {
  kind: 'unitSquares';
  weights: number;
  segments: readonly (UnitSegment & { units: number })[];
}

/** Multiplies each unit's floats by its factor; then the running average over the whole chunk. */
export interface ScaleUnitsJob extends Averaging {
  kind: 'scaleUnits';
  weights: number;
  segments: readonly (UnitSegment & { factors: readonly number[] })[];
  /** Of the whole chunk. */
  n: number;
}

/**
 * Of a full-batch method: in each segment the weights go into their running average, then the combinations are formed, one
 * after another, then `written` replaces the weights, then what is wanted is measured.
 */
export interface CombineJob extends Averaging {
  kind: 'combine';
  /** Those that are trained. */
  segments: readonly JobSegment[];
  /** Of the whole chunk; the running average is of all of it. */
  n: number;
  weights: number;
  /** Pointers, which the numbers below count. */
  vectors: readonly number[];
  combinations: readonly { out: number; terms: readonly (readonly [coefficient: number, vector: number])[] }[];
  /** As long as the chunk. */
  written?: Float32Array;
  products: readonly (readonly [number, number])[];
  read: readonly number[];
}

export interface CombineResult {
  /** Over the segments, in float64. */
  products: number[];
  /** Each as long as the chunk, 0 outside of the segments. */
  read: Float32Array[];
}

export type ArenaJob =
  | AddJob
  | CopyJob
  | FillJob
  | ChecksumJob
  | PrepareJob
  | ApplyJob
  | UpdateJob
  | RunningStatisticsJob
  | CombineJob
  | UnitSquaresJob
  | ScaleUnitsJob;

/** `arena` is the one that all its pointers belong to. */
export type Job = ArenaJob & { arena: Arena };

export type JobResult<J extends ArenaJob = ArenaJob> = J extends { kind: 'prepare' | 'update' }
  ? PrepareResult
  : J extends { kind: 'checksum' }
    ? number
    : J extends { kind: 'combine' }
      ? CombineResult
      : J extends { kind: 'unitSquares' }
        ? number[][]
        : undefined;

/** The part of a step that a job is; undefined for what is done between steps. */
export function partOf({ kind }: Pick<ArenaJob, 'kind'>): 'reduce' | 'apply' | undefined {
  if (kind === 'add') return 'reduce';
  const applies = kind === 'prepare' || kind === 'apply' || kind === 'update' || kind === 'scaleUnits';
  return applies || kind === 'combine' || kind === 'unitSquares' || kind === 'runningStatistics' ? 'apply' : undefined;
}
