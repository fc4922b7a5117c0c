import { describe, expect, it } from 'vitest';
import type { ChunkSpec } from '../../common/chunk-layout.js';
import type { ChunkFrame } from '../../common/frame.js';
import { vectorKernels } from '../../common/kernels/vector-kernels.js';
import { TrialMemory } from '../../worker/trial-memory.js';
import { Weights } from '../../worker/weights.js';

const never = new AbortController().signal;

/** Weights of two chunks of four floats; `loads` are the floats that the model was given. */
function twoChunks() {
  const memory = new TrialMemory({ weights: 8, preprocess: 1, leavesMax: 4 });
  const kernels = vectorKernels(memory.memory);
  const chunks: ChunkSpec[] = [0, 4].map((offset, index) => ({
    index,
    kind: 'parameters',
    offset,
    length: 4,
    segments: [],
  }));
  const loads: number[][] = [];
  const load = async (offset: number) => {
    loads.push([...memory.floats(offset, 8)]);
    await Promise.resolve();
  };
  const weights = new Weights({ memory, chunks, kernels, load });
  /** Every float of the chunk is its version. */
  const frame = (chunk: number, step: number): ChunkFrame => {
    const floats = new Float32Array(4).fill(step);
    const scratch = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    new Float32Array(scratch.buffer, 0, 4).set(floats);
    const checksum = vectorKernels(scratch).checksum(0, 4);
    const header = { trialKey: Buffer.alloc(8), incarnation: 1, vector: 0, firstLeaf: 0, leaves: 0 };
    return { ...header, step, chunk, checksum, data: new Uint8Array(floats.buffer) };
  };
  return { weights, loads, frame };
}

const whole = (version: number) => Array.from({ length: 8 }, () => version);

