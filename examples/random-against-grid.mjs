/**
 * Random search against a grid of the same size (Bergstra and Bengio, 2012): of two parameters one matters much and one little.
 * Sixteen trials of a grid try four learning rates, sixteen random ones try sixteen. For each of ten seeds both search; the
 * medians of their best are printed, and random-against-grid.svg shows which learning rates each has tried.
 *
 *     node examples/random-against-grid.mjs [seeds]
 */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineSweep, sweep } from 'polyak';

const trials = 16;
const rates = [1e-5, 1];

const experiment = (seed, sampler) =>
  defineSweep({
    name: 'random-against-grid',
    seed,
    data: {
      source: 'csv',
      path: join(dirname(fileURLToPath(import.meta.url)), 'data/digits.csv.gz'),
      header: false,
      shape: [64],
      validation: 500,
    },
    preprocess: [{ scale: 0.0625 }],
    model: [{ dense: { units: 32, activation: 'relu', kernelInitializer: 'heNormal' } }, { dense: { units: 10 } }],
    loss: 'softmaxCrossEntropy',
    metrics: ['accuracy'],
    objective: { metric: 'validation.accuracy' },
    regularise: { l2: '$l2' },
    optimizer: { momentum: { learningRate: '$learningRate', momentum: 0.9 } },
    train: { epochs: 3, batchSize: 64, microBatchSize: 64 },
    search: {
      trials,
      sampler,
      space: { learningRate: { logUniform: rates }, l2: { logUniform: [1e-7, 1e-4] } },
    },
  });

const median = (values) => {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
};

const bestOf = ({ best }) => best?.value ?? 0;

const seeds = Array.from({ length: Number(process.argv[2] ?? 10) }, (_, index) => index + 1);
const random = [];
const grid = [];
for (const seed of seeds) {
  random.push(await sweep(experiment(seed, 'random')).result);
  grid.push(await sweep(experiment(seed, { grid: { points: Math.sqrt(trials) } })).result);
  console.log(`seed ${seed}: random ${bestOf(random.at(-1)).toFixed(3)}, grid ${bestOf(grid.at(-1)).toFixed(3)}`);
}
const medians = { random: median(random.map(bestOf)), grid: median(grid.map(bestOf)) };
console.log(`median of ${seeds.length} seeds: random ${medians.random.toFixed(3)}, grid ${medians.grid.toFixed(3)}`);
await writeFile('random-against-grid.svg', plot());
console.log('random-against-grid.svg shows the learning rates that were tried');
if (medians.random <= medians.grid) process.exitCode = 1;

/** Accuracy over the learning rate, one panel each, with the median of the best as a line. */
function plot() {
  const panel = (results, name, left, colour) => {
    const x = (rate) => left + (300 * Math.log(rate / rates[0])) / Math.log(rates[1] / rates[0]);
    const y = (accuracy) => 260 - 220 * accuracy;
    const points = results
      .flatMap((result) => result.trials)
      .flatMap(({ columns, value }) =>
        value === null
          ? []
          : [`<circle cx="${x(Number(columns['learningRate'])).toFixed(1)}" cy="${y(value).toFixed(1)}" r="2.5"/>`],
      );
    const line = y(medians[name]).toFixed(1);
    return [
      `<rect x="${left}" y="40" width="300" height="220" fill="none" stroke="#999"/>`,
      `<text x="${left}" y="30">${name}: median of the best ${medians[name].toFixed(3)}</text>`,
      `<text x="${left}" y="278">learning rate ${rates[0]} to ${rates[1]}, logarithmic; accuracy 0 to 1</text>`,
      `<g fill="${colour}" fill-opacity="0.6">${points.join('')}</g>`,
      `<line x1="${left}" x2="${left + 300}" y1="${line}" y2="${line}" stroke="${colour}" stroke-dasharray="4"/>`,
    ].join('\n');
  };
  return `<svg xmlns="http://www.w3.org/2000/svg" width="700" height="300" font-family="sans-serif" font-size="12">
<rect width="700" height="300" fill="#fff"/>
${panel(random, 'random', 20, '#1f77b4')}
${panel(grid, 'grid', 370, '#d62728')}
</svg>
`;
}
