/** The weights of step 0, drawn in plain JavaScript from the experiment's seed; the average starts as a copy. */
import type { ChunkSpec, Segment } from '../common/chunk-layout.js';
import { initialize } from '../common/initializers.js';
import type { ChunkMemory } from './chunk.js';

export class InitialWeights {
  /** The tensor drawn last: chunks come in order, so a tensor of many chunks is drawn once and one is held at most. */
  private drawn: { tensorIndex: number; values: Float32Array } | undefined;

  constructor(private readonly seed: number) {}

  /** Fills weights and average, zeroes the slots; answers with the version, 0. */
  fill(spec: ChunkSpec, memory: ChunkMemory): number {
    const weights = memory.arena.floats(memory.weights, spec.length);
    for (const segment of spec.segments) this.fillSegment(segment, weights);
    memory.arena.floats(memory.average, spec.length).set(weights);
    for (const slot of memory.slots) memory.arena.floats(slot, spec.length).fill(0);
    return 0;
  }

  private fillSegment({ tensor, tensorIndex, start, tensorStart, length }: Segment, weights: Float32Array): void {
    if (this.drawn?.tensorIndex !== tensorIndex) {
      const values = new Float32Array(tensor.length);
      initialize(tensor.initializer, tensor.shape, this.seed, tensorIndex, values);
      this.drawn = { tensorIndex, values };
    }
    weights.set(this.drawn.values.subarray(tensorStart, tensorStart + length), start);
  }
}
