/** One and two steps of each optimizer, worked by hand. */
import { describe, expect, it } from 'vitest';
import { vectorKernels } from '../../common/kernels/vector-kernels.js';
import { type OptimizerName, optimizerNamed, optimizers } from '../../server/optimizer/optimizer.js';

const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const kernels = vectorKernels(memory);
const pointers = { weights: 1024, gradient: 2048, slots: [3072, 4096] };

/** The one weight, started at 1, after steps with these gradients. */
function weightAfter(
  name: OptimizerName,
  options: Record<string, number>,
  gradients: readonly number[],
  rateMultiplier = 1,
): number {
  const optimizer = optimizerNamed(name);
  const floats = new Float32Array(memory.buffer);
  floats.fill(0, 256);
  floats[256] = 1;
  for (const [i, gradient] of gradients.entries()) {
    floats[512] = gradient;
    const segment = { ...pointers, length: 1, rateMultiplier };
    optimizer.apply(kernels, segment, optimizer.coefficients(options, i + 1, 0.1));
  }
  return floats[256];
}

describe('optimizers', () => {
  it('sgd goes down the gradient', () => {
    // 1 - 0.1 * 0.5 - 0.1 * 2
    expect(weightAfter('sgd', {}, [0.5, 2])).toBeCloseTo(0.75, 6);
  });

  it('momentum keeps its velocity', () => {
    // v1 = 1, w1 = 0.9; v2 = 0.9 * 1 + 1 = 1.9, w2 = 0.71
    expect(weightAfter('momentum', { momentum: 0.9 }, [1, 1])).toBeCloseTo(0.71, 6);
  });

  it('nesterov looks ahead by one more', () => {
    // v1 = 1, w1 = 1 - 0.1 (1 + 0.9) = 0.81; v2 = 1.9, w2 = 0.81 - 0.1 (1 + 0.9 * 1.9) = 0.539
    expect(weightAfter('nesterov', { momentum: 0.9 }, [1, 1])).toBeCloseTo(0.539, 6);
  });

  it('the first step of adam has the size of the learning rate, whatever the gradient', () => {
    const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    expect(weightAfter('adam', options, [300])).toBeCloseTo(0.9, 6);
    expect(weightAfter('adam', options, [-0.002])).toBeCloseTo(1.1, 5);
  });

  it('epsilon of adam stands outside the root', () => {
    // m' = 1, sqrt(v') = 1: 1 - 0.1 / (1 + 1)
    expect(weightAfter('adam', { beta1: 0.9, beta2: 0.999, epsilon: 1 }, [1])).toBeCloseTo(0.95, 6);
  });

  it('a rate multiplier of 0 moves nothing', () => {
    for (const name of Object.keys(optimizers) as OptimizerName[]) {
      const options = { momentum: 0.9, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
      expect(weightAfter(name, options, [1, 1], 0)).toBe(1);
      expect(weightAfter(name, options, [1, 1], 0.5)).not.toBe(1);
    }
  });

  it('an unknown optimizer is refused with those that there are', () => {
    expect(() => optimizerNamed('lion')).toThrow("optimizer: there is no 'lion'; one of sgd, momentum, nesterov, adam");
  });
});
