import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { frameBytes } from '../../common/frame.js';
import { CounterRandom, Purpose } from '../../common/random.js';
import { startLiveShard, trialKey, type LiveShardOptions } from './live-shard.js';

type LiveShard = Awaited<ReturnType<typeof startLiveShard>>;
const floatsOf = (data: Uint8Array) => [...new Float32Array(Uint8Array.from(data).buffer)];

const seed = Number(process.env['POLYAK_TEST_SEED'] ?? 231);

/** Cut off, made longer, or with some bytes changed: never the good frame itself. */
function mangle(good: Buffer, random: CounterRandom): Buffer {
  const kind = random.integer(3);
  if (kind === 0) return Buffer.from(good.subarray(0, random.integer(good.length)));
  if (kind === 1) return Buffer.concat([good, Buffer.alloc(1 + random.integer(100), random.integer(256))]);
  const bad = Buffer.from(good);
  for (let count = 1 + random.integer(4); count > 0; count--) {
    const at = random.integer(bad.length);
    bad[at] = (bad[at] ?? 0) ^ (1 + random.integer(255));
  }
  return bad;
}

describe.each(['socket', 'grpc'] as const)('a shard over %s', (transport) => {
  let shard: LiveShard | undefined;
  const start = async (options: LiveShardOptions) => {
    shard = await startLiveShard({ ...options, transport });
    await shard.begin(1);
    return shard;
  };
  afterEach(async () => {
    await shard?.close();
    shard = undefined;
  });

  it('adds the leaves, divides by the samples, applies, and gives out weights and average', async () => {
    const { openPush, openWeights, frame, reports } = await start({ parameters: 3, chunkFloats: 2, leaves: 2 });
    const { push } = openPush();
    const { frames } = openWeights(64);
    await frames.next(({ step, chunk }) => step === 0 && chunk === 1);
    const floats = (...values: number[]) => new Float32Array(values);
    expect((await push(frame({ firstLeaf: 0, floats: floats(1, 2) }))).result).toBe('APPLIED');
    expect((await push(frame({ firstLeaf: 1, floats: floats(3, 4) }))).result).toBe('APPLIED');
    expect((await push(frame({ firstLeaf: 0, leaves: 2, chunk: 1, floats: floats(8) }))).result).toBe('APPLIED');
    await reports.next(({ reached }) => reached?.step === 1);
    // Weights start at 0; SGD with rate 1 on the mean of two samples: -(1 + 3) / 2, -(2 + 4) / 2 and -8 / 2.
    const first = await frames.next(({ step, chunk }) => step === 1 && chunk === 0);
    expect(floatsOf(first.data)).toEqual([-2, -3]);
    expect(floatsOf((await frames.next(({ step, chunk }) => step === 1 && chunk === 1)).data)).toEqual([-4]);
    // average = decay * 0 + (1 - decay) * weights, decay = min(0.5, (1 + 1) / (10 + 1)) = 2 / 11 at the first step.
    const average = await openWeights(64, 'AVERAGE').frames.next(({ chunk }) => chunk === 1);
    expect(floatsOf(average.data)[0]).toBeCloseTo((-4 * 9) / 11, 6);
  });

  it('waits for the factor of global-norm clipping, and scales by it', async () => {
    const live = await start({ parameters: 2, chunkFloats: 2, leaves: 1, clip: { globalNorm: 1 } });
    await live.openPush().push(live.frame({ floats: new Float32Array([3, 4]) }));
    const { scalars } = await live.reports.next((report) => Boolean(report.scalars));
    expect(scalars?.gradientSquares).toEqual([25]);
    live.lead.write({ scale: { step: 0, factor: 0.2 } });
    const weights = await live.openWeights(64).frames.next(({ step }) => step === 1);
    expect(floatsOf(weights.data)).toEqual([Math.fround(-3 * Math.fround(0.2)), Math.fround(-4 * Math.fround(0.2))]);
  });

  it('drops what it has, and what is late, and says so', async () => {
    const { openPush, frame, reports } = await start({ parameters: 2, chunkFloats: 2, leaves: 2 });
    const { push } = openPush();
    expect((await push(frame({ firstLeaf: 0 }))).result).toBe('APPLIED');
    expect((await push(frame({ firstLeaf: 0 }))).result).toBe('DUPLICATE');
    expect((await push(frame({ firstLeaf: 0, leaves: 2 }))).result).toBe('APPLIED');
    await reports.next(({ reached }) => reached?.step === 1);
    expect((await push(frame({ firstLeaf: 1 }))).result).toBe('STALE');
  });

  it('still gives out a step that some chunks have left, until somebody has used the next', async () => {
    const { openPush, openWeights, frame } = await start({ parameters: 4, chunkFloats: 2, leaves: 1 });
    const { push } = openPush();
    const early = openWeights(64).frames;
    await push(frame({ chunk: 0 }));
    await early.next(({ chunk, step }) => chunk === 0 && step === 1);
    // Chunk 0 has applied step 0, chunk 1 has not: a worker that comes now can still have step 0 whole.
    const late = openWeights(64).frames;
    const steps = [await late.next(), await late.next(), await late.next()].map(({ chunk, step }) => [chunk, step]);
    expect(steps.toSorted((left, right) => left[0]! - right[0]! || left[1]! - right[1]!)).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
    ]);
    await push(frame({ chunk: 1 }));
    for (const chunk of [0, 1]) await push(frame({ chunk, step: 1 }));
    const last = openWeights(64).frames;
    await last.next(({ chunk, step }) => chunk === 0 && step >= 1);
    await last.next(({ chunk, step }) => chunk === 1 && step >= 1);
  });

  it('holds a node of a step that some chunks have left, though it came cut otherwise before', async () => {
    const { openPush, frame, reports } = await start({ parameters: 4, chunkFloats: 2, leaves: 2 });
    const { push } = openPush();
    // Whoever had both leaves died between the two chunks.
    await push(frame({ chunk: 0, leaves: 2 }));
    for (const firstLeaf of [0, 1]) {
      expect((await push(frame({ chunk: 0, firstLeaf }))).result).toBe('STALE');
      expect((await push(frame({ chunk: 1, firstLeaf }))).result).toBe('APPLIED');
      const { held } = await reports.next((report) => Boolean(report.held));
      expect(held).toMatchObject({ step: 0, firstLeaf, leaves: 1 });
    }
    await reports.next(({ reached }) => reached?.step === 1);
  });

  it('answers bad frames with a typed error and harms nobody', async () => {
    const { openPush, openWeights, frame, chunks } = await start({ parameters: 3, chunkFloats: 2, leaves: 2 });
    const { push } = openPush();
    const nan = new Float32Array([1, Number.NaN]);
    const bad: [Parameters<typeof frame>[0], string, RegExp][] = [
      [{ trialKey: Buffer.alloc(8) }, 'FENCED', /is not here/],
      [{ incarnation: 2 }, 'FENCED', /is at incarnation 1; the message speaks of 2/],
      [{ incarnation: 0 }, 'FENCED', /speaks of 0/],
      [{ step: 7 }, 'REFUSED', /step 7 has not begun, chunk 0 is at 0/],
      [{ chunk: 99 }, 'REFUSED', /chunk 99 is not on shard 0/],
      [{ vector: 1 }, 'REFUSED', /vector 1 cannot be pushed/],
      [{ vector: 2 }, 'FENCED', /is at incarnation 1/],
      [{ firstLeaf: 1, leaves: 2 }, 'REFUSED', /leaves \[1, 3\) are no subtree of the 2 leaves/],
      [{ leaves: 0 }, 'REFUSED', /no subtree/],
      [{ firstLeaf: 4 }, 'REFUSED', /no subtree/],
      [{ floats: new Float32Array(1) }, 'REFUSED', /chunk 0 has 8 bytes, the frame 4/],
      [{ floats: new Float32Array(1000) }, 'REFUSED', /chunk 0 has 8 bytes, the frame 4000/],
      [{ checksum: 1 }, 'REFUSED', /chunk 0 has checksum \d+, the frame says 1/],
      [{ floats: nan }, 'REFUSED', /chunk 0 is not finite at float 1/],
    ];
    for (const [fields, result, message] of bad) {
      const reply = await push(frame(fields));
      expect([reply.result, reply.message]).toEqual([result, expect.stringMatching(message)]);
    }
    for (const { index } of chunks) expect((await push(frame({ chunk: index, leaves: 2 }))).result).toBe('APPLIED');
    const weights = await openWeights(64).frames.next(({ step, chunk }) => step === 1 && chunk === 0);
    expect(floatsOf(weights.data)).toEqual([-0.5, -0.5]);
  });

  it(`survives a thousand mangled frames (seed ${seed}), and the trial's numbers are as if none had come`, async () => {
    const { openPush, openRawPush, openWeights, frame, chunks } = await start({
      ...{ parameters: 3, chunkFloats: 2, leaves: 2 },
    });
    const raw = openRawPush();
    const random = new CounterRandom(seed, Purpose.test, 1);
    const good = frameBytes(frame({ step: 0 }));
    const results = new Set<string>();
    for (let index = 0; index < 1000; index++) results.add((await raw.push(mangle(good, random))).result);
    expect([...results]).toEqual(expect.arrayContaining(['REFUSED', 'FENCED']));
    const { push } = openPush();
    for (const { index } of chunks) await push(frame({ chunk: index, leaves: 2 }));
    const weights = await openWeights(64).frames.next(({ step, chunk }) => step === 1 && chunk === 0);
    expect(floatsOf(weights.data)).toEqual([-0.5, -0.5]);
  });

  it('fences an incarnation that is not newer, and takes one that is', async () => {
    const live = await start({ parameters: 2, chunkFloats: 2, leaves: 1 });
    expect((await live.begin(1)).fenced?.message).toContain(trialKey.toString('hex'));
    expect((await live.begin(2)).begun).toEqual({ step: 0 });
    expect((await live.openPush().push(live.frame({ incarnation: 1 }))).result).toBe('FENCED');
    expect((await live.openPush().push(live.frame({ incarnation: 2 }))).result).toBe('APPLIED');
  });

  it('fences a lead that has been replaced, whatever incarnation it has claimed', async () => {
    const live = await start({ parameters: 2, chunkFloats: 2, leaves: 1 });
    expect((await live.begin(2, 2)).begun).toEqual({ step: 0 });
    expect((await live.begin(3, 1)).fenced).toEqual({
      message: `trial ${trialKey.toString('hex')} obeys a lead of epoch 2, the order is of 1`,
      replaced: true,
    });
    expect((await live.openPush().push(live.frame({ incarnation: 2 }))).result).toBe('APPLIED');
    expect((await live.begin(2, 2)).fenced).toMatchObject({ replaced: false });
  });

  it('keeps its memory bound with 64 leaves and a client that stops reading', async () => {
    const chunkFloats = 1024;
    const live = await start({ parameters: 8 * chunkFloats, chunkFloats, leaves: 64 });
    live.openStalledWeights(256);
    const { push } = live.openPush();
    const slot = chunkFloats * 4;
    // Weights and average of each chunk; SGD has no slots.
    const resting = 8 * 2 * slot;
    let most = 0;
    for (let step = 0; step < 20; step++) {
      // Eight workers' leases of eight leaves, their leaves pushed one by one in the worst order, right to left.
      for (let leaf = 63; leaf >= 0; leaf--) {
        for (let chunk = 0; chunk < 8; chunk++) await push(live.frame({ step, chunk, firstLeaf: leaf }));
        most = Math.max(most, live.pool.bytesInUse - resting);
      }
      await live.reports.next(({ reached }) => reached?.step === step + 1);
    }
    const leases = 8;
    expect(most).toBeLessThanOrEqual(8 * leases * Math.ceil(Math.log2(64)) * slot);
    expect(live.pool.bytesInUse).toBe(resting);
  });
});

