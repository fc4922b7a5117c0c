/**
 * Scalars of a step from all chunks, added in the order of chunks, so that the number of shards does not matter:
 * global-norm clipping and the L1 and L2 terms need the whole vector.
 */
import { withResolvers } from '../../common/with-resolvers.js';
import type { Scalars } from '../../proto/gen/polyak/v1/Scalars.js';
import type { ChunkScalars, TensorScalars } from '../chunk.js';

export interface ScalarTotal extends ChunkScalars {
  /** Of whole tensors, where the optimizer wants trust ratios. */
  tensors: TensorScalars[];
}

interface Entry {
  /** By chunk. */
  scalars: Map<number, ChunkScalars>;
  /** By chunk and tensor, so that what is told twice counts once. */
  tensors: Map<string, { chunk: number } & TensorScalars>;
  total: ReturnType<typeof withResolvers<ScalarTotal>>;
}

export class ScalarLedger {
  private readonly steps = new Map<number, Entry>();

  constructor(private readonly chunks: number) {}

  /** Answers with the total when the last chunk's values came. */
  add(message: Scalars): ScalarTotal | undefined {
    const { scalars, tensors, total } = this.entry(message.step ?? 0);
    for (const [index, chunk] of (message.chunks ?? []).entries()) {
      scalars.set(chunk, {
        gradientSquares: Number(message.gradientSquares?.[index] ?? 0),
        weightSquares: Number(message.weightSquares?.[index] ?? 0),
        weightAbsolutes: Number(message.weightAbsolutes?.[index] ?? 0),
      });
    }
    for (const { chunk = 0, tensor = 0, weightSquares, updateSquares } of message.tensors ?? []) {
      const squares = { weightSquares: Number(weightSquares ?? 0), updateSquares: Number(updateSquares ?? 0) };
      tensors.set(`${chunk} ${tensor}`, { chunk, tensorIndex: tensor, ...squares });
    }
    if (scalars.size < this.chunks) return undefined;
    const sum = { ...addedInOrder(scalars), tensors: wholeTensors([...tensors.values()]) };
    total.resolve(sum);
    return sum;
  }

  async total(step: number): Promise<ScalarTotal> {
    return await this.entry(step).total.promise;
  }

  /** Steps before this one are over. */
  forget(step: number): void {
    for (const known of this.steps.keys()) if (known < step) this.steps.delete(known);
  }

  private entry(step: number): Entry {
    const known = this.steps.get(step);
    if (known) return known;
    const entry: Entry = { scalars: new Map(), tensors: new Map(), total: withResolvers<ScalarTotal>() };
    this.steps.set(step, entry);
    return entry;
  }
}

function wholeTensors(parts: ({ chunk: number } & TensorScalars)[]): TensorScalars[] {
  const whole = new Map<number, TensorScalars>();
  for (const { tensorIndex, weightSquares, updateSquares } of parts.toSorted(
    (left, right) => left.chunk - right.chunk,
  )) {
    const sum = whole.get(tensorIndex) ?? { tensorIndex, weightSquares: 0, updateSquares: 0 };
    sum.weightSquares += weightSquares;
    sum.updateSquares += updateSquares;
    whole.set(tensorIndex, sum);
  }
  return [...whole.values()];
}

function addedInOrder(scalars: Map<number, ChunkScalars>): ChunkScalars {
  const inOrder = [...scalars].toSorted(([left], [right]) => left - right);
  const sum = (name: keyof ChunkScalars) => inOrder.reduce((total, [, each]) => total + each[name], 0);
  return {
    gradientSquares: sum('gradientSquares'),
    weightSquares: sum('weightSquares'),
    weightAbsolutes: sum('weightAbsolutes'),
  };
}
