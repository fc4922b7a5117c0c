/** One and two steps of each optimizer, worked by hand. */
import { describe, expect, it } from 'vitest';
import { vectorKernels } from '../../common/kernels/vector-kernels.js';
import {
  type OptimizerName,
  optimizerNamed,
  type OptimizerOptions,
  optimizers,
} from '../../server/optimizer/optimizer.js';

const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const kernels = vectorKernels(memory);
const pointers = { weights: 1024, gradient: 2048, slots: [3072, 4096, 5120] };

interface Steps {
  rateMultiplier?: number;
  decays?: boolean;
  /** By step; 0.1 unless given. */
  rates?: readonly number[];
}

/** The one weight, started at 1, after steps with these gradients. */
function weightAfter(
  name: OptimizerName,
  options: OptimizerOptions,
  gradients: readonly number[],
  { rateMultiplier = 1, decays = true, rates = [] }: Steps = {},
): number {
  const optimizer = optimizerNamed(name);
  const floats = new Float32Array(memory.buffer);
  floats.fill(0, 256);
  floats[256] = 1;
  for (const [i, gradient] of gradients.entries()) {
    floats[512] = gradient;
    const segment = { ...pointers, length: 1, rateMultiplier, decays };
    optimizer.apply(kernels, segment, optimizer.coefficients(options, i + 1, rates[i] ?? 0.1));
  }
  return floats[256];
}

