/** A small experiment on made-up numbers, trained by real processes, for tests of what comes out of a run. */
import { join } from 'node:path';
import { loadRun } from '../../cli/load-run.js';
import type { ExperimentInput } from '../../common/experiment/schema.js';
import { CounterRandom, Purpose } from '../../common/random.js';
import type { TrainedRun } from '../../inference/trained-run.js';
import { DataFolder, type Files } from '../bad-input/data-files.js';
import { ClusterRun, type RunEvent } from '../cluster/cluster-run.js';

export interface Made {
  /** Of one sample. */
  features: number;
  /** Class of a row, or the number to predict; the features are drawn around it. */
  labels: readonly string[];
  /** The features are whole numbers below it. */
  tokens?: number;
}

export class ScratchRun {
  private constructor(
    readonly data: DataFolder,
    readonly process: ClusterRun,
    readonly run: TrainedRun,
    /** Last event of training. */
    readonly finished: RunEvent,
  ) {}

  static async train(experiment: Omit<ExperimentInput, 'name'>, files: Files): Promise<ScratchRun> {
    const input: ExperimentInput = { name: 'scratch', ...experiment };
    const data = new DataFolder({ ...files, 'scratch.yaml': JSON.stringify(input) });
    const process = ClusterRun.train(join(data.path, 'scratch.yaml'), ['--workers', '1', '--shards', '2']);
    try {
      const finished = await process.finished();
      return new ScratchRun(data, process, await loadRun(process.folder), finished);
    } catch (error) {
      process.remove();
      data.remove();
      throw error;
    }
  }

  remove(): void {
    this.process.remove();
    this.data.remove();
  }
}

/** Of no row of the table, but drawn likewise. */
export function drawSamples(count: number, { features, tokens }: Made): Float32Array {
  const random = new CounterRandom(231, Purpose.test, 1);
  return Float32Array.from({ length: count * features }, () => {
    const value = 1 + 2 * random.normal();
    return tokens === undefined ? value : tokenOf(value, tokens);
  });
}

function tokenOf(value: number, tokens: number): number {
  return Math.max(0, Math.min(tokens - 1, Math.round(2 * value)));
}

/** A csv with a header; the label is the last column. */
export function table({ features, labels, tokens }: Made, rows = 240): string {
  const random = new CounterRandom(231, Purpose.test);
  const header = [...Array.from({ length: features }, (_, index) => `f${index}`), 'label'].join(',');
  const lines = Array.from({ length: rows }, () => {
    const label = random.integer(labels.length);
    const cells = Array.from({ length: features }, (_, index) => {
      const middle = index % labels.length === label ? 2 : 0.5;
      const value = middle + random.normal();
      return tokens === undefined ? value.toFixed(3) : String(tokenOf(value, tokens));
    });
    return [...cells, labels[label]].join(',');
  });
  return [header, ...lines, ''].join('\n');
}
