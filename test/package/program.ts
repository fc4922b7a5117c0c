/**
 * A program of somebody who has installed the package. It is compiled in a scratch project, with the settings of theirs, and
 * run there: trains a few steps on the digits, predicts, and prints what came out as JSON.
 */
import { PolyakError, UsageError, defineExperiment, defineModule, loadRun, train, type RunEvent } from 'polyak';

const [data = '', state = ''] = process.argv.slice(2);
const experiment = defineExperiment({
  name: 'packed',
  data: { source: 'csv', path: data, header: false, shape: [8, 8, 1], validation: 100 },
  model: ['flatten', { dense: { units: '$width', activation: 'relu' } }, { dense: { units: 10 } }],
  loss: 'softmaxCrossEntropy',
  metrics: ['accuracy'],
  optimizer: { adam: { learningRate: '$learningRate' } },
  train: { epochs: 1, batchSize: 64, microBatchSize: 32 },
  search: { trials: 2, space: { learningRate: { logUniform: [1e-4, 1e-2] }, width: 16 } },
}, { learningRate: 1e-3 }); // prettier-ignore

const run = train(experiment, { workers: 1, steps: 5, state });
const kinds = new Set<RunEvent['event']>();
for await (const event of run.events) kinds.add(event.event);
const { id, steps, weightsSha256 } = await run.result;

const trained = await loadRun(id, { state });
const predicted: Float32Array = await trained.predict({ shape: [2, 8, 8, 1], data: new Float32Array(128) });
await trained.dispose();

export const parts = defineModule({ metrics: {} });

let code = '';
try {
  await loadRun('packed-9', { state });
} catch (error) {
  if (error instanceof UsageError && error instanceof PolyakError) code = error.code;
}
const sums = [predicted.subarray(0, 10), predicted.subarray(10)].map((row) => row.reduce((sum, each) => sum + each, 0));
process.stdout.write(
  JSON.stringify({ kinds: [...kinds], steps, weightsSha256, same: weightsSha256 === trained.sha256, sums, code }),
);
