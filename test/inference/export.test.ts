/** Exported models as others read them: plain TensorFlow.js, ONNX Runtime, and the safetensors library. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { exportRun } from '../../inference/export/export-run.js';
import type { Quantisation } from '../../inference/export/quantise.js';
import {
  binary,
  binaryData,
  everyLayer,
  image,
  imageData,
  modelFile,
  pieces,
  regression,
  regressionData,
  sequence,
  sequenceData,
  tokens,
  tokensData,
  whitened,
  withAlphas,
} from './experiments.js';
import { python } from './python.js';
import { drawSamples, ScratchRun, table } from './scratch-run.js';

const samples = 100;
// In a process of its own: two copies of tf.layers in one process give their variables the same names.
const modelFileText = execFileSync(process.execPath, [join(packageRoot(), 'test/inference/model-file.mjs')]);

const readers = {
  tfjs: (folder: string, inputs: string, outputs: string) => {
    const script = join(packageRoot(), 'test/inference/plain-tfjs.mjs');
    execFileSync(process.execPath, [script, folder, inputs, outputs], { stdio: ['ignore', 'ignore', 'inherit'] });
  },
  onnx: (folder: string, inputs: string, outputs: string) => {
    python('run_onnx.py', join(folder, 'model.onnx'), inputs, outputs);
  },
};

function floatsOf(file: string): Float32Array {
  return new Float32Array(Uint8Array.from(readFileSync(file)).buffer);
}

function largestDifference(left: Float32Array, right: Float32Array): number {
  expect(left.length).toBe(right.length);
  return left.reduce((most, value, index) => Math.max(most, Math.abs(value - (right[index] ?? Number.NaN))), 0);
}

describe.each([
  { what: 'an image model with batch norm, dropout, a residual and a mean', made: imageData, experiment: image },
  { what: 'a model of every layer', made: imageData, experiment: everyLayer },
  { what: 'a model of alphas and layer normalisation', made: imageData, experiment: withAlphas },
  {
    what: 'a model of maxout and group normalisation',
    made: imageData,
    experiment: pieces,
    formats: ['onnx'] as const,
  },
  { what: 'a model of whitened images', made: imageData, experiment: whitened },
  { what: 'a model of a file', made: imageData, experiment: modelFile, files: { 'model.json': modelFileText } },
  { what: 'a model of two classes', made: binaryData, experiment: binary },
  { what: 'a model of sequences', made: sequenceData, experiment: sequence },
  { what: 'a model of tokens', made: tokensData, experiment: tokens },
  { what: 'a regression', made: regressionData, experiment: regression },
])('$what', ({ made, experiment, files = {}, formats = ['tfjs', 'onnx'] as const }) => {
  let scratch: ScratchRun;
  let folder: string;
  let predicted: Float32Array;
  const inputs = () => join(folder, 'inputs');

  beforeAll(async () => {
    scratch = await ScratchRun.train(experiment, { 'table.csv': table(made), ...files });
    // A run has all that its model is made of.
    for (const name of Object.keys(files)) rmSync(join(scratch.data.path, name));
    folder = mkdtempSync(join(tmpdir(), 'polyak-export-'));
    const drawn = drawSamples(samples, made);
    writeFileSync(inputs(), new Uint8Array(drawn.buffer));
    predicted = await scratch.run.predict(drawn);
  });
  afterAll(() => {
    scratch.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  async function differenceOf(format: keyof typeof readers, quantise?: Quantisation): Promise<number> {
    const out = join(folder, `${format}-${quantise ?? 'whole'}`);
    const outputs = join(folder, 'outputs');
    await exportRun(scratch.run, { format, quantise, out });
    readers[format](out, inputs(), outputs);
    return largestDifference(floatsOf(outputs), predicted);
  }

  it('says different things of different samples', () => {
    expect(Math.max(...predicted) - Math.min(...predicted)).toBeGreaterThan(0.2);
  });

  it.each(formats)('predicts the same as %s, to 1e-5', async (format) => {
    expect(await differenceOf(format)).toBeLessThan(1e-5);
  });

  it.each(formats)('predicts the same as %s of halves, to 0.005', async (format) => {
    const difference = await differenceOf(format, 'float16');
    expect(difference).toBeLessThan(0.005);
    expect(difference).toBeGreaterThan(1e-7);
  });

  it.each(formats)('predicts the same as %s of bytes, to 0.1', async (format) => {
    const difference = await differenceOf(format, 'uint8');
    expect(difference).toBeLessThan(0.1);
    expect(difference).toBeGreaterThan(1e-5);
  });
});
