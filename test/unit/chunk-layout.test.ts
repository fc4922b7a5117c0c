/** Where floats lie: chunks by hand for a small manifest, then that nothing is left out or held twice. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOutChunks, leadShardOf, shardOfChunk } from '../../common/chunk-layout.js';
import type { Manifest, TensorSpec } from '../../common/manifest.js';

function tensors(prefix: string, lengths: readonly number[]): TensorSpec[] {
  let offset = 0;
  return lengths.map((length, index) => {
    const initializer = { name: 'zeros' };
    const at = offset;
    offset += length;
    const rest = { initializer, rateMultiplier: 1, l2: 0, frozen: false };
    return { name: `${prefix}${index}`, shape: [length], offset: at, length, ...rest };
  });
}

const sum = (lengths: readonly number[]) => lengths.reduce((total, length) => total + length, 0);

function manifestOf(parameters: readonly number[], statistics: readonly number[]): Manifest {
  return {
    parameters: tensors('parameter', parameters),
    parameterCount: sum(parameters),
    statistics: tensors('statistic', statistics),
    statisticsCount: sum(statistics),
    statisticsMomentum: statistics.map(() => 0.9),
  };
}

describe('the chunks of a vector', () => {
  /*
   * Parameters of 3, 4 and 2 floats, statistics of 2 and 1, chunks of 4 floats:
   *   chunk 0: 000 1 | chunk 1: 111 2 | chunk 2: 2 (short: no chunk has floats of both vectors) | chunk 3: 33 4
   */
  it('are cut every chunkFloats, and a tensor may lie in several', () => {
    const chunks = layOutChunks(manifestOf([3, 4, 2], [2, 1]), 4);
    expect(
      chunks.map(({ index, kind, offset, length, segments }) => ({
        index,
        kind,
        offset,
        length,
        segments: segments.map((segment) => [
          segment.tensorIndex,
          segment.start,
          segment.tensorStart,
          segment.length,
          segment.tensor.name,
        ]),
      })),
    ).toEqual([
      {
        index: 0,
        kind: 'parameters',
        offset: 0,
        length: 4,
        segments: [
          [0, 0, 0, 3, 'parameter0'],
          [1, 3, 0, 1, 'parameter1'],
        ],
      },
      {
        index: 1,
        kind: 'parameters',
        offset: 4,
        length: 4,
        segments: [
          [1, 0, 1, 3, 'parameter1'],
          [2, 3, 0, 1, 'parameter2'],
        ],
      },
      { index: 2, kind: 'parameters', offset: 8, length: 1, segments: [[2, 0, 1, 1, 'parameter2']] },
      {
        index: 3,
        kind: 'statistics',
        offset: 9,
        length: 3,
        segments: [
          [3, 0, 0, 2, 'statistic0'],
          [4, 2, 0, 1, 'statistic1'],
        ],
      },
    ]);
  });

  it('a model without batch normalisation has no chunk of statistics', () => {
    expect(layOutChunks(manifestOf([4, 4], []), 4).map((chunk) => chunk.kind)).toEqual(['parameters', 'parameters']);
  });

  it('hold every float of every tensor exactly once, in order', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 8 });
    fc.assert(
      fc.property(lengths, lengths, fc.integer({ min: 1, max: 50 }), (parameters, statistics, chunkFloats) => {
        const manifest = manifestOf(parameters, statistics);
        const all = [...manifest.parameters, ...manifest.statistics];
        const chunks = layOutChunks(manifest, chunkFloats);
        // The vector [parameters, statistics] spelled out, float by float: which tensor, and which of its floats.
        const expected = all.flatMap((tensor) =>
          Array.from({ length: tensor.length }, (_, index) => `${tensor.name}[${index}]`),
        );
        const found = chunks.flatMap(({ segments }) =>
          segments.flatMap(({ tensor, tensorStart, length }) =>
            Array.from({ length }, (_, index) => `${tensor.name}[${tensorStart + index}]`),
          ),
        );
        expect(found).toEqual(expected);
        let offset = 0;
        for (const [index, chunk] of chunks.entries()) {
          expect(chunk).toMatchObject({ index, offset });
          expect(chunk.length).toBeLessThanOrEqual(chunkFloats);
          let start = 0;
          for (const segment of chunk.segments) {
            expect(segment.start).toBe(start);
            expect(all[segment.tensorIndex]).toBe(segment.tensor);
            start += segment.length;
          }
          expect(start).toBe(chunk.length);
          offset += chunk.length;
        }
      }),
    );
  });
});

describe('the shards of a trial', () => {
  const trial = fc.record({
    key: fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
    shards: fc.integer({ min: 1, max: 9 }),
    chunks: fc.integer({ min: 1, max: 60 }),
  });

  it('the lead holds the first chunk, and the shares differ by one chunk at most', () => {
    fc.assert(
      fc.property(trial, ({ key, shards, chunks }) => {
        const held = Array.from({ length: shards }, () => 0);
        for (let chunk = 0; chunk < chunks; chunk++) held[shardOfChunk(key, chunk, chunks, shards)]! += 1;
        expect(shardOfChunk(key, 0, chunks, shards)).toBe(leadShardOf(key, shards));
        expect(sum(held)).toBe(chunks);
        expect(Math.max(...held) - Math.min(...held)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('neighbouring chunks lie on one shard, so that a shard has one stretch of the vector', () => {
    fc.assert(
      fc.property(trial, ({ key, shards, chunks }) => {
        let changes = 0;
        for (let chunk = 1; chunk < chunks; chunk++) {
          const before = shardOfChunk(key, chunk - 1, chunks, shards);
          if (shardOfChunk(key, chunk, chunks, shards) !== before) changes += 1;
        }
        expect(changes).toBe(Math.min(shards, chunks) - 1);
      }),
    );
  });

  it('trials of one chunk spread over the shards by their keys', () => {
    const leads = [0, 1, 2, 3].map((first) => shardOfChunk(Buffer.from([first, 0, 0, 0, 9, 9, 9, 9]), 0, 1, 4));
    expect(leads).toEqual([0, 1, 2, 3]);
  });
});
