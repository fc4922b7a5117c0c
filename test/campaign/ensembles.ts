/**
 * Snapshots of one training at a rate that restarts, as an ensemble (Huang et al., "Snapshot ensembles", 2017), and the running
 * average of its weights (Polyak and Juditsky 1992), against its last weights: trained on a fifth of CIFAR-10, drawn anew for each
 * seed, and judged on all of its test set.
 */
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { train } from '../../cli/training-run.js';
import { loadRun } from '../../cli/load-run.js';
import { loadExperiment } from '../../common/experiment/load.js';
import { packageRoot } from '../../common/package-root.js';
import { evaluateEnsemble } from '../../inference/evaluate.js';
import { snapshotSteps } from '../../server/checkpoint/checkpoint.js';
import { drawPictures } from './few-pictures.js';
import type { Finding } from './finding.js';
import { median } from './median.js';

const cycles = 4;
const epochsOfCycle = 3;
/** Pictures of each class; the test set has as many. */
const perClass = 1000;

interface Scores {
  last: number;
  average: number;
  ensemble: number;
}

/** `cifar` has train/ and test/, a folder for each class. */
export async function ensembleFindings(cifar: string, seeds = seedsWanted()): Promise<Finding[]> {
  const scores: Scores[] = [];
  for (let seed = 1; seed <= seeds; seed += 1) {
    scores.push(await score(cifar, seed));
    const { last, average, ensemble } = scores.at(-1)!;
    process.stdout.write(`seed ${seed}: last ${last}, average ${average}, ${cycles} snapshots ${ensemble}\n`);
  }
  const gain = (of: 'average' | 'ensemble') => median(scores.map((each) => each[of] - each.last));
  const finding = (name: string, of: 'average' | 'ensemble'): Finding => ({
    name: `${name} against the last weights, CIFAR-10's test set, median of ${seeds} seeds`,
    passed: gain(of) > 0,
    result: `${(100 * gain(of)).toFixed(2)} points better (gate above 0)`,
  });
  const each = scores.map(({ last, average, ensemble }, index): Finding => ({
    name: `seed ${index + 1}`,
    passed: true,
    result: `last ${last.toFixed(4)}, running average ${average.toFixed(4)}, ${cycles} snapshots ${ensemble.toFixed(4)}`,
  }));
  const snapshots = `${cycles} snapshots of one run of ${cycles * epochsOfCycle} epochs on ${10 * perClass} pictures`;
  return [finding(snapshots, 'ensemble'), finding('the running average', 'average'), ...each];
}

/** POLYAK_TEST_DRAWS makes a first look shorter. */
function seedsWanted(): number {
  return Number(process.env['POLYAK_TEST_DRAWS'] ?? 5);
}

async function score(cifar: string, seed: number): Promise<Scores> {
  const state = mkdtempSync(join(tmpdir(), 'polyak-snapshots-'));
  const data = join(state, 'pictures');
  try {
    const { path, held } = drawPictures({ cifar, target: data }, { perClass, heldPerClass: perClass, draw: seed });
    renameSync(path, join(data, 'train'));
    renameSync(held, join(data, 'test'));
    const experiment = await loadExperiment(join(packageRoot(), 'examples/cifar10.yaml'), [
      ...['data.source=images', `data.path=${data}`, `seed=${seed}`, 'data.validation=0'],
      ...['objective={}', `train.epochs=${cycles * epochsOfCycle}`],
      `optimizer={adam: {learningRate: 2e-3, schedule: {cosineRestarts: {every: ${epochsOfCycle}}}}}`,
      `checkpoint={snapshots: {every: ${epochsOfCycle}, keep: ${cycles}}}`,
    ]);
    const { folder, test } = await train(experiment, { state, workers: 2 }).result;
    const steps = await snapshotSteps(join(folder, 'checkpoints'));
    const members = await Promise.all(steps.map(async (step) => await loadRun(folder, { state, step })));
    const { ensemble } = await evaluateEnsemble(members, { split: 'test' });
    for (const member of members) await member.dispose();
    const { accuracy, averageAccuracy } = test as { accuracy: number; averageAccuracy: number };
    return { last: accuracy, average: averageAccuracy, ensemble: ensemble.accuracy ?? 0 };
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}
