/**
 * Six optimizers race down two surfaces (surfaces.ts), each a training of two weights through a server and a worker. On a bowl
 * that is ten times as long as it is wide, sgd zigzags between its walls and crawls along it, and momentum overshoots; on a
 * saddle, sgd stands still beside the middle, where the slope is next to nothing, and the methods that divide by the gradient's
 * size do not. The paths are drawn into optimizer-race.svg.
 *
 *     node examples/optimizer-race.mjs [steps] [optimizer …]
 */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { init } from 'echarts';
import { defineModuleExperiment, train } from 'polyak';

const [steps = '60', ...chosen] = process.argv.slice(2);

/** Where each begins, the rates there, and the level lines to draw: y in x of a height. */
const surfaces = {
  bowl: {
    start: { x: -9, y: 1.4 },
    rates: { sgd: 0.9, momentum: 0.4, nesterov: 0.4, adagrad: 1, rmsprop: 0.1, adam: 0.3 },
    range: { x: [-10, 2], y: [-2, 2] },
    heights: [0.02, 0.1, 0.3, 0.7, 1.3, 2.2],
    // 0.01 x² + y² = height
    level: (height, x) => Math.sqrt(height - 0.01 * x ** 2),
  },
  saddle: {
    start: { x: -1.5, y: 0.001 },
    rates: { sgd: 0.1, momentum: 0.05, nesterov: 0.05, adagrad: 0.3, rmsprop: 0.05, adam: 0.1 },
    range: { x: [-1.8, 1.8], y: [-0.6, 2] },
    heights: [-0.15, -0.1, -0.05, 0, 0.2, 0.6, 1.2, 2],
    // x² + 0.05 y⁴ - 0.2 y² = height, solved for y², of which the outer one
    level: (height, x) => Math.sqrt(2 + Math.sqrt(4 - 20 * (x ** 2 - height))),
  },
};
const names = chosen.length > 0 ? chosen : Object.keys(surfaces.bowl.rates);

const experiment = (surface, name) => {
  const { start, rates } = surfaces[surface];
  return defineModuleExperiment({
    name: `race-${surface}-${name}`,
    seed: 1,
    module: join(dirname(fileURLToPath(import.meta.url)), 'surfaces.ts'),
    data: { source: 'module' },
    model: [{ surface: { surface, ...start } }],
    loss: 'module',
    metrics: ['x', 'y'],
    optimizer: { [name]: { learningRate: rates[name] } },
    // Its three samples are one batch, so that an epoch is a step.
    train: { epochs: Number(steps), batchSize: 3, microBatchSize: 3 },
  });
};

/** The points in whose loss and gradient each step was computed. */
async function path(surface, name) {
  const run = train(experiment(surface, name), { workers: 1 });
  const points = [];
  for await (const event of run.events) if (event.event === 'epoch') points.push([event.x, event.y]);
  await run.result;
  return points;
}

/** How often a path crosses the line y = 0, from wall to wall. */
const crossings = (points) => points.filter(([, y], step) => step > 0 && y * points[step - 1][1] < 0).length;
/** How far beyond the minimum's x, 0, it came. */
const overshoot = (points) => Math.max(0, ...points.map(([x]) => x));

const paths = { bowl: {}, saddle: {} };
for (const surface of Object.keys(surfaces)) {
  for (const name of names) {
    const points = (paths[surface][name] = await path(surface, name));
    const [x, y] = points.at(-1);
    const facts = `crosses the valley ${crossings(points)} times, overshoots by ${overshoot(points).toFixed(2)}`;
    console.log(`${surface}, ${name}: ends at (${x.toFixed(3)}, ${y.toFixed(3)}), ${facts}`);
  }
}

await writeFile('optimizer-race.svg', drawn());
console.log('optimizer-race.svg shows their paths');

function drawn() {
  const colours = ['#1f77b4', '#d62728', '#ff9f40', '#2ca02c', '#9467bd', '#444444'];
  const panels = Object.entries(surfaces);
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 1100, height: 460 });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    legend: { data: names, top: 4 },
    title: panels.map(([surface], index) => ({
      text: surface,
      left: index === 0 ? 50 : 600,
      top: 28,
      textStyle: { fontSize: 13 },
    })),
    grid: panels.map((_, index) => ({ left: index === 0 ? 50 : 600, width: 470, top: 55, bottom: 35 })),
    xAxis: panels.map(([, { range }], index) => ({ gridIndex: index, min: range.x[0], max: range.x[1], name: 'x' })),
    yAxis: panels.map(([, { range }], index) => ({ gridIndex: index, min: range.y[0], max: range.y[1], name: 'y' })),
    series: panels.flatMap(([surface, { heights, level, range }], index) => {
      const place = { type: 'line', xAxisIndex: index, yAxisIndex: index, symbol: 'none' };
      const levels = heights.flatMap((height) =>
        [1, -1].map((sign) => ({
          ...place,
          data: columns(range.x).map((x) => [x, sign * level(height, x)]),
          lineStyle: { color: '#cccccc', width: 1 },
        })),
      );
      const raced = names.map((name, racer) => ({
        ...{ ...place, name, symbol: 'circle', symbolSize: 3, data: paths[surface][name] },
        ...{ color: colours[racer % colours.length], lineStyle: { width: 1.2 } },
      }));
      return [...levels, ...raced];
    }),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** Places from left to right; where a level line is not, its y is no number and nothing is drawn. */
function columns([from, to]) {
  return Array.from({ length: 401 }, (_, column) => from + ((to - from) * column) / 400);
}
