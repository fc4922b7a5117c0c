/** A training that begins with a run's weights: what is frozen stays, and the numbers do not depend on how the work is cut. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRun } from '../../cli/load-run.js';
import { sweep } from '../../cli/sweep/sweep-run.js';
import { templateOf } from '../../common/experiment/load.js';
import { packageRoot } from '../../common/package-root.js';
import type { TrainedRun } from '../../inference/trained-run.js';
import { exportRun } from '../../inference/export/export-run.js';
import { openWeightSource } from '../../server/transfer/weight-source.js';
import { DataFolder } from '../bad-input/data-files.js';
import { polyak } from '../inference/polyak.js';
import { ClusterRun, type RunEvent } from './cluster-run.js';

const experiment = {
  name: 'parent',
  data: {
    ...{ source: 'csv', path: join(packageRoot(), 'examples/data/digits.csv.gz'), header: false, shape: [8, 8, 1] },
    ...{ validation: 150, test: 360 },
  },
  preprocess: [{ scale: 0.0625 }],
  model: [
    { conv2d: { name: 'first', filters: 4, kernelSize: 3 } },
    { batchNormalization: { name: 'norm', momentum: 0.9 } },
    { activation: 'relu' },
    'flatten',
    { dense: { name: 'middle', units: 16, activation: 'relu' } },
    { dense: { name: 'head', units: 10 } },
  ],
  loss: 'softmaxCrossEntropy',
  metrics: ['accuracy'],
  optimizer: { adam: { learningRate: 0.003, schedule: { cosineRestarts: { every: 1 } } } },
  train: { epochs: 3, batchSize: 128, microBatchSize: 32 },
  checkpoint: { keep: 1, snapshots: { every: 1, keep: 2 } },
  chunkFloats: 512,
};

const child = {
  ...experiment,
  name: 'child',
  seed: 7,
  checkpoint: { every: 0.05 },
  train: { ...experiment.train, epochs: 2 },
};

/** Several trainings, on a machine that may be busy. */
const patienceMs = 400_000;

let parent: ClusterRun;
let folder: DataFolder;
const runs: ClusterRun[] = [];

beforeAll(async () => {
  folder = new DataFolder({ 'parent.yaml': JSON.stringify(experiment) });
  parent = ClusterRun.train(join(folder.path, 'parent.yaml'), ['--workers', '1', '--shards', '2']);
  runs.push(parent);
  await parent.finished();
}, patienceMs);
afterAll(() => {
  for (const run of runs) run.remove();
  folder.remove();
});

function train(transfer: object, args: string[], change: object = {}): ClusterRun {
  const file = new DataFolder({ 'child.yaml': JSON.stringify({ ...child, ...change, transfer }) });
  const run = ClusterRun.train(join(file.path, 'child.yaml'), args);
  runs.push(run);
  void run.exitCode().then(() => file.remove());
  return run;
}

/** Parameters and statistics by name. */
async function weightsOf(run: ClusterRun): Promise<Map<string, readonly number[]>> {
  const { manifest, vector }: TrainedRun = await loadRun(run.folder);
  const { parameters, parameterCount, statistics } = manifest;
  return new Map([
    ...parameters.map(({ name, offset, length }) => [name, [...vector.slice(offset, offset + length)]] as const),
    ...statistics.map(({ name, offset, length }) => {
      const from = parameterCount + offset;
      return [name, [...vector.slice(from, from + length)]] as const;
    }),
  ]);
}

