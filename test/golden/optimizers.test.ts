/** The optimizers against PyTorch's over 50 steps on the same gradients; optimizers.py made the numbers. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { vectorKernels } from '../../common/kernels/vector-kernels.js';
import { optimizerNamed } from '../../server/optimizer/optimizer.js';

interface Golden {
  count: number;
  optimizers: Record<
    string,
    { options: Record<string, number> & { learningRate: number }; weights: Record<string, number[]> }
  >;
}

const golden = JSON.parse(readFileSync(new URL('optimizers.json', import.meta.url), 'utf8')) as Golden;
const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const kernels = vectorKernels(memory);
const [weights, gradient, firstSlot, secondSlot] = [1024, 2048, 3072, 4096] as const;

/** Exact in float32, as in optimizers.py. */
function gradientAt(step: number, i: number): number {
  return ((((step * 7919 + i * 104_729) % 1021) - 480) / 256) * 2 ** -(i % 12);
}

function floats(pointer: number): Float32Array {
  return new Float32Array(memory.buffer, pointer, golden.count);
}

function largestRelativeDifference(name: string): number {
  const { options, weights: expected } = golden.optimizers[name]!;
  const optimizer = optimizerNamed(name);
  floats(weights).forEach((_, i, values) => (values[i] = 1 + i / 32));
  floats(firstSlot).fill(0);
  floats(secondSlot).fill(0);
  let largest = 0;
  for (let step = 1; step <= 50; step += 1) {
    floats(gradient).forEach((_, i, values) => (values[i] = gradientAt(step, i)));
    const segment = { weights, gradient, slots: [firstSlot, secondSlot], length: golden.count, rateMultiplier: 1 };
    optimizer.apply(kernels, segment, optimizer.coefficients(options, step, options.learningRate));
    for (const [i, value] of (expected[step] ?? []).entries()) {
      largest = Math.max(largest, Math.abs(floats(weights)[i]! - value) / Math.abs(value));
    }
  }
  return largest;
}

it.each(Object.keys(golden.optimizers))('%s agrees with PyTorch over 50 steps to 1e-6 relative', (name) => {
  expect(largestRelativeDifference(name)).toBeLessThan(1e-6);
});
