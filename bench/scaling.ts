/**
 * Two workers of one thread each against one, on the CNN (goal: 1.85 times) and on the perceptron, where PyTorch's
 * DistributedDataParallel over gloo is the peer; all in turns.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Experiment } from '../common/experiment/schema.js';
import { packageRoot } from '../common/package-root.js';
import { clusterStepMs, convolutional, perceptron, removeData } from './experiments.js';
import { median, peerPython } from './measure.js';

const rounds = 3;

export interface ScalingFigures {
  model: 'convolutional' | 'perceptron';
  /** Samples a second. */
  oneWorker: number;
  twoWorkers: number;
  speedUp: number;
  ddpOneProcess?: number;
  ddpTwoProcesses?: number;
  /** Our two workers as a multiple of PyTorch's two processes. */
  ratio?: number;
}

interface DdpFigures {
  one: number;
  two: number;
}

async function measure(model: ScalingFigures['model'], experiment: Experiment, steps: number): Promise<ScalingFigures> {
  const python = peerPython('torch');
  const { batchSize } = experiment.train;
  const one: number[] = [];
  const two: number[] = [];
  const ddp: DdpFigures[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      one.push((batchSize * 1000) / (await clusterStepMs(experiment, 1, steps)));
      two.push((batchSize * 1000) / (await clusterStepMs(experiment, 2, steps)));
      if (python) ddp.push(ddpFigures(python, model, batchSize));
    }
  } finally {
    removeData(experiment);
  }
  const [oneWorker, twoWorkers] = [median(one), median(two)];
  const figures = { model, oneWorker, twoWorkers, speedUp: twoWorkers / oneWorker };
  if (ddp.length === 0) return figures;
  const [ddpOneProcess, ddpTwoProcesses] = [median(ddp.map((run) => run.one)), median(ddp.map((run) => run.two))];
  return { ...figures, ddpOneProcess, ddpTwoProcesses, ratio: twoWorkers / ddpTwoProcesses };
}

function ddpFigures(python: string, model: string, batchSize: number): DdpFigures {
  const script = join(packageRoot(), 'bench/peers/ddp_pytorch.py');
  const output = execFileSync(python, [script, model, String(batchSize)], { stdio: ['ignore', 'pipe', 'ignore'] });
  return JSON.parse(output.toString()) as DdpFigures;
}

export async function benchmarkScaling(): Promise<ScalingFigures[]> {
  return [
    await measure('convolutional', convolutional(256, 64), 60),
    await measure('perceptron', perceptron(512, 256), 300),
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const figures of await benchmarkScaling()) console.log(JSON.stringify(figures));
}
