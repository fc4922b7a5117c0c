/** Exported weights as the safetensors library reads them, and what cannot be exported. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { image, imageData } from './experiments.js';
import { polyak } from './polyak.js';
import { python } from './python.js';
import { ScratchRun, table } from './scratch-run.js';

interface Read {
  metadata: Record<string, string>;
  tensors: Record<string, { type: string; shape: number[] }>;
  /** In the order of the tensors' names. */
  values: Float32Array;
}

let scratch: ScratchRun;
let folder: string;
beforeAll(async () => {
  scratch = await ScratchRun.train(image, { 'table.csv': table(imageData) });
  folder = mkdtempSync(join(tmpdir(), 'polyak-export-'));
});
afterAll(() => {
  scratch.remove();
  rmSync(folder, { recursive: true, force: true });
});

function read(...flags: string[]): Read {
  const out = ['--format', 'safetensors', '--out', folder];
  const { status, stderr } = polyak('export', scratch.process.folder, ...out, ...flags);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const values = join(folder, 'values');
  const described = python('read_safetensors.py', join(folder, 'model.safetensors'), values);
  const floats = new Float32Array(Uint8Array.from(readFileSync(values)).buffer);
  return { ...(JSON.parse(described) as Omit<Read, 'values'>), values: floats };
}

/** What the run's folder says, in the same order. */
function trained(): { tensors: Record<string, { type: string; shape: number[] }>; values: Float32Array } {
  const { manifest, vector, inputShape, preprocess: mean } = scratch.run;
  const float = (shape: number[]) => ({ type: 'float32', shape });
  const take = (specs: typeof manifest.parameters, base: number) =>
    specs.map(({ name, shape, offset, length }) => ({
      ...{ name, shape, values: [...vector.subarray(base + offset, base + offset + length)] },
    }));
  const all = [
    ...take(manifest.parameters, 0),
    ...take(manifest.statistics, manifest.parameterCount),
    { name: 'preprocess/mean', shape: inputShape, values: [...(mean ?? [])] },
  ].toSorted((left, right) => (left.name < right.name ? -1 : 1));
  return {
    tensors: Object.fromEntries(all.map(({ name, shape }) => [name, float(shape)])),
    values: Float32Array.from(all.flatMap(({ values }) => values)),
  };
}

function farthest(left: Float32Array, right: Float32Array): number {
  expect(left.length).toBe(right.length);
  return Math.max(...left.map((value, index) => Math.abs(value - (right[index] ?? Number.NaN))));
}

describe('weights exported as safetensors', () => {
  it("are the run's, bit for bit, by name and shape", () => {
    const { tensors, values } = read();
    expect({ tensors, values }).toEqual(trained());
  });

  it('are those of the running average where it is asked for', () => {
    const { metadata, values } = read('--weights', 'average');
    expect(metadata['weightsSha256']).toBe(scratch.finished['averageSha256']);
    expect(values).not.toEqual(trained().values);
  });

  it('say where they are from and what the model takes and puts out, in the file and beside it', () => {
    const { metadata } = read();
    expect(metadata).toMatchObject({
      ...{ name: 'scratch', weights: 'last', weightsSha256: scratch.finished['weightsSha256'] },
      classes: '["ant","bee","café"]',
    });
    expect(JSON.parse(readFileSync(join(folder, 'metadata.json'), 'utf8'))).toMatchObject({
      ...{ format: 'safetensors', classes: imageData.labels, quantise: null },
      input: { shape: [6, 5, 3], layout: 'height, width, channels' },
      output: { shape: [3] },
      preprocess: { steps: image.preprocess, inGraph: false },
    });
  });

  it('cannot go where a file lies, and the message says which', () => {
    const out = join(scratch.data.path, 'table.csv');
    const { status, stderr } = polyak('export', scratch.process.folder, '--format', 'safetensors', '--out', out);
    expect(stderr).toContain(`--out: ${join(out, 'model.safetensors')} cannot be written`);
    expect(status).toBe(2);
  });

  it('as halves are the nearest, and vectors stay as they are', () => {
    const { tensors, values } = read('--quantise', 'float16');
    const types = new Map(Object.values(tensors).map(({ type, shape }) => [shape.length > 1, type]));
    expect(tensors['conv2d_1/kernel']?.type).toBe('float16');
    expect(types.get(false)).toBe('float32');
    // A half has 11 bits: between 1 and 2 they are 2^-10 apart, and all kernels are below 2 here.
    expect(farthest(values, trained().values)).toBeLessThanOrEqual(2 ** -11);
  });

  it('as bytes are within half a step of the scale', () => {
    const { metadata, tensors, values } = read('--quantise', 'uint8');
    const scales = Object.entries(metadata)
      .filter(([key]) => key.startsWith('quantisation:'))
      .map(([, text]) => (JSON.parse(text) as { scale: number }).scale);
    expect(tensors['conv2d_1/kernel']?.type).toBe('uint8');
    expect(scales.length).toBe(4);
    expect(farthest(values, trained().values)).toBeLessThanOrEqual(Math.max(...scales) * 0.5001);
  });
});