describe('a training that begins with weights of a run', { timeout: patienceMs }, () => {
  const transfer = () => ({
    from: parent.folder,
    freeze: { upTo: 'norm' },
    head: ['head'],
    learningRates: { middle: 0.1 },
  });
  let first: RunEvent;
  let run: ClusterRun;
  beforeAll(async () => {
    run = train(transfer(), ['--workers', '1', '--shards', '1']);
    first = await run.finished();
  }, patienceMs);

  it('leaves what is frozen as it was, running statistics too, and moves the rest', async () => {
    const [before, after] = [await weightsOf(parent), await weightsOf(run)];
    for (const name of ['first/kernel', 'first/bias', 'norm/gamma', 'norm/moving_mean', 'norm/moving_variance']) {
      expect(after.get(name)).toEqual(before.get(name));
    }
    for (const name of ['middle/kernel', 'head/kernel']) expect(after.get(name)).not.toEqual(before.get(name));
  });

  it('has the same weights for 2 workers and 3 shards, with a server killed on the way', async () => {
    const other = train(transfer(), ['--workers', '2', '--shards', '3']);
    await other.step(4);
    other.kill('server', 1);
    const second = await other.finished();
    for (const key of ['weightsSha256', 'averageSha256', 'validation', 'test']) expect(second[key]).toEqual(first[key]);
  });

  it('notes the hash of what it began with', async () => {
    const { transfer: noted } = JSON.parse(readFileSync(join(run.folder, 'experiment.json'), 'utf8')) as {
      transfer: { sha256: string };
    };
    expect(noted.sha256).toBe((await loadRun(parent.folder)).sha256);
  });

  it('begins with exactly those weights, where nothing learns', async () => {
    const still = train({ from: parent.folder, learningRates: { '*': 0 } }, ['--workers', '1', '--steps', '2']);
    await still.finished();
    const parametersOf = async (of: ClusterRun) =>
      [...(await weightsOf(of))].filter(([name]) => !name.includes('moving'));
    expect(await parametersOf(still)).toEqual(await parametersOf(parent));
  });

  it('does not begin where a shape differs, and says each of both sides', async () => {
    const model = [...experiment.model.slice(0, 4), { dense: { name: 'middle', units: 17 } }, experiment.model.at(-1)];
    const wrong = train({ from: parent.folder }, ['--workers', '1'], { model });
    expect(await wrong.exitCode()).toBe(2);
    expect(wrong.report()).toMatch(/middle\/kernel has shape \[144, 17\], 'middle\/kernel' has \[144, 16\]/);
    expect(wrong.report()).toMatch(/head\/kernel has shape \[17, 10\], 'head\/kernel' has \[16, 10\]/);
  });

  it('is refused where the weights are others than the file says', async () => {
    const other = train({ from: parent.folder, sha256: '0'.repeat(64) }, ['--workers', '1']);
    expect(await other.exitCode()).toBe(3);
    expect(other.report()).toMatch(/has sha256 [0-9a-f]{64}, not 0{64}; it has changed/);
  });
});

describe('what a run was exported as', { timeout: patienceMs }, () => {
  const formats = [
    { format: 'tfjs', file: 'model.json', tensors: tfjsTensors },
    { format: 'safetensors', file: 'model.safetensors', tensors: safetensorsTensors },
  ] as const;
  let exported: Map<string, string>;
  beforeAll(async () => {
    const run = await loadRun(parent.folder);
    exported = new Map();
    for (const { format, file } of formats) {
      const { out } = await exportRun(run, { format, out: join(folder.path, format) });
      exported.set(format, join(out, file));
    }
    await run.dispose();
  }, patienceMs);

  it.each(formats)('gives the same weights, as $format', async ({ format }) => {
    const source = await openWeightSource({ from: exported.get(format)!, weights: 'last' });
    const read = await Promise.all(
      [...source.shapes.keys()].map(async (name) => [name, [...(await source.read(name))]]),
    );
    await source.close();
    const byName = (entries: Iterable<unknown>) => Object.fromEntries(entries as Iterable<[string, unknown]>);
    expect(byName(read)).toMatchObject(byName(await weightsOf(parent)));
  });

  /** Of the trainings that differ only in the file and in the processes. */
  const ends: unknown[] = [];
  it.each([
    { ...formats[0], workers: 1, shards: 1 },
    { ...formats[1], workers: 2, shards: 2 },
  ])(
    'is what a new head learns upon, from $format on $workers workers and $shards shards: to the bit, and to the same end',
    async ({ format, tensors, workers, shards }) => {
      const from = exported.get(format)!;
      const layout = ['--workers', String(workers), '--shards', String(shards)];
      const optimizer = { adam: { learningRate: 0.1 } };
      const run = train({ from, freeze: { upTo: 'middle' }, head: ['head'] }, layout, { optimizer });
      const { weightsSha256, averageSha256, validation } = await run.finished();
      const [after, inFile] = [await weightsOf(run), tensors(from)];
      const frozen = new Set(['first', 'norm', 'middle']);
      const stayed = [...after.keys()].filter((name) => frozen.has(name.split('/')[0]!));
      expect(stayed).toHaveLength(8);
      for (const name of stayed) expect(after.get(name)).toEqual(inFile.get(name));
      expect(after.get('head/kernel')).not.toEqual(inFile.get('head/kernel'));
      expect((validation as { accuracy: number }).accuracy).toBeGreaterThan(0.6);
      ends.push({ weightsSha256, averageSha256, validation });
      expect(ends.at(-1)).toEqual(ends[0]);
    },
  );
});

