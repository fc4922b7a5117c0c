/** Folds of a cross-validation: who validates, who is trained on, and what no fold can be made of. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { defineExperiment, loadExperiment } from '../../common/experiment/load.js';
import type { ExperimentInput } from '../../common/experiment/schema.js';
import { packageRoot } from '../../common/package-root.js';
import { memberExperiment, seedOfRepetition } from '../../coordinator/sweep/member-experiment.js';
import { TrialPlan } from '../../coordinator/sweep/trial-plan.js';
import { openDataset, type Dataset } from '../../worker/data/dataset.js';
import { foldOf } from '../../worker/data/fold.js';
import { DataFolder, experimentOn, idxFiles, type Files } from '../bad-input/data-files.js';

const folders: DataFolder[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove();
});

function folderOf(files: Files): string {
  const folder = new DataFolder(files);
  folders.push(folder);
  return folder.path;
}

/** Of 11 samples of class a, 7 of b and 5 of c, mixed; the second column counts them. */
function tablePath(): string {
  const classes = Array.from({ length: 23 }, (_, index) =>
    index % 2 === 0 && index < 22 ? 'a' : index < 15 ? 'b' : 'c',
  );
  const rows = classes.map((name, index) => `${index},${name}`);
  return `${folderOf({ 'a.csv': `x,kind\n${rows.join('\n')}\n` })}/a.csv`;
}

async function open(data: Record<string, unknown>, rest: Partial<ExperimentInput> = {}): Promise<Dataset> {
  return await openDataset(defineExperiment(experimentOn(data as ExperimentInput['data'], rest)));
}

async function folds(data: Record<string, unknown>, of: number, more: object = {}): Promise<Dataset[]> {
  const numbers = Array.from({ length: of }, (_, fold) => fold);
  return await Promise.all(numbers.map(async (fold) => await open({ ...data, validation: { fold, of, ...more } })));
}

function expectPartition(all: Dataset[], samples: number): void {
  const validated = all.flatMap(({ splits }) => [...splits.validation.rows]).toSorted((left, right) => left - right);
  expect(new Set(validated).size).toBe(validated.length);
  for (const { splits } of all) {
    const { train, validation, test } = splits;
    expect([...train.rows, ...validation.rows].toSorted((left, right) => left - right)).toEqual(validated);
    expect(test.rows).toEqual(all[0]?.splits.test.rows);
    expect(validated.some((row) => test.rows.includes(row))).toBe(false);
  }
  expect(validated.length).toBe(samples);
  const sizes = all.map(({ splits }) => splits.validation.count);
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
}

