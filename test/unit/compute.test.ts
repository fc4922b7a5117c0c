import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineExperiment } from '../../common/experiment/load.js';
import { Compute } from '../../worker/compute.js';
import type { NodeReport } from '../../worker/compute-message.js';
import { TrialMemory } from '../../worker/trial-memory.js';

const trial = 'a trial';
const draws = { seed: 5, step: 0, microBatch: 0 };
const experiment = defineExperiment({
  name: 'tiny',
  seed: 5,
  data: { source: 'csv', path: 'none.csv' },
  model: [{ dense: { units: 3 } }],
  loss: 'softmaxCrossEntropy',
  optimizer: { sgd: { learningRate: 0.1 } },
  train: { epochs: 1, batchSize: 2, microBatchSize: 2 },
});
const batch = { inputs: new Float32Array([1, 0, 0, 2]), labels: new Int32Array([0, 2]), count: 2 };
/** A kernel of 2 by 3, and 3 biases. */
const floats = 9;
const chunks = [
  { offset: 0, length: 4 },
  { offset: 4, length: 5 },
];
const tensors = [
  { offset: 0, length: 6 },
  { offset: 6, length: 3 },
];

let compute: Compute;
const memory = new TrialMemory({ weights: floats, preprocess: 2, leavesMax: 4 });

beforeAll(async () => {
  compute = new Compute({ backend: 'cpu' });
  await compute.run('open', { trial, experiment, shape: { inputShape: [2], outputs: 3 } });
  await compute.run('attach', { trial, memory: memory.memory });
});

afterAll(async () => await compute.close());

async function inspect(node: number): Promise<NodeReport> {
  return await compute.run('inspect', { trial, node, chunks, tensors });
}

describe('the compute thread', () => {
  it('writes the gradient, summed over the samples, where the main thread reads it', async () => {
    // With zero weights every class has probability 1/3; the gradient of the logits is 1/3 less the label, so the
    // biases' are [1/3 - 1, 1/3, 1/3] + [1/3, 1/3, 1/3 - 1], and the kernel's rows the samples' times their inputs.
    const node = await memory.acquire();
    memory.floats(memory.weights[0], floats).fill(0);
    await compute.run('setWeights', { trial, weights: memory.weights[0] });
    const { lossSum } = await compute.run('gradient', { trial, node, batch, draws });
    expect(lossSum).toBeCloseTo(2 * Math.log(3), 5);
    const third = 1 / 3;
    const expected = [
      third - 1,
      third,
      third,
      2 * third,
      2 * third,
      2 * third - 2,
      2 * third - 1,
      2 * third,
      2 * third - 1,
    ];
    for (const [index, value] of expected.entries()) expect(memory.floats(node, floats)[index]).toBeCloseTo(value, 6);
    memory.release(node);
  });

  it('proves itself by the same hash every time', async () => {
    const node = await memory.acquire();
    const call = { trial, weights: memory.weights[0], node, batch, draws };
    const prove = async () => (await compute.run('prove', call)).gradientSha256;
    const first = await prove();
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await prove()).toBe(first);
    memory.release(node);
  });

  it('does requests in order: a sum asked for after a gradient contains it', async () => {
    const [left, right] = [await memory.acquire(), await memory.acquire()];
    const requests = [
      compute.run('gradient', { trial, node: left, batch, draws }),
      compute.run('gradient', { trial, node: right, batch, draws }),
      compute.run('add', { trial, left, right, floats }),
    ];
    await Promise.all(requests);
    const single = memory.floats(right, floats);
    expect([...memory.floats(left, floats)]).toEqual([...single].map((value) => 2 * value));
    for (const node of [left, right]) memory.release(node);
  });

  it('names the first tensor that is not finite, and gives every chunk a checksum', async () => {
    const node = await memory.acquire();
    const values = memory.floats(node, floats);
    values.fill(1);
    const healthy = await inspect(node);
    expect(healthy.badTensor).toBe(-1);
    values[7] = Number.NaN;
    const bad = await inspect(node);
    expect(bad.badTensor).toBe(1);
    expect(bad.checksums[0]).toBe(healthy.checksums[0]);
    expect(bad.checksums[1]).not.toBe(healthy.checksums[1]);
    memory.release(node);
  });

  it('answers a request for an unknown trial with an error, and goes on', async () => {
    await expect(compute.run('setWeights', { trial: 'another', weights: 0 })).rejects.toThrow(/another is not open/);
    expect((await compute.run('evaluate', { trial, batch })).lossSum).toBeGreaterThan(0);
  });

  it('refuses a model that does not go with the data with the code that the lead is told', async () => {
    const wrong = { trial: 'wrong', experiment, shape: { inputShape: [2], outputs: 7 } };
    await expect(compute.run('open', wrong)).rejects.toMatchObject({ name: 'PolyakError', code: 'usage' });
  });
});

describe('a compute thread that is closed', () => {
  it('rejects what it has not answered', async () => {
    const closing = new Compute({ backend: 'cpu' });
    const unanswered = closing.run('open', { trial, experiment, shape: { inputShape: [2], outputs: 3 } });
    const rejection = unanswered.catch((error: unknown) => String(error));
    await closing.close();
    expect(await rejection).toContain('the compute thread has been closed');
    await expect(closing.run('close', { trial })).rejects.toThrow('the compute thread has been closed');
  });
});