const moments = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
/** Enough for each of them. */
const allOptions = { ...moments, momentum: 0.9, decay: 0.99, weightDecay: 0.01, momentumDecay: 4e-3 };

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

  it('a velocity of gradients follows the rate at once, one of steps keeps what it has', () => {
    const rates = [0.1, 0.01];
    // v1 = 1, w1 = 0.9; v2 = 1.9, w2 = 0.9 - 0.01 * 1.9
    expect(weightAfter('momentum', { momentum: 0.9 }, [1, 1], { rates })).toBeCloseTo(0.881, 6);
    // v1 = 0.1, w1 = 0.9; v2 = 0.9 * 0.1 + 0.01 = 0.1, w2 = 0.8
    const ofSteps = { momentum: 0.9, velocity: 'steps' };
    expect(weightAfter('momentum', ofSteps, [1, 1], { rates })).toBeCloseTo(0.8, 6);
    // v1 = 1, w1 = 0.81; v2 = 1.9, w2 = 0.81 - 0.01 (1 + 0.9 * 1.9)
    expect(weightAfter('nesterov', { momentum: 0.9 }, [1, 1], { rates })).toBeCloseTo(0.7829, 6);
    // v1 = 0.1, w1 = 1 - (0.1 + 0.09) = 0.81; v2 = 0.1, w2 = 0.81 - (0.01 + 0.09)
    expect(weightAfter('nesterov', ofSteps, [1, 1], { rates })).toBeCloseTo(0.71, 6);
  });

  it('adagrad divides by the root of all squares so far', () => {
    // s1 = 9, w1 = 1 - 0.1 * 3 / 3 = 0.9; s2 = 9 + 16 = 25, w2 = 0.9 - 0.1 * 4 / 5
    expect(weightAfter('adagrad', { epsilon: 1e-7 }, [3, 4])).toBeCloseTo(0.82, 6);
    // Outside the root: w1 = 1 - 0.1 * 3 / (3 + 3)
    expect(weightAfter('adagrad', { epsilon: 3 }, [3])).toBeCloseTo(0.95, 6);
  });

  it('rmsprop forgets squares', () => {
    // s1 = 0.1, w1 = 1 - 0.1 / 0.316228 = 0.683772; s2 = 0.09 + 0.1 * 4 = 0.49, w2 = 0.683772 - 0.1 * 2 / 0.7
    expect(weightAfter('rmsprop', { decay: 0.9, epsilon: 1e-7 }, [1, 2])).toBeCloseTo(0.398058, 6);
  });

  it('adam divides two corrected moments', () => {
    // m1 = 0.1, v1 = 0.001, both corrected 1, w1 = 0.9
    // m2 = 0.09 + 0.3 = 0.39, corrected 0.39 / 0.19 = 2.052632; v2 = 0.000999 + 0.009, corrected 0.009999 / 0.001999
    // = 5.002001, its root 2.236516; w2 = 0.9 - 0.1 * 2.052632 / 2.236516
    expect(weightAfter('adam', moments, [1, 3])).toBeCloseTo(0.808222, 5);
  });

  it('adamw shrinks kernels by the rate and the decay, and its moments do not know', () => {
    const options = { ...moments, weightDecay: 0.5 };
    // w1 = 0.95 - 0.1 = 0.85; w2 = 0.95 * 0.85 - 0.1
    expect(weightAfter('adamw', options, [1, 1])).toBeCloseTo(0.7075, 5);
    expect(weightAfter('adamw', options, [1, 1], { decays: false })).toBeCloseTo(0.8, 5);
    // Half the rate is half the decay too: w1 = 0.975 - 0.05
    expect(weightAfter('adamw', options, [1], { rateMultiplier: 0.5 })).toBeCloseTo(0.925, 5);
  });

  it('adamw without decay has the bits of adam', () => {
    const gradients = [0.3, -1.7, 0.01, 5];
    expect(weightAfter('adamw', { ...moments, weightDecay: 0 }, gradients)).toBe(
      weightAfter('adam', moments, gradients),
    );
  });

  it('amsgrad does not forget its largest second moment', () => {
    const options = { beta1: 0.9, beta2: 0.5, epsilon: 1e-7 };
    // m1 = 0.4, corrected 4; v1 = 8 = h1, corrected 8 / 0.5 = 16; w1 = 1 - 0.1 * 4 / 4 = 0.9
    // m2 = 0.36, corrected 0.36 / 0.19 = 1.894737; v2 = 4, h2 = 8, corrected 8 / 0.75, its root 3.265986
    // w2 = 0.9 - 0.1 * 1.894737 / 3.265986
    expect(weightAfter('amsgrad', options, [4, 0])).toBeCloseTo(0.841986, 5);
    // Adam's root is that of 4 / 0.75, 2.309401.
    expect(weightAfter('adam', options, [4, 0])).toBeCloseTo(0.817956, 5);
  });

  it("lamb's update is adam's with the decay in it, and its squares are those of the update at a rate of 1", () => {
    // As adam's first two steps: u1 = 1 + 0.5 * 1 = 1.5, w1 = 1 - 0.15 = 0.85
    // u2 = 2.052632 / 2.236516 + 0.5 * 0.85 = 1.342781, w2 = 0.85 - 0.1342781
    const options = { ...moments, weightDecay: 0.5 };
    expect(weightAfter('lamb', options, [1])).toBeCloseTo(0.85, 5);
    expect(weightAfter('lamb', options, [1, 3])).toBeCloseTo(0.715722, 5);
    expect(weightAfter('lamb', options, [1], { decays: false })).toBeCloseTo(0.9, 5);
    const floats = new Float32Array(memory.buffer);
    for (const length of [1, 7, 8, 21]) {
      floats.fill(0, 256);
      floats.fill(1, 256, 256 + length);
      floats.fill(1, 512, 512 + length);
      const lamb = optimizerNamed('lamb');
      const before = floats.slice(256, 2048);
      const segment = { ...pointers, length, rateMultiplier: 1, decays: true };
      const squares = lamb.updateSquares?.(kernels, segment, lamb.coefficients(options, 1, 0.1));
      expect(squares).toBeCloseTo(2.25 * length, 4);
      expect(floats.slice(256, 2048)).toEqual(before);
    }
  });

  it('nadam adds the gradient itself to what the momentum will be', () => {
    // Without warming mu is 0.45. m1 = 0.1, the root 1:
    // w1 = 1 - 0.1 (0.45 * 0.1 / (1 - 0.45^2) + 0.55 / (1 - 0.45)) = 1 - 0.1 (0.0564263 + 1) = 0.894357
    // m2 = 0.19, the root 1: w2 = w1 - 0.1 (0.45 * 0.19 / (1 - 0.45^3) + 0.55 / (1 - 0.45^2))
    // = 0.894357 - 0.1 (0.0940724 + 0.689655)
    const options = { ...moments, momentumDecay: 0 };
    expect(weightAfter('nadam', options, [1])).toBeCloseTo(0.894357, 5);
    expect(weightAfter('nadam', options, [1, 1])).toBeCloseTo(0.815984, 5);
  });

  it('a step of nadam is the same whoever asks for it, and after whatever step', () => {
    const nadam = optimizerNamed('nadam');
    const options = { ...moments, beta1: 0.91, momentumDecay: 4e-3 };
    const late = nadam.coefficients(options, 5000, 0.1);
    const steps = Array.from({ length: 5000 }, (_, i) => nadam.coefficients({ ...options, beta2: 0.99 }, i + 1, 0.1));
    expect(steps.at(-1)!.slice(0, 2)).toEqual(late.slice(0, 2));
    // The product of all momenta has long come to nothing beside 1.
    expect(nadam.coefficients(options, 1e9, 0.1)[0]).toBeCloseTo(0.1 * 0.91, 12);
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
      expect(weightAfter(name, allOptions, [1, 1], { rateMultiplier: 0 })).toBe(1);
      expect(weightAfter(name, allOptions, [1, 1], { rateMultiplier: 0.5 })).not.toBe(1);
    }
  });

  it.each(Object.keys(optimizers))('a step of %s has the same bits however the vector is cut', (name) => {
    const optimizer = optimizerNamed(name);
    const length = 200;
    const starts = [1024, 2048, 3072, 4096, 5120];
    const vector = (start: number) => new Float32Array(memory.buffer, start, length);
    const stepped = (cuts: number[], velocity: string) => {
      for (const start of starts) vector(start).forEach((_, i, all) => (all[i] = ((i * 7919 + start) % 997) / 256));
      for (const [index, from] of cuts.entries()) {
        const at = starts.map((start) => start + 4 * from);
        const [weights, gradient, ...slots] = at as [number, number, ...number[]];
        const segment = { weights, gradient, slots, length: (cuts[index + 1] ?? length) - from, rateMultiplier: 1 };
        const coefficients = optimizer.coefficients({ ...allOptions, velocity }, 3, 0.01);
        optimizer.apply(kernels, { ...segment, decays: true }, coefficients);
      }
      return starts.map((start) => Array.from(new Uint32Array(vector(start).slice().buffer)));
    };
    for (const velocity of ['gradients', 'steps']) {
      expect(stepped([0, 1, 2, 5, 18, 37, 101], velocity)).toEqual(stepped([0], velocity));
    }
  });

  it('an unknown optimizer is refused with those that there are', () => {
    expect(() => optimizerNamed('lion')).toThrow(
      "optimizer: there is no 'lion'; one of sgd, momentum, nesterov, adagrad",
    );
  });
});
