/**
 * Gradients of the CNN, the CNN with batch normalisation and the perceptron against PyTorch (channels-last), with equal
 * threads and batches, in turns. PyTorch is measured where POLYAK_BENCH_PYTHON names a Python that has torch.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../common/package-root.js';

const models = ['convolutional', 'batchNormalization', 'perceptron'] as const;
const rounds = 6;
const gradientsPerRound = 8;

export interface GradientFigures {
  model: (typeof models)[number];
  threads: number;
  /** Median milliseconds of one gradient, new weights included. */
  ms: number;
  pytorchMs?: number;
  /** Our throughput as a multiple of PyTorch's. */
  throughputRatio?: number;
}

/** A process that answers each line with one line. */
class Peer {
  readonly #lines: AsyncIterator<string>;
  readonly #child: ChildProcess;

  constructor(command: string, args: string[]) {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async read(): Promise<unknown> {
    const line = await this.#lines.next();
    if (line.done) throw new Error(`${this.#child.spawnargs.join(' ')} ended early`);
    return JSON.parse(line.value);
  }

  async times(model: string, count: number): Promise<number[]> {
    this.#child.stdin!.write(`${model} ${count}\n`);
    return (await this.read()) as number[];
  }

  async close(): Promise<void> {
    this.#child.stdin!.end();
    await once(this.#child, 'exit');
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

export async function benchmarkGradients(threads: number): Promise<GradientFigures[]> {
  const python = process.env.POLYAK_BENCH_PYTHON;
  const peers = [new Peer(process.execPath, [join(packageRoot(), 'dist/bench/gradient-process.js'), String(threads)])];
  if (python) peers.push(new Peer(python, [join(packageRoot(), 'bench/peers/gradient_pytorch.py'), String(threads)]));
  for (const peer of peers) await peer.read();
  const figures: GradientFigures[] = [];
  for (const model of models) {
    const times: number[][] = peers.map(() => []);
    for (const peer of peers) await peer.times(model, gradientsPerRound);
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, peer] of peers.entries()) times[index]!.push(...(await peer.times(model, gradientsPerRound)));
    }
    const [ms, pytorchMs] = times.map(median) as [number, number?];
    figures.push({ model, threads, ms, pytorchMs, throughputRatio: pytorchMs && pytorchMs / ms });
  }
  for (const peer of peers) await peer.close();
  return figures;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const threads of [1, 2]) {
    for (const figures of await benchmarkGradients(threads)) console.log(JSON.stringify(figures));
  }
}
