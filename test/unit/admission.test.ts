/** Which worker may work on a trial, by what it proves and what is recorded of the trial. */
import { describe, expect, it } from 'vitest';
import { arithmeticRevision } from '../../common/kernels/arithmetic-revision.js';
import type { Proof__Output } from '../../proto/gen/polyak/v1/Proof.js';
import { difference, differsByMachine, factsOf } from '../../server/lead/admission.js';
import { assertSameArithmetic, serverDifference } from '../../server/same-arithmetic.js';

function proof(fingerprint: Record<string, string>): Proof__Output {
  const fixed = { backend: 'cpu', data: 'd1', files: 'f1' };
  const facts = { trainCount: 8, validationCount: 0, testCount: 0, features: 4, shape: [4], classes: [], encoding: '' };
  return {
    fingerprint: { ...fixed, ...fingerprint },
    ...{ gradientSha256: 'aa', manifest: '{}', data: facts, files: [], warnings: [] },
  };
}

describe('a worker of another version', () => {
  it('may work on a trial of the same arithmetic', () => {
    const facts = factsOf(proof({ arithmetic: '1', polyak: '0.1.0' }));
    expect(difference(facts, proof({ arithmetic: '1', polyak: '0.2.0' }))).toBeUndefined();
  });

  it('may go on with a checkpoint that knew of versions only, while the arithmetic is still the first', () => {
    const facts = factsOf(proof({ polyak: '0.1.0' }));
    expect(difference(facts, proof({ arithmetic: '1', polyak: '0.1.1' }))).toBeUndefined();
    expect(difference(facts, proof({ arithmetic: '2', polyak: '0.2.0' }))).toContain("! arithmetic: recorded ''");
  });

  it('is refused with both revisions where the arithmetic is another, and others of its kind would be', () => {
    const facts = factsOf(proof({ arithmetic: '1', polyak: '0.1.0' }));
    const other = proof({ arithmetic: '2', polyak: '0.2.0' });
    const why = difference(facts, other) ?? '';
    expect(why).toContain("the worker's arithmetic differs from the trial's");
    expect(why).toContain("! arithmetic: recorded '1', this worker '2'");
    expect(why).toContain("  polyak: recorded '0.1.0', this worker '0.2.0'");
    expect(differsByMachine(facts, other)).toBe(true);
  });

  it('is told of other data as of its own fault, not of its kind', () => {
    const facts = factsOf(proof({ arithmetic: '1' }));
    const other = proof({ arithmetic: '1', data: 'd2' });
    expect(difference(facts, other)).toContain('data');
    expect(differsByMachine(facts, other)).toBe(false);
  });
});

describe('a server', () => {
  it('takes no worker of another arithmetic, since it computes the optimizer', () => {
    const own = String(arithmeticRevision);
    expect(serverDifference(proof({ arithmetic: own }))).toBeUndefined();
    expect(serverDifference(proof({ arithmetic: `${own}0` }))).toMatch(/worker is of revision \d+0, .*server of \d+/);
  });

  it('holds no chunks for a lead of another arithmetic, unless numbers may differ', () => {
    const order = { arithmetic: arithmeticRevision + 1, shard: 3 };
    expect(() => assertSameArithmetic(order, { numerics: 'exact' })).toThrow(/shard 3/);
    expect(() => assertSameArithmetic(order, { numerics: 'tolerant' })).not.toThrow();
    expect(() => assertSameArithmetic({ ...order, arithmetic: 0 }, { numerics: 'exact' })).not.toThrow();
  });
});