describe('the port of a shard', () => {
  let shard: LiveShard | undefined;
  afterEach(async () => {
    await shard?.close();
    shard = undefined;
  });
  const ending = async (bytes: Uint8Array) => {
    shard = await startLiveShard({ parameters: 2, chunkFloats: 2, leaves: 1 });
    await shard.begin(1);
    const socket = connect({ port: shard.port, host: '127.0.0.1' });
    const answer: Buffer[] = [];
    socket.on('data', (piece: Buffer) => answer.push(piece)).on('error', () => undefined);
    socket.write(bytes);
    await once(socket, 'close');
    // Whatever that was, the others' work goes on.
    expect((await shard.openPush().push(shard.frame({}))).result).toBe('APPLIED');
    return Buffer.concat(answer).toString('latin1');
  };

  it('closes a connection that speaks no protocol of ours', async () => {
    const answer = await ending(Buffer.from('GET / HTTP/1.1\r\nhost: shard\r\n\r\n'));
    expect(answer).not.toContain('HTTP/1.1 200');
  });

  it('tells who announces a message that is too long', async () => {
    const announcement = Buffer.from([0xff, 0xff, 0xff, 0x7f, 0]);
    const answer = await ending(Buffer.concat([Buffer.from('PolyakP1'), announcement]));
    expect(answer).toContain('exhausted\na message of 2147483647 bytes was announced');
  });

  it('ends a stream that sends more than it has credit for', async () => {
    const frames = Array.from({ length: 40 }, () => Buffer.from([0, 0, 0, 0, 0]));
    const answer = await ending(Buffer.concat([Buffer.from('PolyakP1'), ...frames]));
    expect(answer).toContain('protocol\na frame came for which there was no credit');
  });
});
