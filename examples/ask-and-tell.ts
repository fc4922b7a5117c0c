/**
 * A search whose trials this program runs by itself: the lowest point of Branin's function, by successive halving. Each
 * epoch's value comes a little closer to the function's own, as a training would.
 *
 *     npx polyak coordinator --listen 127.0.0.1:7350 &
 *     node examples/ask-and-tell.ts 127.0.0.1:7350       (Node 22.18 or newer; before, npx tsx)
 */
import { connect } from 'polyak';

interface Point {
  x: number;
  y: number;
}

function branin({ x, y }: Point): number {
  const inner = y - (5.1 / (4 * Math.PI ** 2)) * x ** 2 + (5 / Math.PI) * x - 6;
  return inner ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10;
}

const cluster = await connect(process.argv[2] ?? '127.0.0.1:7350');
const search = await cluster.search<Point>({
  name: 'branin',
  seed: 1,
  objective: { metric: 'value', direction: 'minimise' },
  train: { epochs: 9 },
  search: {
    trials: 81,
    space: { x: { uniform: [-5, 10] }, y: { uniform: [0, 15] } },
    schedule: { successiveHalving: { minEpochs: 1, eta: 3 } },
  },
});

// Other processes join in by `cluster.search(search.key)`.
for await (const trial of search.trials()) {
  for (let epoch = trial.epoch + 1; epoch <= trial.untilEpoch && !trial.signal.aborted; epoch += 1) {
    await trial.report({ epoch, value: branin(trial.parameters) + 10 / epoch });
  }
  await trial.finish();
}

const { counts, best } = await search.status();
console.log(JSON.stringify({ finished: counts.finished, stopped: counts.stopped, best }));
