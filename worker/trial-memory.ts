/**
 * The shared memory of one trial on a worker: four buffers of weights (two that take turns, one for chunks ahead of
 * the others, one for the average) and slots for the sums of the local tree. The main thread moves bytes in and out, the compute thread does the arithmetic.
 */
import { PolyakError } from '../common/errors.js';
import { passLeaves } from '../common/plan.js';
import { MemoryPool } from './memory-pool.js';

const pageBytes = 65_536;
const memoryBytesMax = 65_536 * pageBytes;
const alignment = 64;
const weightBuffers = 4;

export interface TrialSizes {
  /** Floats of parameters and statistics together. */
  weights: number;
  /** Floats of what preprocessing sums and reads. */
  preprocess: number;
  /** Leaves of the largest round. */
  leavesMax: number;
}

export function leavesMaxOf(trainCount: number, batchSize: number, microBatchSize: number): number {
  return Math.max(passLeaves(batchSize, microBatchSize), passLeaves(trainCount, microBatchSize));
}

export class TrialMemory {
  readonly memory: WebAssembly.Memory;
  /** Byte offsets. */
  readonly weights: readonly [number, number];
  readonly ahead: number;
  readonly average: number;
  private readonly free: number[];
  private readonly waiting: ((node: number) => void)[] = [];

  /** Errors: `exhausted` when the model is larger than a WebAssembly memory. */
  constructor(
    sizes: TrialSizes,
    private readonly pool: MemoryPool = new MemoryPool(),
  ) {
    const weightBytes = align(sizes.weights * 4);
    const nodeBytes = align(Math.max(sizes.weights, sizes.preprocess) * 4);
    // A level each, one being computed, one being sent; and as many again so that sending does not hold up computing.
    const levels = Math.ceil(Math.log2(sizes.leavesMax)) + 1;
    const nodesMin = levels + 2;
    const room = Math.floor((memoryBytesMax - weightBuffers * weightBytes) / nodeBytes);
    if (room < nodesMin) {
      const megabytes = Math.round((sizes.weights * 4) / 1e6);
      throw new PolyakError(
        'exhausted',
        `the weights have ${megabytes} MB; a worker has room for ${nodesMin + weightBuffers} such buffers in 4 GiB at most`,
      );
    }
    const nodes = Math.min(room, 2 * nodesMin);
    const pages = Math.ceil((weightBuffers * weightBytes + nodes * nodeBytes) / pageBytes);
    // Pages that are never written cost nothing.
    this.memory = pool.take(pages);
    this.weights = [0, weightBytes];
    this.ahead = 2 * weightBytes;
    this.average = 3 * weightBytes;
    const firstNode = weightBuffers * weightBytes;
    this.free = Array.from({ length: nodes }, (_, index) => firstNode + (nodes - 1 - index) * nodeBytes);
  }

  /** Neither thread uses it any more. */
  close(): void {
    this.pool.give(this.memory);
  }

  /** A node's byte offset; waits while all are in use. */
  async acquire(): Promise<number> {
    return this.free.pop() ?? (await new Promise((resolve) => this.waiting.push(resolve)));
  }

  release(node: number): void {
    const next = this.waiting.shift();
    if (next) next(node);
    else this.free.push(node);
  }

  get freeNodes(): number {
    return this.free.length;
  }

  bytes(offset: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, offset, length);
  }

  floats(offset: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, offset, length);
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
