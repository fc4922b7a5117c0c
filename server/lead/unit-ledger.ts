/**
 * The norms of units whose kernel lies in several chunks: what each chunk has of them is added in the order of chunks, so that
 * the number of shards does not matter.
 */
import type { ChunkSpec } from '../../common/chunk-layout.js';
import { unitFactors } from '../../common/kernels/unit-norms.js';
import type { UnitSquares } from '../../proto/gen/polyak/v1/UnitSquares.js';

export interface UnitLimits {
  step: number;
  tensor: number;
  factors: number[];
}

interface LimitedTensor {
  limit: number;
  /** Of the chunks that have a part of it. */
  chunks: number;
}

export class UnitLedger {
  private readonly tensors = new Map<number, LimitedTensor>();
  /** By step and tensor: the parts by chunk. */
  private readonly parts = new Map<string, Map<number, readonly number[]>>();

  constructor(chunks: readonly ChunkSpec[]) {
    for (const { tensor, tensorIndex } of chunks.flatMap(({ segments }) => segments)) {
      const { maxNorm, frozen } = tensor;
      if (maxNorm === undefined || frozen) continue;
      const known = this.tensors.get(tensorIndex)?.chunks ?? 0;
      this.tensors.set(tensorIndex, { limit: maxNorm, chunks: known + 1 });
    }
  }

  /** Answers when the last part has come. */
  add({ step = 0, tensor = 0, chunk = 0, squares = [] }: UnitSquares): UnitLimits | undefined {
    const limited = this.tensors.get(tensor);
    if (!limited) return undefined;
    const key = `${step} ${tensor}`;
    const parts = this.parts.get(key) ?? new Map<number, readonly number[]>();
    this.parts.set(key, parts.set(chunk, squares.map(Number)));
    if (parts.size < limited.chunks) return undefined;
    this.parts.delete(key);
    const inOrder = [...parts].toSorted(([left], [right]) => left - right).map(([, part]) => part);
    const sums = inOrder.reduce((total, part) => total.map((sum, unit) => sum + part[unit]!));
    return { step, tensor, factors: unitFactors(sums, limited.limit) };
  }
}
