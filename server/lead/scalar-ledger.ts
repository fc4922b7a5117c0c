/**
 * Scalars of a step from all chunks, added in the order of chunks, so that the number of shards does not matter:
 * global-norm clipping and the L1 and L2 terms need the whole vector.
 */
import { withResolvers } from '../../common/with-resolvers.js';
import type { Scalars } from '../../proto/gen/polyak/v1/Scalars.js';
import type { ChunkScalars } from '../chunk.js';

interface Entry {
  /** By chunk. */
  scalars: Map<number, ChunkScalars>;
  total: ReturnType<typeof withResolvers<ChunkScalars>>;
}

export class ScalarLedger {
  private readonly steps = new Map<number, Entry>();

  constructor(private readonly chunks: number) {}

  /** Answers with the total when the last chunk's values came. */
  add(message: Scalars): ChunkScalars | undefined {
    const { scalars, total } = this.entry(message.step ?? 0);
    for (const [index, chunk] of (message.chunks ?? []).entries()) {
      scalars.set(chunk, {
        gradientSquares: Number(message.gradientSquares?.[index] ?? 0),
        weightSquares: Number(message.weightSquares?.[index] ?? 0),
        weightAbsolutes: Number(message.weightAbsolutes?.[index] ?? 0),
      });
    }
    if (scalars.size < this.chunks) return undefined;
    const sum = addedInOrder(scalars);
    total.resolve(sum);
    return sum;
  }

  async total(step: number): Promise<ChunkScalars> {
    return await this.entry(step).total.promise;
  }

  /** Steps before this one are over. */
  forget(step: number): void {
    for (const known of this.steps.keys()) if (known < step) this.steps.delete(known);
  }

  private entry(step: number): Entry {
    const known = this.steps.get(step);
    if (known) return known;
    const entry: Entry = { scalars: new Map(), total: withResolvers<ChunkScalars>() };
    this.steps.set(step, entry);
    return entry;
  }
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
