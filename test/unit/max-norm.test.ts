/** The norms of units and their limit, worked by hand; how chunks' parts of them come together. */
import { describe, expect, it } from 'vitest';
import { layOutChunks } from '../../common/chunk-layout.js';
import { unitFactors } from '../../common/kernels/unit-norms.js';
import { vectorKernels } from '../../common/kernels/vector-kernels.js';
import type { Manifest, TensorSpec } from '../../common/manifest.js';
import { UnitLedger } from '../../server/lead/unit-ledger.js';

const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const kernels = vectorKernels(memory);
const at = 1024;

/** Three inputs of two units: (3, 4, 0) go into the first, (1, 2, 2) into the second. */
const kernel = [3, 1, 4, 2, 0, 2];

function write(values: readonly number[]): Float32Array {
  const floats = new Float32Array(memory.buffer, at, values.length);
  floats.set(values);
  return floats;
}

describe('max-norm', () => {
  it('measures each unit over all of its inputs', () => {
    write(kernel);
    expect(kernels.unitSquares(at, 6, 0, 2)).toEqual([25, 9]);
  });

  it('counts units on from where a chunk begins', () => {
    // Floats 3 to 5 of the kernel: 2 of the second unit, 0 of the first, 2 of the second.
    write(kernel.slice(3));
    expect(kernels.unitSquares(at, 3, 3, 2)).toEqual([0, 8]);
  });

  it('scales down what is above the limit and leaves the rest as it is, to the bit', () => {
    // 4 / 5 of the first unit; the second's norm, 3, is below 4.
    expect(unitFactors([25, 9], 4)).toEqual([Math.fround(0.8), 1]);
    const floats = write(kernel);
    kernels.scaleUnits(at, 6, 0, unitFactors([25, 9], 4));
    expect([...floats]).toEqual(
      [3, 1, 4, 2, 0, 2].map((value, i) => Math.fround(i % 2 === 0 ? value * Math.fround(0.8) : value)),
    );
  });

  // Limit 1, rate 0.5; the units are (0.6, 0.8) and (0.3, 0.4).
  // Step 1, gradients (-0.6, -0.8) and (-0.6, -0.8): (0.9, 1.2) has norm 1.5 and becomes (0.6, 0.8); (0.6, 0.8) has norm 1.
  // Step 2, gradients (0, -1) and (1.2, 0): (0.6, 1.3) has norm √2.05 and becomes (0.419058, 0.907959); (0, 0.8) has 0.8.
  it('two steps by hand: of sgd, each followed by the limit', () => {
    const floats = write([0.6, 0.3, 0.8, 0.4]);
    const gradients = [
      [-0.6, -0.6, -0.8, -0.8],
      [0, 1.2, -1, 0],
    ];
    const after = gradients.map((gradient) => {
      new Float32Array(memory.buffer, 2 * at, 4).set(gradient);
      kernels.sgd(at, 2 * at, 4, 0.5);
      kernels.scaleUnits(at, 4, 0, unitFactors(kernels.unitSquares(at, 4, 0, 2), 1));
      return [...floats];
    });
    const near = (values: number[]) => values.map((value) => expect.closeTo(value, 6) as number);
    expect(after).toEqual([near([0.6, 0.6, 0.8, 0.8]), near([0.419058, 0, 0.907959, 0.8])]);
  });

  it('at the limit nothing is done', () => {
    expect(unitFactors([9], 3)).toEqual([1]);
  });
});

describe('the norms of a kernel in several chunks', () => {
  const tensor: TensorSpec = {
    ...{ name: 'dense/kernel', shape: [3, 2], offset: 0, length: 6, initializer: { name: 'zeros' } },
    ...{ rateMultiplier: 1, l2: 0, frozen: false, maxNorm: 4 },
  };
  const manifest: Manifest = {
    ...{ parameters: [tensor], parameterCount: 6 },
    ...{ statistics: [], statisticsCount: 0, statisticsMomentum: [] },
  };

  it('are known when the last part has come, in whatever order, and a part told twice counts once', () => {
    const ledger = new UnitLedger(layOutChunks(manifest, 3));
    const last = { step: 7, tensor: 0, chunk: 1, squares: [0, 8] };
    expect(ledger.add(last)).toBeUndefined();
    expect(ledger.add(last)).toBeUndefined();
    const limits = ledger.add({ step: 7, tensor: 0, chunk: 0, squares: [25, 1] });
    expect(limits).toEqual({ step: 7, tensor: 0, factors: [Math.fround(0.8), 1] });
  });
});
