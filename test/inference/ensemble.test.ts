/** `polyak evaluate --ensemble` against the mean of what its members predict, worked out here from their predictions alone. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRun } from '../../cli/load-run.js';
import { sweep, type SweepResult } from '../../cli/sweep/sweep-run.js';
import { templateOf } from '../../common/experiment/load.js';
import type { ExperimentInput } from '../../common/experiment/schema.js';
import type { EnsembleEvaluation, Evaluation } from '../../inference/evaluate.js';
import { DataFolder } from '../bad-input/data-files.js';
import { binary, binaryData, regression, regressionData } from './experiments.js';
import { polyak } from './polyak.js';
import { ScratchRun, table, type Made } from './scratch-run.js';

const data = { source: 'csv', path: 'table.csv', validation: 40, test: 50, seed: 5 } as const;
const classesData: Made = { features: 6, labels: ['ant', 'bee', 'café'] };
const classes: Omit<ExperimentInput, 'name'> = {
  data,
  model: [{ dense: { units: 8, activation: 'tanh' } }, { dense: { units: 3 } }],
  loss: 'softmaxCrossEntropy',
  metrics: ['accuracy'],
  optimizer: { adam: { learningRate: 1e-2 } },
  train: { epochs: 2, batchSize: 32, microBatchSize: 16 },
};

/** One of them learns much, one little, one next to nothing, so that their mean is none of them. */
const rates = [0.1, 0.01, 0.001];

/** Three trials, each on a rate of its own, as a program starts them. */
async function sweepOver(experiment: Omit<ExperimentInput, 'name'>, folder: string): Promise<SweepResult> {
  const search = { trials: rates.length, sampler: 'grid', space: { rate: { choice: rates } } };
  const objective = { metric: 'validation.loss', direction: 'minimise' };
  const optimizer = { adam: { learningRate: '$rate' } };
  const train = { ...experiment.train, epochs: 2 };
  const value = { ...experiment, name: 'members', optimizer, train, objective, search };
  return await sweep(templateOf(value, folder), { state: join(folder, 'state'), workers: 1 }).result;
}

/** Of one sample. */
interface Expected {
  loss: number;
  isRight?: boolean;
}

/** As the command lists it: with each member's name. */
type Listed = Omit<EnsembleEvaluation, 'members'> & { members: (Evaluation & { run: string })[] };

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const argMax = (values: readonly number[]) => values.indexOf(Math.max(...values));
const numberOf = (names: readonly string[], label: string) => names.indexOf(label);

const kinds = [
  {
    what: 'probabilities of classes',
    made: classesData,
    experiment: classes,
    /** -log of the mean probability of the right class. */
    of: (predicted: number[], label: string): Expected => ({
      loss: -Math.log(predicted[numberOf(classesData.labels, label)]!),
      isRight: argMax(predicted) === numberOf(classesData.labels, label),
    }),
    /** What averaging logits would give: the geometric mean, made to add up to 1. */
    wrongly: (members: number[][]): number[] => {
      const geometric = members[0]!.map((_, output) =>
        Math.exp(meanOf(members.map((each) => Math.log(each[output]!)))),
      );
      const all = geometric.reduce((sum, value) => sum + value, 0);
      return geometric.map((value) => value / all);
    },
  },
  {
    what: 'probabilities of the second of two classes',
    made: binaryData,
    experiment: { ...binary, data },
    of: ([p = NaN]: number[], label: string): Expected => ({
      loss: -Math.log(label === 'yes' ? p : 1 - p),
      isRight: p > 0.5 === (label === 'yes'),
    }),
    wrongly: (members: number[][]): number[] => {
      const logit = meanOf(members.map(([p = NaN]) => Math.log(p / (1 - p))));
      return [1 / (1 + Math.exp(-logit))];
    },
  },
  {
    what: 'numbers',
    made: regressionData,
    experiment: { ...regression, data: { ...data, regression: true } as const },
    of: ([value = NaN]: number[], label: string): Expected => ({ loss: (value - Number(label)) ** 2 }),
    wrongly: undefined,
  },
];