describe('the weights on a worker', () => {
  it('are used as soon as every chunk has come, and not before', async () => {
    const { weights, loads, frame } = twoChunks();
    const ready = weights.waitFor(0, never);
    weights.receive(frame(0, 0));
    expect(loads).toEqual([]);
    weights.receive(frame(1, 0));
    expect(await ready).toBe(true);
    expect(loads).toEqual([whole(0)]);
  });

  it('do not change while a lease computes with them', async () => {
    const { weights, loads, frame } = twoChunks();
    for (const chunk of [0, 1]) weights.receive(frame(chunk, 0));
    await weights.waitFor(0, never);
    for (const chunk of [0, 1]) weights.receive(frame(chunk, 1));
    expect(loads).toEqual([whole(0)]);
    weights.giveBack();
    expect(loads).toEqual([whole(0), whole(1)]);
    expect(await weights.waitFor(1, never)).toBe(true);
  });

  it('of the last whole step are kept while chunks of the next one come', async () => {
    const { weights, loads, frame } = twoChunks();
    for (const chunk of [0, 1]) weights.receive(frame(chunk, 4));
    weights.receive(frame(0, 5));
    expect(await weights.waitFor(4, never)).toBe(true);
    expect(loads.at(-1)).toEqual(whole(4));
  });

  it('become whole although a chunk is a version ahead, and that version is kept', async () => {
    const { weights, loads, frame } = twoChunks();
    weights.receive(frame(0, 4));
    weights.receive(frame(0, 5));
    weights.receive(frame(1, 4));
    expect(await weights.waitFor(4, never)).toBe(true);
    expect(loads.at(-1)).toEqual(whole(4));
    weights.receive(frame(1, 5));
    weights.giveBack();
    expect(await weights.waitFor(5, never)).toBe(true);
    expect(loads.at(-1)).toEqual(whole(5));
  });

  it('that come twice do not keep the next version from being used', async () => {
    // A shard sends a version again to who subscribes while it applies the step: as the one before, and as the newest.
    const { weights, loads, frame } = twoChunks();
    for (const chunk of [0, 1]) weights.receive(frame(chunk, 4));
    for (const chunk of [0, 1]) weights.receive(frame(chunk, 4));
    for (const chunk of [0, 1]) weights.receive(frame(chunk, 5));
    const late = new AbortController();
    setImmediate(() => late.abort());
    expect(await weights.waitFor(5, late.signal)).toBe(true);
    expect(loads.at(-1)).toEqual(whole(5));
  });

  it('of two steps that come at once, before anybody waits, are both there', async () => {
    // Of a step whose computing worker died before the lead heard of it, shards have the version before and the newest.
    const { weights, loads, frame } = twoChunks();
    for (const step of [4, 5]) for (const chunk of [0, 1]) weights.receive(frame(chunk, step));
    expect(await weights.waitFor(4, never)).toBe(true);
    expect(loads.at(-1)).toEqual(whole(4));
    weights.giveBack();
    expect(await weights.waitFor(5, never)).toBe(true);
    expect(loads.at(-1)).toEqual(whole(5));
  });

  it('that nobody has waited for keep nobody from later ones', async () => {
    const { weights, loads, frame } = twoChunks();
    for (const step of [4, 5, 6]) for (const chunk of [0, 1]) weights.receive(frame(chunk, step));
    expect(await weights.waitFor(6, never)).toBe(true);
    expect(loads.at(-1)).toEqual(whole(6));
    weights.giveBack();
    expect(await weights.waitFor(5, never)).toBe(false);
  });

  it('cannot be had when a chunk comes only beyond the step; then the next version becomes whole', async () => {
    const { weights, loads, frame } = twoChunks();
    weights.receive(frame(0, 4));
    weights.receive(frame(0, 5));
    weights.receive(frame(1, 5));
    expect(await weights.waitFor(4, never)).toBe(false);
    expect(await weights.waitFor(5, never)).toBe(true);
    expect(loads.at(-1)).toEqual(whole(5));
  });

  it('are given up when the lease is voided', async () => {
    const { weights } = twoChunks();
    const voided = new AbortController();
    const ready = weights.waitFor(0, voided.signal);
    voided.abort();
    expect(await ready).toBe(false);
  });

  it('are loaded again after the model read others', async () => {
    const { weights, loads, frame } = twoChunks();
    for (const chunk of [0, 1]) weights.receive(frame(chunk, 2));
    await weights.waitFor(2, never);
    weights.giveBack();
    await weights.borrow(0);
    weights.giveBack();
    await weights.waitFor(2, never);
    expect(loads.at(-1)).toEqual(whole(2));
  });

  it('of an older incarnation are forgotten', async () => {
    const { weights, loads, frame } = twoChunks();
    for (const chunk of [0, 1]) weights.receive(frame(chunk, 9));
    weights.reset();
    for (const chunk of [0, 1]) weights.receive(frame(chunk, 3));
    expect(await weights.waitFor(3, never)).toBe(true);
    expect(loads.at(-1)).toEqual(whole(3));
  });

  it('with a wrong checksum are refused, and the chunk counts as missing', () => {
    const { weights, loads, frame } = twoChunks();
    weights.receive(frame(0, 0));
    expect(() => weights.receive({ ...frame(1, 0), checksum: 7 })).toThrow(
      /chunk 1 has checksum \d+, its frame says 7/,
    );
    expect(() => weights.receive(frame(2, 0))).toThrow('chunk 2 came with 16 bytes, expected no such chunk');
    expect(loads).toEqual([]);
  });
});

describe('the node slots of a trial', () => {
  it('make the next gradient wait until a push is answered', async () => {
    const memory = new TrialMemory({ weights: 8, preprocess: 1, leavesMax: 4 });
    const taken = await Promise.all(Array.from({ length: memory.freeNodes }, async () => await memory.acquire()));
    expect(new Set(taken).size).toBe(taken.length);
    let given: number | undefined;
    const waiting = memory.acquire().then((node) => (given = node));
    await Promise.resolve();
    expect(given).toBeUndefined();
    memory.release(taken[2] ?? 0);
    expect(await waiting).toBe(taken[2]);
  });

  it('cannot be had for weights beyond 4 GiB', () => {
    expect(() => new TrialMemory({ weights: 2e8, preprocess: 1, leavesMax: 4 })).toThrow(/the weights have 800 MB/);
  });
});
