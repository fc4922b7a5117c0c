/**
 * The vectors of one step of a full-batch method, as its lead reaches them: orders go to all shards, and what their chunks
 * have measured is added in the order of chunks, so that the number of shards does not matter.
 */
import type { ChunkSpec, Segment } from '../../common/chunk-layout.js';
import type { Combine } from '../../proto/gen/polyak/v1/Combine.js';
import type { Measured } from '../../proto/gen/polyak/v1/Measured.js';
import { withResolvers } from '../../common/with-resolvers.js';
import type { Combination, VectorName, VectorSpace } from '../full-batch/vector-space.js';

export interface ChunkMeasures {
  products: number[];
  read: Float32Array;
}

/** The lead's own shard gets the order as it is, without the codec that fills in what is left out. */
const nothing = { combinations: [], written: Buffer.alloc(0), products: [], read: [], last: false, kept: false };

/** Gathers the answers to one order. */
export class MeasureLedger {
  private wanted:
    | {
        step: number;
        part: number;
        chunks: Map<number, ChunkMeasures>;
        all: ReturnType<typeof withResolvers<ChunkMeasures[]>>;
      }
    | undefined;

  /** `chunks`: of parameters. */
  constructor(private readonly chunks: number) {}

  async begin(step: number, part: number): Promise<ChunkMeasures[]> {
    const all = withResolvers<ChunkMeasures[]>();
    this.wanted = { step, part, chunks: new Map(), all };
    return await all.promise;
  }

  add({ step = 0, part = 0, chunks = [] }: Measured): void {
    const { wanted } = this;
    if (wanted?.step !== step || wanted.part !== part) return;
    for (const { chunk = 0, products = [], read } of chunks) {
      wanted.chunks.set(chunk, { products: products.map(Number), read: floatsOf(read) });
    }
    if (wanted.chunks.size < this.chunks) return;
    this.wanted = undefined;
    wanted.all.resolve([...wanted.chunks].toSorted(([left], [right]) => left - right).map(([, value]) => value));
  }
}

export class LedSpace implements VectorSpace {
  private parts = 0;

  constructor(
    private readonly step: number,
    private readonly slots: readonly VectorName[],
    /** Of parameters, in their order. */
    private readonly chunks: readonly ChunkSpec[],
    private readonly order: (order: Combine) => void,
    private readonly answer: (step: number, part: number) => Promise<ChunkMeasures[]>,
  ) {}

  async measure(
    combinations: readonly Combination[],
    pairs: readonly (readonly [VectorName, VectorName])[],
  ): Promise<number[]> {
    const products = pairs.flatMap((pair) => pair.map((name) => this.numberOf(name)));
    const measured = await this.ask({ combinations: this.numbered(combinations), products });
    return pairs.map((_, index) => measured.reduce((sum, chunk) => sum + (chunk.products[index] ?? 0), 0));
  }

  async read(vector: VectorName): Promise<Float64Array> {
    const measured = await this.ask({ read: [this.numberOf(vector)] });
    const floats = measured.flatMap(({ read }, index) =>
      this.trained(index).flatMap(({ start, length }) => [...read.subarray(start, start + length)]),
    );
    return Float64Array.from(floats);
  }

  move(combinations: readonly Combination[], kept: boolean): void {
    this.end({ combinations: this.numbered(combinations), kept });
  }

  replace(weights: Float64Array, kept: boolean): void {
    const whole = new Float32Array(this.chunks.reduce((sum, { length }) => sum + length, 0));
    let from = 0;
    for (const [index, { offset }] of this.chunks.entries()) {
      for (const { start, length } of this.trained(index)) {
        whole.set(weights.subarray(from, from + length), offset + start);
        from += length;
      }
    }
    this.end({ written: Buffer.from(whole.buffer), kept });
  }

  private trained(chunk: number): Segment[] {
    return this.chunks[chunk]!.segments.filter(({ tensor }) => !tensor.frozen);
  }

  private end(order: Combine): void {
    this.parts += 1;
    this.order({ ...nothing, ...order, step: this.step, part: this.parts, last: true });
  }

  private async ask(order: Combine): Promise<ChunkMeasures[]> {
    this.parts += 1;
    const answered = this.answer(this.step, this.parts);
    this.order({ ...nothing, ...order, step: this.step, part: this.parts });
    return await answered;
  }

  private numbered(combinations: readonly Combination[]) {
    return combinations.map(({ out, terms }) => ({
      out: this.numberOf(out),
      vectors: terms.map(([, name]) => this.numberOf(name)),
      coefficients: terms.map(([coefficient]) => coefficient),
    }));
  }

  private numberOf(name: VectorName): number {
    const number = ['weights', 'gradient', ...this.slots].indexOf(name);
    if (number < 0) throw new Error(`there is no vector '${name}'`);
    return number;
  }
}

/** The bytes of a message may begin anywhere. */
function floatsOf(bytes: Buffer | Uint8Array | string | undefined): Float32Array {
  return bytes === undefined || typeof bytes === 'string'
    ? new Float32Array(0)
    : new Float32Array(Uint8Array.from(bytes).buffer);
}