describe.each(kinds)('an ensemble that predicts $what', { timeout: 300_000 }, ({ made, experiment, of, wrongly }) => {
  const other = table(made, 70).trim().split('\n').slice(1);
  let folder: DataFolder;
  let swept: SweepResult;
  beforeAll(async () => {
    folder = new DataFolder({ 'table.csv': table(made), 'other.csv': table(made, 70) });
    swept = await sweepOver(experiment, folder.path);
  }, 300_000);
  afterAll(() => folder.remove());

  const trial = (number: number) => join(swept.folder, 'trials', String(number));

  function evaluated(...args: string[]): Listed {
    const { status, lines, stderr } = polyak('evaluate', ...args, '--state', join(folder.path, 'state'));
    expect(stderr).not.toMatch(/^polyak:/m);
    expect(status).toBe(0);
    return lines.at(-1) as never;
  }

  it('has the loss and the accuracy of their mean, sample by sample', async () => {
    const members = [0, 1, 2].map(trial);
    const { ensemble } = evaluated('--ensemble', members.join(','), '--data', join(folder.path, 'other.csv'));
    const cells = other.map((line) => line.split(','));
    const inputs = Float32Array.from(cells.flatMap((row) => row.slice(0, made.features)).map(Number));
    const predicted: number[][][] = [];
    for (const member of members) {
      const run = await loadRun(member, { state: join(folder.path, 'state') });
      const values = await run.predict(inputs);
      const { outputs } = run.dataShape;
      predicted.push(cells.map((_, row) => [...values.subarray(row * outputs, (row + 1) * outputs)]));
      await run.dispose();
    }
    const ofSample = (row: number) => predicted.map((member) => member[row]!);
    const mean = (all: number[][]) => all[0]!.map((_, output) => meanOf(all.map((each) => each[output]!)));
    const expectedOf = (together: (all: number[][]) => number[]) =>
      cells.map((row, index) => of(together(ofSample(index)), row.at(-1)!));
    const expected = expectedOf(mean);
    const loss = meanOf(expected.map((each) => each.loss));
    expect(ensemble.samples).toBe(70);
    expect(Math.abs(ensemble.loss - loss)).toBeLessThan(1e-5 * loss);
    if (wrongly === undefined) return;
    expect(ensemble.accuracy).toBeCloseTo(expected.filter(({ isRight }) => isRight).length / 70, 6);
    // The mean of the logits is another number by far.
    const ofLogits = meanOf(expectedOf(wrongly).map((each) => each.loss));
    expect(Math.abs(ofLogits - loss)).toBeGreaterThan(1e-3 * loss);
  });

  if (made !== classesData) return;
  it("lists each member with the numbers that it has alone, and top:2 is the sweep's two best", () => {
    const { members, ensemble } = evaluated(swept.folder, '--ensemble', 'top:2');
    const best = swept.trials.toSorted((left, right) => left.value! - right.value!).slice(0, 2);
    expect(members.map(({ run }) => run)).toEqual(best.map(({ number }) => `${swept.id}/${number}`));
    for (const { run, ...member } of members) {
      const alone = evaluated(run) as unknown as Evaluation;
      expect(member).toEqual(expect.objectContaining({ samples: 50, loss: alone.loss, metrics: alone.metrics }));
      expect(ensemble.loss).not.toBe(alone.loss);
    }
  });
});

describe('an ensemble is refused', { timeout: 300_000 }, () => {
  const files = { 'table.csv': table(classesData) };
  const changes = {
    plain: {},
    hinge: { loss: 'hinge' },
    /** Holds out others. */
    elsewhere: { data: { ...data, seed: 6 } },
  } satisfies Record<string, Partial<ExperimentInput>>;
  const runs = new Map<string, ScratchRun>();
  beforeAll(async () => {
    for (const [name, change] of Object.entries(changes)) {
      const train = { ...classes.train, epochs: 1 };
      runs.set(name, await ScratchRun.train({ ...classes, train, ...change }, files));
    }
  }, 300_000);
  afterAll(() => runs.forEach((run) => run.remove()));

  function refusal(...args: string[]): string {
    const { status, lines, stderr } = polyak('evaluate', ...args);
    expect(status).toBe(2);
    expect(lines.filter(({ event }) => event === 'evaluated')).toEqual([]);
    return stderr;
  }
  const folderOf = (name: keyof typeof changes) => runs.get(name)!.process.folder;

  it('whose members are trained for another loss', () => {
    const said = refusal('--ensemble', `${folderOf('plain')},${folderOf('hinge')}`);
    expect(said).toContain("an ensemble's members predict the same from the same inputs, but");
    expect(said).toMatch(/"loss":"?\{?.*softmaxCrossEntropy.* and .*hinge/);
  });

  it('whose members hold out other samples', () => {
    const pair = [folderOf('plain'), folderOf('elsewhere')];
    const said = refusal('--ensemble', pair.join(','));
    expect(said).toContain(`${pair[0]} and ${pair[1]} have other samples in their test split`);
    expect(said).toContain('train them with the same data: { seed: … }, or evaluate them on other data with --data');
  });

  it('but not on other data, which none of them has seen', () => {
    const path = join(runs.get('plain')!.data.path, 'other.csv');
    writeFileSync(path, table(classesData, 20));
    const pair = `${folderOf('plain')},${folderOf('elsewhere')}`;
    const { status, lines } = polyak('evaluate', '--ensemble', pair, '--data', path);
    expect(status).toBe(0);
    expect(lines.at(-1)).toMatchObject({ ensemble: { samples: 20 } });
  });

  it('of one member', () => {
    expect(refusal('--ensemble', folderOf('plain'))).toContain('an ensemble has two members or more');
  });

  it('with views, which go with one run', () => {
    const said = refusal('--ensemble', `${folderOf('plain')},${folderOf('plain')}`, '--augment', 'tenCrop');
    expect(said).toContain('--augment: goes with one run, not with --ensemble; leave one of them out');
  });

  it('with a run beside the runs', () => {
    const said = refusal(folderOf('plain'), '--ensemble', folderOf('hinge'));
    expect(said).toContain(`leave '${folderOf('plain')}' out, or put it among the runs`);
  });

  it('of the best of nothing, of a sweep that is not there, and of a run that is no sweep', () => {
    expect(refusal('--ensemble', 'top:5')).toContain(
      '--ensemble top:5: of which sweep? polyak evaluate SWEEP --ensemble top:5',
    );
    const state = mkdtempSync(join(tmpdir(), 'polyak-nothing-'));
    try {
      expect(refusal('digits-search-1', '--ensemble', 'top:5', '--state', state)).toContain('digits-search-1');
      expect(refusal(folderOf('plain'), '--ensemble', 'top:5', '--state', state)).toContain(folderOf('plain'));
    } finally {
      rmSync(state, { recursive: true });
    }
  });
});
