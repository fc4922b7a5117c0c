/** The optimizers against PyTorch's over 50 steps on the same gradients; optimizers.py made the numbers. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { vectorKernels } from '../../common/kernels/vector-kernels.js';
import { optimizerNamed, optimizers, type OptimizerOptions } from '../../server/optimizer/optimizer.js';

interface Golden {
  count: number;
  optimizers: Record<
    string,
    { options: OptimizerOptions & { learningRate: number }; weights: Record<string, number[]> }
  >;
}

const golden = JSON.parse(readFileSync(new URL('optimizers.json', import.meta.url), 'utf8')) as Golden;
const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const kernels = vectorKernels(memory);
const [weights, gradient] = [1024, 2048] as const;
const slots = [3072, 4096, 5120];

/** Exact in float32, as in optimizers.py. */
function gradientAt(step: number, i: number): number {
  return ((((step * 7919 + i * 104_729) % 1021) - 480) / 256) * 2 ** -(i % 12);
}

function floats(pointer: number): Float32Array {
  return new Float32Array(memory.buffer, pointer, golden.count);
}

function largestRelativeDifference(name: string): number {
  const { options, weights: expected } = golden.optimizers[name]!;
  const optimizer = optimizerNamed(name.split(' ')[0]!);
  floats(weights).forEach((_, i, values) => (values[i] = 1 + i / 32));
  for (const slot of slots) floats(slot).fill(0);
  let largest = 0;
  for (let step = 1; step <= 50; step += 1) {
    floats(gradient).forEach((_, i, values) => (values[i] = gradientAt(step, i)));
    const coefficients = optimizer.coefficients(options, step, options.learningRate);
    const segment = { weights, gradient, slots, length: golden.count, rateMultiplier: 1, decays: true };
    const updateSquares = optimizer.updateSquares?.(kernels, segment, coefficients);
    const trust = updateSquares ? Math.sqrt(kernels.sumSquares(weights, golden.count) / updateSquares) : 1;
    optimizer.apply(kernels, { ...segment, rateMultiplier: trust }, coefficients);
    for (const [i, value] of (expected[step] ?? []).entries()) {
      largest = Math.max(largest, Math.abs(floats(weights)[i]! - value) / Math.abs(value));
    }
  }
  return largest;
}

it.each(Object.keys(golden.optimizers))('%s agrees with PyTorch over 50 steps to 1e-6 relative', (name) => {
  // PyTorch's NAdam keeps the product of its momenta in float32, which alone takes it 8e-7 from its own float64.
  expect(largestRelativeDifference(name)).toBeLessThan(name === 'nadam' ? 2e-6 : 1e-6);
});

it('every optimizer that there is has its numbers', () => {
  expect(Object.keys(optimizers).filter((name) => !(name in golden.optimizers))).toEqual([]);
});