describe('folds', () => {
  it('are each validated once, are of one size, have their share of each class, and leave the test split alone', async () => {
    const all = await folds({ source: 'csv', path: tablePath(), test: 3, regression: false }, 3);
    expectPartition(all, 20);
    for (const label of [0, 1, 2]) {
      const counts = all.map(({ splits, labels }) =>
        [...splits.validation.rows].filter((row) => labels[row] === label),
      );
      const sizes = counts.map(({ length }) => length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }
    const held = await open({ source: 'csv', path: tablePath(), test: 3, validation: 5 });
    expect(held.splits.test.rows).toEqual(all[0]?.splits.test.rows);
  });

  it('are dealt without regard to classes when stratified is false, or when numbers are predicted', async () => {
    const path = tablePath();
    const plain = await folds({ source: 'csv', path }, 11, { stratified: false });
    expectPartition(plain, 23);
    const table = Array.from({ length: 10 }, (_, index) => `${index},${index * 2}`).join('\n');
    const numbers = `${folderOf({ 'n.csv': `x,y\n${table}\n` })}/n.csv`;
    const all = await Promise.all(
      [0, 1, 2, 3].map(
        async (fold) =>
          await open(
            { source: 'csv', path: numbers, regression: true, validation: { fold, of: 4 } },
            { loss: 'meanSquaredError' },
          ),
      ),
    );
    expectPartition(all, 10);
  });

  it('are the same again, and others by another seed of the experiment or of the data', async () => {
    const data = { source: 'csv', path: tablePath(), test: 2, validation: { fold: 0, of: 3 } };
    const rows = async (more: object, seed = 1) => {
      const { validation, test } = (await open({ ...data, ...more }, { seed })).splits;
      return [[...validation.rows], [...test.rows]];
    };
    const first = await rows({});
    expect(await rows({})).toEqual(first);
    expect(await rows({ seed: 1 }, 99)).toEqual(first);
    expect(await rows({}, 99)).not.toEqual(first);
    expect(await rows({ seed: 99 })).toEqual(await rows({}, 99));
  });

  it('come from pictures in IDX files as from tables, with the fingerprint of the same samples', async () => {
    const path = folderOf(idxFiles());
    const all = await folds({ source: 'idx', path }, 2);
    expectPartition(all, 6);
    expect(all[0]?.fingerprint).toBe((await open({ source: 'idx', path })).fingerprint);
  });

  it('fill what is missing by the samples that they train on alone', async () => {
    const cells = [1, 2, 4, 8, 16, 32];
    const rows = cells.map((cell, index) => `${cell},${index % 2 === 0 ? 'x' : 'y'}`);
    const path = `${folderOf({ 'm.csv': `a,kind\n${rows.join('\n')}\n,x\n,y\n` })}/m.csv`;
    const { splits, encoding } = await open({
      ...{ source: 'csv', path, missing: { a: 'mean' }, validation: { fold: 1, of: 2 } },
    });
    const known = [...splits.train.rows].flatMap((row) => cells[row] ?? []);
    const mean = known.reduce((sum, cell) => sum + cell, 0) / known.length;
    expect(JSON.stringify(encoding)).toContain(String(Math.fround(mean)).slice(0, 6));
  });
});

describe('without folds', () => {
  // As they were before there were folds, so that runs of then can be continued.
  it.each([
    [['data.validation=150'], '0f5f16014fb41960'],
    [['data.validation=0.25', 'data.test=0.1'], 'ec35684c0492b93e'],
  ])('the splits of the digits with %o are those that they have always been', async (overrides, wanted) => {
    const experiment = await loadExperiment(join(packageRoot(), 'examples/digits.yaml'), overrides);
    const { splits } = await openDataset(experiment);
    const hash = createHash('sha256');
    for (const name of ['train', 'validation', 'test'] as const) hash.update(splits[name].rows);
    expect(hash.digest('hex').slice(0, 16)).toBe(wanted);
  });
});

describe('no fold is made', () => {
  it.each([
    [{ fold: 3, of: 3 }, 'data.validation.fold: is 3, must be below data.validation.of, 3; the first is 0'],
    [{ fold: -1, of: 3 }, 'data.validation.fold: is -1, must be at least 0'],
    [
      { fold: 0, of: 1 },
      'data.validation.of: is 1, must be a whole number from 2: one part validates, the others are trained on',
    ],
    [{ fold: 0, of: 3, path: 'x' }, /^data\.validation.*path/],
    [{ fold: 0 }, /^data\.validation.*\{ fold: 0, of: 5 \}/],
    [{ fold: 0, of: 24, stratified: false }, 'data.validation.of: 24 folds are more than the 23 samples there are'],
    [
      { fold: 0, of: 6 },
      "data.validation.of: 6 folds are more than the 5 samples of class 'c'; have fewer folds, or stratified: false",
    ],
  ])('of %o', async (validation, message) => {
    await expect(open({ source: 'csv', path: tablePath(), validation })).rejects.toThrow(message);
  });

  it('where the source has validation samples of its own', () => {
    const part = { count: 2, samples: new Uint8Array(2), labels: new Int32Array(2) };
    const raw = { shape: [1], classes: ['a', 'b'], train: part, validation: part, test: null };
    const make = () => foldOf({ fold: 0, of: 2, stratified: true }, new Uint32Array(2), raw);
    expect(make).toThrow('fold 0 of 2 is asked for, but the source has 2 validation samples of its own');
  });
});

describe('the members of a trial', () => {
  const template = (search: object, more: object = {}) => ({
    ...experimentOn({ source: 'csv', path: '/a.csv' }, { seed: 7, optimizer: { sgd: { learningRate: 0.1 } } }),
    ...more,
    search: { trials: 2, space: { rate: { uniform: [0, 1] } }, ...search },
  });
  const membersOf = (value: Record<string, unknown>) => {
    const plan = new TrialPlan({ value, folder: '/' });
    return Array.from({ length: plan.members }, (_, member) => {
      const { seed, data } = JSON.parse(plan.experimentOf({ rate: 0.5 }, member)) as {
        seed: number;
        data: { validation: unknown; seed?: number };
      };
      return { seed, validation: data.validation, splits: data.seed };
    });
  };

  it('are the folds of every repetition, which has another seed and the same splits', () => {
    const again = seedOfRepetition(7, 1);
    const of = { of: 2, stratified: true };
    expect(membersOf(template({ crossValidation: { folds: 2, repeats: 2 } }))).toEqual([
      { seed: 7, validation: { fold: 0, ...of }, splits: undefined },
      { seed: 7, validation: { fold: 1, ...of }, splits: undefined },
      { seed: again, validation: { fold: 0, ...of }, splits: 7 },
      { seed: again, validation: { fold: 1, ...of }, splits: 7 },
    ]);
  });

  it('without folds keep the validation split that the experiment has', () => {
    const value = template(
      { crossValidation: { repeats: 3 } },
      { data: { source: 'csv', path: '/a.csv', validation: 4 } },
    );
    expect(membersOf(value)).toEqual([
      { seed: 7, validation: 4, splits: undefined },
      { seed: seedOfRepetition(7, 1), validation: 4, splits: 7 },
      { seed: seedOfRepetition(7, 2), validation: 4, splits: 7 },
    ]);
  });

  it('draw seeds that are whole numbers below 2^53, and never change', () => {
    const seeds = [1, 2, 3].map((repetition) => seedOfRepetition(1, repetition));
    expect(seeds).toEqual([1659203718415609, 6643456033350868, 8486158942951861]);
    expect(seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0)).toBe(true);
  });

  it('is one, the experiment itself, without cross-validation', () => {
    const experiment = defineExperiment(experimentOn({ source: 'csv', path: '/a.csv' }));
    expect(memberExperiment(experiment, undefined, 0)).toBe(experiment);
  });
});
