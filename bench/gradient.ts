/**
 * Gradients of the CNN, the CNN with batch normalisation and the perceptron against PyTorch (channels-last), with equal
 * threads and batches, in turns. PyTorch is measured where POLYAK_BENCH_PYTHON names a Python that has torch.
 */
import { fileURLToPath } from 'node:url';
import { median, Peer, peerPython } from './measure.js';

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

export async function benchmarkGradients(threads: number): Promise<GradientFigures[]> {
  const python = peerPython('torch');
  const peers = [Peer.ours('gradient-process', [String(threads)])];
  if (python) peers.push(Peer.python(python, 'gradient_pytorch.py', [String(threads)]));
  for (const peer of peers) await peer.read();
  const figures: GradientFigures[] = [];
  for (const model of models) {
    const times: number[][] = peers.map(() => []);
    const timesOf = async (peer: Peer) => (await peer.ask(`${model} ${gradientsPerRound}`)) as number[];
    for (const peer of peers) await timesOf(peer);
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, peer] of peers.entries()) times[index]!.push(...(await timesOf(peer)));
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
