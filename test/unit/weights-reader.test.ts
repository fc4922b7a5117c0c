import { expect, it } from 'vitest';
import type { ChunkFrame } from '../../common/frame.js';
import type { Chunk } from '../../server/chunk.js';
import { FrameCache, Outgoing } from '../../server/frame-cache.js';
import type { ShardTrial } from '../../server/shard-trial.js';
import { WeightsReader } from '../../server/weights-reader.js';

/** Of one chunk; the cache is a stand-in, because there is no arena with its weights. */
function reading(version: number, previous?: number) {
  const outgoing = (of: number) => new Outgoing(of, Buffer.alloc(4), 0, () => undefined);
  const chunk = { version, spec: { index: 0, length: 1 } } as unknown as Chunk;
  const trial = {
    order: { trialKey: Buffer.alloc(8), incarnation: 1 },
    chunks: new Map([[0, chunk]]),
    previous: new Map(previous === undefined ? [] : [[0, outgoing(previous)]]),
    readers: new Set(),
  } as unknown as ShardTrial;
  const cache = new FrameCache();
  cache.of = () => outgoing(chunk.version);
  const sent: number[] = [];
  const send = (frame: ChunkFrame, taken: () => void) => {
    sent.push(frame.step);
    taken();
  };
  new WeightsReader(trial, 'weights', cache, send, () => undefined).grant(8);
  return sent;
}

it('a reader gets the version before first, while the present one has been used by nobody', () => {
  expect(reading(5, 4)).toEqual([4, 5]);
});

it('a reader that comes while a chunk is being updated gets its version once', () => {
  expect(reading(4, 4)).toEqual([4]);
});

it('a reader gets the present version alone once somebody has used it', () => {
  expect(reading(5)).toEqual([5]);
});
