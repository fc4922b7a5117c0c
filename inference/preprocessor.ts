/** Prepares samples as training does, by the same kernel: bytes become byte / 255, then all that `preprocess` says. */
import type { Experiment } from '../common/experiment/schema.js';
import { BatchAssembler } from '../worker/data/batch-assembler.js';
import { Dataset } from '../worker/data/dataset.js';
import { SampleStore } from '../worker/data/sample-store.js';

/** [count, ...shape], one behind the other. */
export type Samples = Uint8Array | Float32Array;

export interface PreprocessorOptions {
  experiment: Experiment;
  /** Of one sample. */
  shape: number[];
  /** What is known of the training split, in the layout of preprocess-plan.ts; null where nothing is needed. */
  vector: Float32Array | null;
  bytesPerValue: 1 | 4;
}

export class Preprocessor {
  private readonly place: Uint8Array;
  private readonly assembler: BatchAssembler;
  private readonly sampleBytes: number;

  constructor({ experiment, shape, vector, bytesPerValue }: PreprocessorOptions) {
    const { microBatchSize } = experiment.train;
    this.sampleBytes = shape.reduce((product, size) => product * size, bytesPerValue);
    const store = new SampleStore();
    this.place = store.reserve(microBatchSize * this.sampleBytes);
    const none = { count: 0, rows: new Uint32Array(0) };
    const splits = { train: none, validation: none, test: { count: microBatchSize, rows: identity(microBatchSize) } };
    const { memory, freeFrom } = store;
    const labels = new Float32Array(microBatchSize);
    const dataset = new Dataset(shape, null, 1, splits, memory, bytesPerValue, labels, freeFrom, '');
    this.assembler = new BatchAssembler(dataset, { ...experiment, augment: [] }, 1);
    this.assembler.setPreprocess(vector);
  }

  /** At most a micro-batch; what comes out is valid until the next call. */
  prepare(samples: Samples): Float32Array {
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    this.place.set(bytes);
    return this.assembler.assemble('test', identity(bytes.length / this.sampleBytes), null, 0).inputs;
  }
}

function identity(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, index) => index);
}
