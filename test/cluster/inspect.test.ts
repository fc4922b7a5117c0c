/** `polyak inspect` as a user runs it: the lecture's ten layers, the numbers of training's first step, files and errors. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../cli/inspect/findings.js';
import type { Inspection } from '../../cli/inspect/inspection.js';
import { packageRoot } from '../../common/package-root.js';
import { polyak } from '../inference/polyak.js';
import { ClusterRun } from './cluster-run.js';

const example = (name: string) => join(packageRoot(), `examples/${name}.yaml`);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-inspect-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function inspect(file: string, ...args: string[]): Inspection & { findings: Finding[]; plot: string | null } {
  const { status, lines, stderr } = polyak('inspect', file, ...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr });
  return lines[0] as unknown as Inspection & { findings: Finding[]; plot: string | null };
}

describe("the lecture's ten layers", () => {
  const tenLayers = (initializer: string, activation = 'tanh') =>
    inspect(example('ten-layers'), '--param', `initializer=${initializer}`, '--param', `activation=${activation}`);
  const normal = (standardDeviation: number) => `{randomNormal: {standardDeviation: ${standardDeviation}}}`;

  it('of tanh collapse with kernels of 0.01', () => {
    const { layers, findings } = tenLayers(normal(0.01));
    expect(findings.map(({ kind }) => kind)).toEqual(['collapse']);
    expect(findings[0]?.change).toContain('glorotNormal');
    // sqrt(300) times 0.01 is what is left from layer to layer.
    const deviations = layers.filter(({ activation }) => activation === 'tanh').map(({ output }) => output.deviation);
    for (const [index, deviation] of deviations.entries()) {
      if (index > 1) expect(deviation / deviations[index - 1]!).toBeCloseTo(0.173, 1);
    }
  });

  it('of tanh are saturated with kernels of 1', () => {
    const { layers, findings } = tenLayers(normal(1));
    expect(findings.map(({ kind }) => kind)).toEqual(['saturation']);
    expect(layers.find(({ name }) => name === 'dense_10')?.saturated).toBeGreaterThan(0.8);
  });

  it("of tanh are right with Xavier's initialisation, those of relu with He's but not with Xavier's", () => {
    expect(tenLayers('glorotNormal').findings).toEqual([]);
    expect(tenLayers('heNormal', 'relu').findings).toEqual([]);
    const [first] = tenLayers('glorotNormal', 'relu').findings;
    expect(first?.kind).toBe('collapse');
    expect(first?.change).toContain('heNormal');
  });
});

it('shows the very loss that the first step of the training has, with augmentation, dropout, batch normalisation and L2', async () => {
  // One step an epoch, of three micro-batches.
  const changes = ['train.batchSize=1497', 'train.microBatchSize=499', 'train.epochs=1', 'regularise.l2=0.1'];
  const set = changes.flatMap((change) => ['--set', change]);
  const { loss, samples } = inspect(example('invariance'), ...set);
  expect(samples).toBe(1497);
  expect(loss.penalty).toBeGreaterThan(0.1);
  const run = ClusterRun.train(example('invariance'), ['--workers', '2', ...set]);
  try {
    await run.finished();
    const epoch = run.events.find(({ event }) => event === 'epoch');
    expect(epoch?.['loss']).toBeCloseTo(loss.data + loss.penalty, 12);
  } finally {
    run.remove();
  }
});

it('draws a plot, the same every time, and says where it is', () => {
  const plot = join(folder, 'layers.svg');
  const draw = () => {
    expect(inspect(example('digits'), '--plot', plot).plot).toBe(plot);
    return readFileSync(plot, 'utf8');
  };
  const svg = draw();
  expect(svg).toMatch(/^<svg role="img" aria-label="Deviations of activations and gradients of digits/);
  for (const text of ['conv2d_1', 'dense_2', 'gradient by weights']) expect(svg).toContain(`>${text}</text>`);
  expect(draw()).toBe(svg);
});

it("looks at a module's model with its own data and layers", () => {
  const { layers, samples } = inspect(example('custom-module'));
  expect(samples).toBeGreaterThan(0);
  expect(layers.length).toBeGreaterThan(2);
});

it('refuses, with exit code 2, a plot of another kind or in no folder, and more samples than there are', () => {
  const refused = (...args: string[]) => {
    const { status, lines } = polyak('inspect', example('digits'), ...args);
    expect(status).toBe(2);
    return lines.at(-1)?.['message'];
  };
  expect(refused('--plot', 'layers.png')).toBe('--plot layers.png: plots are SVG; give a name that ends with .svg');
  expect(refused('--plot', join(folder, 'none/a.svg'))).toContain(`there is no folder ${join(folder, 'none')}`);
  expect(refused('--samples', '2000')).toBe('--samples 2000: the training split has 1287 samples');
});

it('exits 3 for data that are not there', () => {
  const { status, lines } = polyak('inspect', example('digits'), '--set', 'data.path=gone.csv');
  expect(status).toBe(3);
  expect(lines.at(-1)?.['message']).toContain('gone.csv');
});