describe('a linear classifier on each of several stages', { timeout: patienceMs }, () => {
  const stages = ['norm', 'middle'];
  const quick = { optimizer: { adam: { learningRate: 0.1 } } };
  const names = stages.flatMap((stage) => [`loss.${stage}`, `accuracy.${stage}`]);
  type Scores = Record<string, number>;
  let run: ClusterRun;
  let finished: RunEvent;
  beforeAll(async () => {
    run = train({ from: parent.folder, features: stages }, ['--workers', '2', '--shards', '2'], quick);
    finished = await run.finished();
  }, patienceMs);

  it('trains all in one run, and reports each in every event that has scores', () => {
    const { validation, test } = finished as unknown as Record<string, Scores>;
    expect(Object.keys(validation!)).toEqual(['loss', 'accuracy', ...names]);
    expect(validation!['accuracy']).toBe(validation!['accuracy.middle']);
    // Of ten classes; the parent's last hidden layer has learnt them.
    expect(validation!['accuracy.norm']).toBeGreaterThan(0.2);
    expect(validation!['accuracy.middle']).toBeGreaterThan(0.5);
    for (const stage of stages) expect(Object.keys(test!)).toContain(`averageAccuracy.${stage}`);
    const epoch = run.events.findLast(({ event }) => event === 'epoch');
    expect(Object.keys(epoch!)).toEqual(expect.arrayContaining(names));
  });

  it('leaves the stages as they were, to the bit, and has the same weights for one worker and one shard', async () => {
    const [before, after] = [await weightsOf(parent), await weightsOf(run)];
    for (const name of ['first/kernel', 'norm/gamma', 'norm/moving_mean', 'middle/kernel']) {
      expect(after.get(name)).toEqual(before.get(name));
    }
    const alone = ['--workers', '1', '--shards', '1'];
    const other = await train({ from: parent.folder, features: stages }, alone, quick).finished();
    for (const key of ['weightsSha256', 'validation', 'test']) expect(other[key]).toEqual(finished[key]);
  });

  it('is shown and evaluated stage by stage, and predicts and is exported as the last', async () => {
    const evaluated = polyak('evaluate', run.folder, '--augment', 'mirror').lines[0] as { metrics: Scores };
    expect(Object.keys(evaluated.metrics)).toEqual(['accuracy', ...names]);
    const plain = polyak('evaluate', run.folder).lines[0] as { metrics: Scores };
    for (const stage of stages) {
      const own = (finished['test'] as Scores)[`accuracy.${stage}`];
      expect(plain.metrics[`accuracy.${stage}`]).toBeCloseTo(own!, 10);
    }
    const shown = execFileSync(process.execPath, [join(packageRoot(), 'bin/polyak.js'), 'show', run.folder], {
      encoding: 'utf8',
    });
    expect(shown).toMatch(/^stage +training loss +training accuracy +validation loss +validation accuracy/m);
    for (const stage of stages) expect(shown).toMatch(new RegExp(`^${stage}( +\\d\\.\\d{4}){4}`, 'm'));
    const trained = await loadRun(run.folder);
    const probabilities = await trained.predict(new Float32Array(64).fill(4));
    expect(probabilities).toHaveLength(10);
    expect(probabilities.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 5);
    const { out } = await exportRun(trained, { format: 'tfjs', out: join(folder.path, 'stages-tfjs') });
    await trained.dispose();
    const exported = readFileSync(join(out, 'model.json'), 'utf8');
    expect(exported).toContain('features_classifier_middle');
    expect(exported).not.toContain('features_classifier_norm');
  });
});

