/**
 * Adam on 10 million parameters, as a shard does it: 153 chunks, each a job on one arithmetic thread. With
 * POLYAK_BENCH_PYTHON naming a Python that has torch, the ratio to torch.optim.Adam(fused=True) is measured in turns.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../common/package-root.js';
import type { Arena } from '../server/arithmetic/arena.js';
import { ArenaPool } from '../server/arithmetic/arena-pool.js';
import { Arithmetic } from '../server/arithmetic/arithmetic.js';
import { adam } from '../server/optimizer/adam.js';
import { median, peerPython } from './measure.js';

const parameters = 10_000_000;
const chunkFloats = 65_536;
const repeats = 15;
const rounds = 3;

interface BenchChunk {
  arena: Arena;
  length: number;
  weights: number;
  gradient: number;
  slots: number[];
  average: number;
}

export interface AdamFigures {
  /** The optimizer alone, milliseconds a step. */
  applyMs: number;
  /** Mean gradient, sum of squares, optimizer and running average: all that a chunk does between push and pull. */
  wholeMs: number;
  /** PyTorch's fused Adam in the same run, alone and with the same around it. */
  pytorchFusedMs?: number;
  pytorchWholeMs?: number;
  applyRatio?: number;
  wholeRatio?: number;
}

function openChunks(): BenchChunk[] {
  const pool = new ArenaPool({ chunkBytes: chunkFloats * 4, bytesMax: 2 ** 30 });
  return Array.from({ length: Math.ceil(parameters / chunkFloats) }, (_, i) => {
    const arena = pool.reserve(5);
    const slot = (value: number) => {
      const pointer = arena.allocate()!;
      arena.floats(pointer, chunkFloats).fill(value);
      return pointer;
    };
    const length = Math.min(chunkFloats, parameters - i * chunkFloats);
    return { arena, length, weights: slot(0.5), gradient: slot(0.01), slots: [slot(0), slot(0)], average: slot(0.5) };
  });
}

async function step(arithmetic: Arithmetic, chunks: BenchChunk[], number: number, whole: boolean): Promise<void> {
  const coefficients = adam.coefficients({ beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }, number, 1e-3);
  const jobs = chunks.map(async ({ arena, length, weights, gradient, slots, average }, lane) => {
    const segments = [{ start: 0, length, rateMultiplier: 1, frozen: false }];
    const apply = { optimizer: 'adam', coefficients, segments, weights, gradient, slots };
    if (!whole) return await arithmetic.run(lane, { kind: 'apply', arena, ...apply });
    const prepare = { gradient, weights, segments: [{ start: 0, length, l2: 1e-4 }], reciprocal: 0.999 };
    const averaged = { ...apply, average, averageDecay: 0.995 };
    return await arithmetic.run(lane, { kind: 'update', arena, prepare, apply: averaged });
  });
  await Promise.all(jobs);
}

async function medianMs(arithmetic: Arithmetic, chunks: BenchChunk[], whole: boolean): Promise<number> {
  const times: number[] = [];
  for (let i = 1; i <= repeats + 5; i += 1) {
    const start = performance.now();
    await step(arithmetic, chunks, i, whole);
    times.push(performance.now() - start);
  }
  return median(times.slice(5));
}

function pytorchMs(python: string): { fusedMs: number; wholeMs: number } {
  const script = join(packageRoot(), 'bench/peers/adam_pytorch.py');
  return JSON.parse(execFileSync(python, [script], { encoding: 'utf8' })) as { fusedMs: number; wholeMs: number };
}

export async function benchmarkAdam(): Promise<AdamFigures> {
  const python = peerPython('torch');
  const chunks = openChunks();
  const arithmetic = new Arithmetic(1);
  const applies: number[] = [];
  const wholes: number[] = [];
  const peers: ReturnType<typeof pytorchMs>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    applies.push(await medianMs(arithmetic, chunks, false));
    wholes.push(await medianMs(arithmetic, chunks, true));
    if (python) {
      peers.push(pytorchMs(python));
    }
  }
  await arithmetic.close();
  const figures: AdamFigures = { applyMs: median(applies), wholeMs: median(wholes) };
  if (peers.length > 0) {
    const fused = median(peers.map(({ fusedMs }) => fusedMs));
    const whole = median(peers.map(({ wholeMs }) => wholeMs));
    return {
      ...figures,
      pytorchFusedMs: fused,
      pytorchWholeMs: whole,
      applyRatio: figures.applyMs / fused,
      wholeRatio: figures.wholeMs / whole,
    };
  }
  return figures;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(JSON.stringify(await benchmarkAdam()));
}
