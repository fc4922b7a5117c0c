/** Methods of full batches through real servers: they get to the minimum, and to the same bits however the work is cut. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { DataFolder } from '../bad-input/data-files.js';
import { ClusterRun, type RunEvent } from './cluster-run.js';

const examples = join(packageRoot(), 'examples');
const golden = JSON.parse(readFileSync(new URL('../golden/full-batch.json', import.meta.url), 'utf8')) as {
  logisticRegression: { loss: number };
  logisticRegressionOfWines: { loss: number };
};

function start(file: string, workers: number, shards: number, changes: string[]): ClusterRun {
  const layout = ['--workers', String(workers), '--shards', String(shards)];
  return ClusterRun.train(join(examples, file), [...layout, ...changes.flatMap((change) => ['--set', change])]);
}

/** The losses by evaluation, and how it ended. */
async function trained(file: string, workers: number, shards: number, changes: string[] = []) {
  const run = start(file, workers, shards, changes);
  try {
    const result = await run.finished();
    const losses = run.events.filter(({ event }) => event === 'epoch').map(({ loss }) => Number(loss));
    return { result, losses, events: run.events };
  } finally {
    run.remove();
  }
}

describe('L-BFGS on a logistic regression of the digits', () => {
  // Its 650 weights lie in five chunks.
  const changes = ['chunkFloats=150', 'train.epochs=14', 'checkpoint.every=0.2'];
  let reference: RunEvent;

  beforeAll(async () => {
    reference = (await trained('logistic-regression.yaml', 1, 1, changes)).result;
  });

  it.each([
    [2, 2],
    [3, 2],
  ])('has the same weights after 14 evaluations on %i workers and %i shards', async (workers, shards) => {
    const { result } = await trained('logistic-regression.yaml', workers, shards, changes);
    expect(result['weightsSha256']).toBe(reference['weightsSha256']);
    expect(result['averageSha256']).toBe(reference['averageSha256']);
  });

  it('has them too when all is killed on the way and it is resumed on another number of shards', async () => {
    const cut = start('logistic-regression.yaml', 1, 2, changes);
    try {
      await cut.step(8);
      cut.process.kill('SIGKILL');
      await cut.exitCode();
      const result = await cut.resume(['--workers', '2', '--shards', '1']).finished();
      expect(result['weightsSha256']).toBe(reference['weightsSha256']);
      expect(result['averageSha256']).toBe(reference['averageSha256']);
    } finally {
      cut.remove();
    }
  });

  it("comes to SciPy's minimum to 1e-5 and ends there", async () => {
    const { result, losses, events } = await trained('logistic-regression.yaml', 2, 2, ['chunkFloats=150']);
    const { loss } = golden.logisticRegression;
    expect(Math.abs(losses.at(-1)! - loss) / loss).toBeLessThan(1e-5);
    expect(Number(result['steps'])).toBeLessThan(200);
    expect(events.find(({ event, kind }) => event === 'notice' && kind === 'converged')).toBeDefined();
  });
});

describe('a line search whose first steps lead where no float32 is finite', () => {
  const signs = Array.from({ length: 16 }, (_, row) => [0, 1, 2, 3].map((bit) => ((row >> bit) & 1 ? 1 : -1)));
  const rowsOf = (input: number) =>
    signs.map((features, row) => {
      const target = features.reduce((sum, sign, index) => sum + sign * (index + 1), 0) / 10 + (row % 3) / 10;
      return [...features.map((sign) => sign * input), target].join(',');
    });
  const experimentOf = (microBatchSize: number) => ({
    name: 'overflow',
    data: { source: 'csv', path: 'table.csv', header: false, regression: true, test: 0 },
    model: [{ dense: { units: 1, kernelInitializer: 'zeros' } }],
    loss: 'meanSquaredError',
    optimizer: { lbfgs: {} },
    train: { epochs: 40, batchSize: 16, microBatchSize },
    chunkFloats: 4,
  });

  async function search(input: number, microBatchSize: number, workers: number, shards: number) {
    const experiment = JSON.stringify(experimentOf(microBatchSize));
    const folder = new DataFolder({ 'table.csv': rowsOf(input).join('\n'), 'a.yaml': experiment });
    const layout = ['--workers', String(workers), '--shards', String(shards)];
    const run = ClusterRun.train(join(folder.path, 'a.yaml'), layout);
    try {
      const result = await run.finished();
      const refused = run.events.filter(({ kind }) => kind === 'refused');
      const losses = run.events.filter(({ event }) => event === 'epoch').map(({ loss }) => loss);
      return { result, refused, losses };
    } finally {
      run.remove();
      folder.remove();
    }
  }

  function goesDown(losses: readonly unknown[]): void {
    expect(losses).toContain(null);
    const known = losses.filter((loss) => typeof loss === 'number');
    expect(Math.min(...known)).toBeLessThan(0.5 * known[0]!);
  }

  it('goes back, and comes down to the same bits on one worker and shard and on two', async () => {
    // Inputs of 2e19: their squares overflow as soon as a weight is beyond 1e-2, and the best weights are about 1e-20.
    const [one, two] = [await search(2e19, 16, 1, 1), await search(2e19, 16, 2, 2)];
    goesDown(one.losses);
    expect(two.losses).toEqual(one.losses);
    expect(two.result['weightsSha256']).toBe(one.result['weightsSha256']);
  });

  it('does so where only the sum of the leaves overflows, wherever that is made, and no worker is blamed for it', async () => {
    // The first step has length 1: w = (1, 2, 3, 4) / sqrt(30), whose absolute values sum to 1.83. With inputs of +-a, a = 4.5e18,
    // a leaf's gradient is at most 2 * 1.83 a * a = 7.4e37, and the sum over 16 leaves, whose signs are orthogonal,
    // 16 * 2 a^2 * 0.73 = 4.7e38 of the last weight: above float32's 3.4e38. One worker sees that itself, of three none does.
    const [one, three] = [await search(4.5e18, 1, 1, 1), await search(4.5e18, 1, 3, 2)];
    goesDown(one.losses);
    expect(three.refused).toEqual([]);
    expect(three.losses).toEqual(one.losses);
    expect(three.result['weightsSha256']).toBe(one.result['weightsSha256']);
  }, 400_000);
});

