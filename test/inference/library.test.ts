/** A trained run in a program: predictions of tensors, its memory, and its neighbours in the process. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRun } from '../../cli/load-run.js';
import { packageRoot } from '../../common/package-root.js';
import { image, imageData } from './experiments.js';
import { drawSamples, ScratchRun, table } from './scratch-run.js';

let scratch: ScratchRun;
let expected: Float32Array;
const samples = drawSamples(5, imageData);
beforeAll(async () => {
  const experiment = { ...image, train: { ...image.train, epochs: 1 } };
  scratch = await ScratchRun.train(experiment, { 'table.csv': table(imageData) });
  expected = await scratch.run.predict(samples);
});
afterAll(() => scratch.remove());

describe('a loaded run', () => {
  it('predicts a tensor as it predicts the values one behind the other', async () => {
    const { run } = scratch;
    expect(await run.predict(tf.tensor(samples, [5, 6, 5, 3]))).toEqual(expected);
    expect(await run.predict({ shape: [5, 6, 5, 3], data: samples })).toEqual(expected);
    const first = samples.slice(0, imageData.features);
    const alone = await run.predict({ shape: [6, 5, 3], data: first });
    // Another batch size may sum in another order.
    expect(alone).toHaveLength(3);
    for (const [index, value] of alone.entries()) expect(value).toBeCloseTo(expected[index] ?? 0, 6);
  });

  it('refuses a tensor that it would misread', async () => {
    const { run } = scratch;
    const sideways = run.predict({ shape: [5, 5, 6, 3], data: samples });
    await expect(sideways).rejects.toThrow('a tensor of shape [5, 5, 6, 3]: must be [count, 6, 5, 3] or [6, 5, 3]');
    const whole = run.predict(tf.zeros([1, 6, 5, 3], 'int32'));
    await expect(whole).rejects.toThrow(/^a tensor of type int32: give float32 values/);
    const short = run.predict({ shape: [6, 5, 3, 3], data: samples });
    await expect(short).rejects.toThrow(/a tensor of shape \[6, 5, 3, 3\]/);
    await expect(run.predict({ shape: [4, 6, 5, 3], data: samples })).rejects.toThrow('has 360 values, not 450');
  });

  it('gives its memory back, and predicts no more', async () => {
    const run = await loadRun(scratch.process.folder);
    await run.predict(samples);
    const { numTensors } = tf.memory();
    await run.dispose();
    expect(tf.memory().numTensors).toBeLessThan(numTensors);
    await run.dispose();
    await expect(run.predict(samples)).rejects.toThrow(/has been disposed of; load it again/);
    expect(await scratch.run.predict(samples)).toEqual(expected);
  });

  it('lives beside a program with variables of the same names', () => {
    const file = join(scratch.data.path, 'samples.bin');
    writeFileSync(file, new Uint8Array(samples.buffer));
    const script = join(packageRoot(), 'test/inference/two-tfjs.mjs');
    const library = join(packageRoot(), 'dist/index.js');
    const args = [script, library, scratch.process.folder, file];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (stdout === '') throw new Error(stderr);
    expect(stderr).not.toContain('already registered');
    const { predicted, second, third, kept, names, listed } = JSON.parse(stdout) as Record<string, number[]>;
    for (const each of [predicted, second, third]) expect(each).toEqual([...expected]);
    expect(kept).toEqual(names?.map((_, index) => index));
    expect(listed).toEqual(names);
  });
});
