/**
 * Scalars of a step from all chunks, added in the order of chunks, so that the number of shards does not matter:
 * global-norm clipping and the L2 term need the whole vector.
 */
import { withResolvers } from '../../common/with-resolvers.js';
import type { Scalars } from '../../proto/gen/polyak/v1/Scalars.js';

export interface ScalarTotal {
  gradientSquares: number;
  weightSquares: number;
}

export class ScalarLedger {
  private readonly steps = new Map<
    number,
    { gradient: Map<number, number>; weight: Map<number, number>; total: ReturnType<typeof withResolvers<ScalarTotal>> }
  >();

  constructor(private readonly chunks: number) {}

  /** Answers with the total when the last chunk's values came. */
  add(scalars: Scalars): ScalarTotal | undefined {
    const entry = this.entry(scalars.step ?? 0);
    for (const [index, chunk] of (scalars.chunks ?? []).entries()) {
      entry.gradient.set(chunk, Number(scalars.gradientSquares?.[index] ?? 0));
      entry.weight.set(chunk, Number(scalars.weightSquares?.[index] ?? 0));
    }
    if (entry.gradient.size < this.chunks) return undefined;
    const total = { gradientSquares: inOrder(entry.gradient), weightSquares: inOrder(entry.weight) };
    entry.total.resolve(total);
    return total;
  }

  async total(step: number): Promise<ScalarTotal> {
    return await this.entry(step).total.promise;
  }

  /** Steps before this one are over. */
  forget(step: number): void {
    for (const known of this.steps.keys()) if (known < step) this.steps.delete(known);
  }

  private entry(step: number) {
    const known = this.steps.get(step);
    if (known) return known;
    const entry = {
      gradient: new Map<number, number>(),
      weight: new Map<number, number>(),
      total: withResolvers<ScalarTotal>(),
    };
    this.steps.set(step, entry);
    return entry;
  }
}

function inOrder(values: Map<number, number>): number {
  return [...values].toSorted(([left], [right]) => left - right).reduce((sum, [, value]) => sum + value, 0);
}