/** Read by the format's description alone: a length of eight bytes, JSON with each tensor's place, and the floats. */
function safetensorsTensors(file: string): Map<string, number[]> {
  const bytes = readFileSync(file);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<string, { data_offsets: number[] }>;
  const places = Object.entries(header).filter(([name]) => name !== '__metadata__');
  return new Map(
    places.map(
      ([
        name,
        {
          data_offsets: [from = 0, to = 0],
        },
      ]) => [name, floats(bytes, 8 + length + from, to - from)],
    ),
  );
}

/** Likewise: the weights lie in the order of the manifest, over all files. */
function tfjsTensors(file: string): Map<string, number[]> {
  const { weightsManifest } = JSON.parse(readFileSync(file, 'utf8')) as {
    weightsManifest: { paths: string[]; weights: { name: string; shape: number[] }[] }[];
  };
  const tensors = new Map<string, number[]>();
  for (const { paths, weights } of weightsManifest) {
    const bytes = Buffer.concat(paths.map((path) => readFileSync(join(dirname(file), path))));
    let from = 0;
    for (const { name, shape } of weights) {
      const length = 4 * shape.reduce((product, size) => product * size, 1);
      tensors.set(name, floats(bytes, from, length));
      from += length;
    }
  }
  return tensors;
}

function floats(bytes: Buffer, from: number, length: number): number[] {
  return Array.from({ length: length / 4 }, (_, index) => bytes.readFloatLE(from + 4 * index));
}

describe('a sweep over the stages of a run', { timeout: patienceMs }, () => {
  it('trains a linear classifier on the features of each, and nothing else', async () => {
    const state = join(folder.path, 'stages');
    const search = { trials: 2, sampler: 'grid', space: { stage: { choice: ['norm', 'middle'] } } };
    const transfer = { from: parent.folder, features: '$stage' };
    const value = { ...child, objective: { metric: 'validation.accuracy' }, transfer, search };
    const { trials, folder: swept } = await sweep(templateOf(value), { state, workers: 1 }).result;
    expect(trials.map(({ status }) => status)).toEqual(['finished', 'finished']);
    const norm = await loadRun(`${swept}/trials/0`, { state });
    const kernel = norm.manifest.parameters.find(({ name }) => name === 'first/kernel');
    const before = (await weightsOf(parent)).get('first/kernel');
    expect([...norm.vector.slice(0, kernel?.length)]).toEqual(before);
    expect(norm.manifest.parameters.map(({ name }) => name)).not.toContain('middle/kernel');
  });
});

describe('snapshots of one run', { timeout: patienceMs }, () => {
  it('are the newest ends of cycles, and an ensemble of them lists each and the whole', () => {
    const { status, lines, stderr } = polyak('evaluate', parent.folder, '--ensemble', 'snapshots:2');
    expect(stderr).not.toMatch(/^polyak:/m);
    expect(status).toBe(0);
    const [evaluated] = lines as {
      members: { step: number; accuracy: number }[];
      ensemble: { accuracy: number; loss: number };
    }[];
    // 1,287 samples in batches of 128 are 11 steps an epoch.
    expect(evaluated?.members.map(({ step }) => step)).toEqual([33, 22]);
    expect(evaluated?.ensemble.accuracy).toBeGreaterThan(0.5);
    const more = polyak('evaluate', parent.folder, '--ensemble', 'snapshots:3');
    expect(more.status).toBe(2);
    expect(more.stderr).toMatch(/has 2 snapshots; checkpoint: { snapshots: { every: EPOCHS/);
  });
});
