/** Carries out one job on a memory's kernels; it runs on an arithmetic thread or, without threads, on the caller's. */
import type { VectorKernels } from '../../common/kernels/vector-kernels.js';
import { optimizerNamed } from '../optimizer/optimizer.js';
import type {
  ArenaJob,
  CombineJob,
  CombineResult,
  JobResult,
  PrepareResult,
  RunningStatisticsJob,
  ScaleUnitsJob,
  UpdateJob,
} from './job.js';

export function executeJob(kernels: VectorKernels, job: ArenaJob): JobResult {
  switch (job.kind) {
    case 'add':
      kernels.add(job.out, job.left, job.right, job.n);
      return undefined;
    case 'copy':
      kernels.copy(job.out, job.source, job.n);
      return undefined;
    case 'fill':
      kernels.fill(job.out, job.n, job.value);
      return undefined;
    case 'checksum':
      return kernels.checksum(job.pointer, job.n);
    case 'prepare':
      return prepare(kernels, job);
    case 'apply':
      apply(kernels, job);
      return undefined;
    case 'update': {
      const result = prepare(kernels, job.prepare);
      if (result.firstNonFinite < 0) apply(kernels, job.apply);
      return result;
    }
    case 'runningStatistics':
      runningStatistics(kernels, job);
      return undefined;
    case 'combine':
      return combine(kernels, job);
    case 'unitSquares':
      return job.segments.map(({ start, length, tensorStart, units }) =>
        kernels.unitSquares(job.weights + 4 * start, length, tensorStart, units),
      );
    case 'scaleUnits':
      scaleUnits(kernels, job);
      return undefined;
  }
}

function prepare(kernels: VectorKernels, job: UpdateJob['prepare']): PrepareResult {
  const result: PrepareResult = { sumSquares: [], weightSquares: [], weightAbsolutes: [], firstNonFinite: -1 };
  for (const { start, length, l1 = 0, l2, frozen } of job.segments) {
    if (frozen) {
      result.sumSquares.push(0);
      result.weightSquares.push(0);
      result.weightAbsolutes.push(0);
      continue;
    }
    const gradient = job.gradient + 4 * start;
    const weights = job.weights + 4 * start;
    let squares = kernels.prepareGradient(gradient, weights, length, job.reciprocal, l2);
    if (l1 > 0) {
      kernels.addSigns(gradient, weights, length, l1);
      squares = kernels.sumSquares(gradient, length);
    }
    // Squares of finite float32 cannot overflow a float64 sum, so the search is needed only when the sum is not finite.
    if (result.firstNonFinite < 0 && !Number.isFinite(squares)) {
      result.firstNonFinite = start + kernels.firstNonFinite(gradient, length);
    }
    if (job.clipValue !== undefined) {
      kernels.clip(gradient, length, job.clipValue);
      squares = kernels.sumSquares(gradient, length);
    }
    result.sumSquares.push(squares);
    result.weightSquares.push(l2 > 0 ? kernels.sumSquares(weights, length) : 0);
    result.weightAbsolutes.push(l1 > 0 ? kernels.sumAbsolutes(weights, length) : 0);
  }
  return job.trust && result.firstNonFinite < 0 ? { ...result, trust: measureTrust(kernels, job, job.trust) } : result;
}

function measureTrust(
  kernels: VectorKernels,
  job: UpdateJob['prepare'],
  { optimizer, coefficients, slots: ofChunk }: NonNullable<UpdateJob['prepare']['trust']>,
): NonNullable<PrepareResult['trust']> {
  const chosen = optimizerNamed(optimizer);
  const segments = job.segments.map(({ start, length, decays }) => {
    const [weights, gradient, ...slots] = [job.weights, job.gradient, ...ofChunk].map((at) => at + 4 * start);
    return { weights: weights!, gradient: gradient!, slots, length, decays, rateMultiplier: 1 };
  });
  return {
    weightSquares: segments.map(({ weights, length }) => kernels.sumSquares(weights, length)),
    updateSquares: segments.map((segment) => chosen.updateSquares?.(kernels, segment, coefficients) ?? 0),
  };
}

function apply(kernels: VectorKernels, job: UpdateJob['apply']): void {
  const optimizer = optimizerNamed(job.optimizer);
  for (const { start, length, rateMultiplier, frozen, decays } of job.segments) {
    const offset = 4 * start;
    const gradient = job.gradient + offset;
    const weights = job.weights + offset;
    if (!frozen) {
      if (job.scale !== undefined && job.scale !== 1) {
        kernels.scale(gradient, length, job.scale);
      }
      const slots = job.slots.map((slot) => slot + offset);
      optimizer.apply(kernels, { weights, gradient, slots, length, rateMultiplier, decays }, job.coefficients);
    }
    if (job.average !== undefined) {
      kernels.movingAverage(job.average + offset, weights, length, job.averageDecay ?? 0);
    }
  }
}

function runningStatistics(kernels: VectorKernels, job: RunningStatisticsJob): void {
  for (const { start, length, momentum } of job.segments) {
    const offset = 4 * start;
    kernels.runningStatistics(job.running + offset, job.sum + offset, length, job.reciprocal, momentum);
    if (job.average !== undefined) {
      kernels.movingAverage(job.average + offset, job.running + offset, length, job.averageDecay ?? 0);
    }
  }
}

function scaleUnits(kernels: VectorKernels, job: ScaleUnitsJob): void {
  for (const { start, length, tensorStart, factors } of job.segments) {
    kernels.scaleUnits(job.weights + 4 * start, length, tensorStart, factors);
  }
  if (job.average !== undefined) kernels.movingAverage(job.average, job.weights, job.n, job.averageDecay ?? 0);
}

function combine(kernels: VectorKernels, job: CombineJob): CombineResult {
  if (job.average !== undefined) kernels.movingAverage(job.average, job.weights, job.n, job.averageDecay ?? 0);
  const pointer = (vector: number, start: number) => job.vectors[vector]! + 4 * start;
  for (const { out, terms } of job.combinations) {
    for (const { start, length } of job.segments) {
      const pointers = terms.map(([coefficient, vector]) => [coefficient, pointer(vector, start)] as const);
      kernels.combine(pointer(out, start), pointers, length);
    }
  }
  for (const { start, length } of job.written ? job.segments : []) {
    kernels.write(job.weights + 4 * start, job.written!.subarray(start, start + length));
  }
  const products = job.products.map(([left, right]) =>
    job.segments.reduce(
      (sum, { start, length }) => sum + kernels.dot(pointer(left, start), pointer(right, start), length),
      0,
    ),
  );
  const read = job.read.map((vector) => {
    const floats = new Float32Array(job.n);
    for (const { start, length } of job.segments) floats.set(kernels.read(pointer(vector, start), length), start);
    return floats;
  });
  return { products, read };
}
