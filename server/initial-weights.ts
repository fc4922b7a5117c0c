/**
 * The weights of step 0: drawn in plain JavaScript from the experiment's seed, or taken from elsewhere. The average starts
 * as a copy.
 */
import type { ChunkSpec, Segment } from '../common/chunk-layout.js';
import { initialize } from '../common/initializers.js';
import type { ChunkMemory } from './chunk.js';
import type { TransferredWeights } from './transfer/transferred-weights.js';

export class InitialWeights {
  /** The tensor made last: chunks come in order, so a tensor of many chunks is made once and one is held at most. */
  private made: { tensorIndex: number; values: Float32Array } | undefined;

  constructor(
    private readonly seed: number,
    private readonly transferred: TransferredWeights | undefined,
  ) {}

  /** Fills weights and average, zeroes the slots; answers with the version, 0. Errors: those of TransferredWeights. */
  async fill(spec: ChunkSpec, memory: ChunkMemory): Promise<number> {
    for (const segment of spec.segments) {
      const { tensorStart, start, length } = segment;
      const values = await this.valuesOf(segment);
      // Taken anew after every wait, since the arena's memory may have grown meanwhile.
      const weights = memory.arena.floats(memory.weights, spec.length);
      weights.set(values.subarray(tensorStart, tensorStart + length), start);
    }
    memory.arena.floats(memory.average, spec.length).set(memory.arena.floats(memory.weights, spec.length));
    for (const slot of memory.slots) memory.arena.floats(slot, spec.length).fill(0);
    return 0;
  }

  private async valuesOf({ tensor, tensorIndex }: Segment): Promise<Float32Array> {
    if (this.made?.tensorIndex === tensorIndex) return this.made.values;
    const values = (await this.transferred?.read(tensor)) ?? this.draw(tensor, tensorIndex);
    this.made = { tensorIndex, values };
    return values;
  }

  private draw({ initializer, shape, length }: Segment['tensor'], tensorIndex: number): Float32Array {
    const values = new Float32Array(length);
    initialize(initializer, shape, this.seed, tensorIndex, values);
    return values;
  }
}