describe('a logistic regression of the wines', () => {
  const ofWines = [
    'data={source: csv, path: data/wine.csv, label: cultivar}',
    'preprocess=[{standardise: feature}]',
    'model=[{dense: {units: 3, kernelInitializer: zeros}}]',
    // 178 samples, in 12 leaves.
    'train={epochs: 600, batchSize: 192, microBatchSize: 16}',
    'chunkFloats=16',
  ];

  it.each([
    ['bfgs', 100],
    // 84 for the Hessian of 42 weights, and a few along each line.
    ['newton', 600],
  ])("%s comes to SciPy's minimum to 1e-5 and ends there", async (method, most) => {
    const changes = [...ofWines, `optimizer={${method}: {tolerance: 1e-4}}`];
    const { result, losses, events } = await trained('logistic-regression.yaml', 1, 2, changes);
    const { loss } = golden.logisticRegressionOfWines;
    expect(Math.abs(losses.at(-1)! - loss) / loss).toBeLessThan(1e-5);
    expect(Number(result['steps'])).toBeLessThan(most);
    expect(events.find(({ event, kind }) => event === 'notice' && kind === 'converged')).toBeDefined();
  });

  it.each(['bfgs', 'newton'])(
    '%s has the same bits after 100 evaluations, however they are shared, and where all is killed on the way and resumed',
    async (method) => {
      const optimizer = `optimizer={${method}: {tolerance: 1e-4}}`;
      const changes = [...ofWines, optimizer, 'train.epochs=100', 'checkpoint.every=0.2'];
      const { result } = await trained('logistic-regression.yaml', 1, 1, changes);
      const cut = start('logistic-regression.yaml', 2, 2, changes);
      try {
        // Of Newton's method in the middle of its differences.
        await cut.step(30);
        cut.process.kill('SIGKILL');
        await cut.exitCode();
        const resumed = await cut.resume(['--workers', '1', '--shards', '1']).finished();
        expect(resumed['weightsSha256']).toBe(result['weightsSha256']);
        expect(resumed['averageSha256']).toBe(result['averageSha256']);
      } finally {
        cut.remove();
      }
    },
  );
});

describe("Rosenbrock's valley as a module's model", () => {
  it('L-BFGS comes down from (-1.2, 1) to below 1e-5', async () => {
    const { losses } = await trained('rosenbrock.yaml', 1, 1);
    expect(losses[0]).toBeCloseTo(24.2, 4);
    expect(losses.at(-1)).toBeLessThan(1e-5);
  });

  it('to the same bits with one, two and three workers, and with two shards', async () => {
    // Three leaves, one for each worker. Its two weights are fewer than the least chunk; those of the digits lie in five.
    const changes = ['train.microBatchSize=1'];
    const ends = [];
    for (const [workers, shards] of [
      [1, 1],
      [2, 2],
      [3, 2],
    ] as const) {
      const { result, losses } = await trained('rosenbrock.yaml', workers, shards, changes);
      expect(losses.at(-1)).toBeLessThan(1e-5);
      ends.push({ weights: result['weightsSha256'], average: result['averageSha256'], steps: result['steps'], losses });
    }
    expect(ends[0]!.weights).toMatch(/^[0-9a-f]{64}$/);
    expect(ends[1]).toEqual(ends[0]);
    expect(ends[2]).toEqual(ends[0]);
  });
});
