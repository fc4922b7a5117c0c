/** The codec of chunk frames, against protobufjs reading and writing the same message of proto/, and against bad bytes. */
import { join } from 'node:path';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { PolyakError } from '../../common/errors.js';
import { decodeFrame, encodeFrame, frameBytes, type ChunkFrame } from '../../common/frame.js';
import { packageRoot } from '../../common/package-root.js';

const specification = protobuf
  .loadSync(join(packageRoot(), 'proto/polyak/v1/parameter_server.proto'))
  .lookupType('polyak.v1.ChunkFrame');

const uint32 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffffffff }), fc.constantFrom(127, 128, 0xffffffff));
const frames: fc.Arbitrary<ChunkFrame> = fc.record({
  trialKey: fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
  incarnation: uint32,
  vector: fc.constantFrom(0, 1, 2),
  step: uint32,
  chunk: uint32,
  firstLeaf: uint32,
  leaves: uint32,
  checksum: uint32,
  data: fc.uint8Array({ maxLength: 600 }).map((bytes) => new Uint8Array(bytes)),
});

const example: ChunkFrame = {
  trialKey: Buffer.from('0123456789abcdef', 'hex'),
  incarnation: 1,
  vector: 0,
  step: 300,
  chunk: 2,
  firstLeaf: 4,
  leaves: 2,
  checksum: 0xdeadbeef,
  data: Buffer.from('0000803f', 'hex'),
};

/** The same frame with every kind of bytes as a plain array, so that Buffer and Uint8Array compare equal. */
function plain(frame: { trialKey: Uint8Array; data: Uint8Array }) {
  return { ...frame, trialKey: [...frame.trialKey], data: [...frame.data] };
}

function errorOf(bytes: Buffer): unknown {
  try {
    decodeFrame(bytes);
  } catch (error) {
    return error;
  }
  return undefined;
}

function refusal(bytes: Buffer): string {
  const error = errorOf(bytes);
  expect(error).toBeInstanceOf(PolyakError);
  expect((error as PolyakError).code).toBe('protocol');
  return (error as PolyakError).message;
}

describe('the frame codec', () => {
  /*
   * By hand: tag 0a (field 1, bytes) and 8 bytes of key; 10 01 incarnation; vector 0 is not written; 20 ac 02 is step
   * 300 = 0x2c + 2 * 128; 28 02 chunk; 30 04 first leaf; 38 02 leaves; 45 checksum, little-endian; 4a 04 and the float 1.
   */
  it('writes the bytes worked by hand', () => {
    const fields = ['0a080123456789abcdef', '1001', '20ac02', '2802', '3004', '3802', '45efbeadde', '4a040000803f'];
    expect(frameBytes(example).toString('hex')).toBe(fields.join(''));
  });

  it('reads what it wrote', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(plain(decodeFrame(frameBytes(frame)))).toEqual(plain(frame));
      }),
    );
  });

  it('what it writes, protobufjs reads as the ChunkFrame of proto/', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const read = specification.toObject(specification.decode(frameBytes(frame)), { defaults: true });
        expect(plain(read as ChunkFrame)).toEqual(plain(frame));
      }),
    );
  });

  it('what protobufjs writes, it reads', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const written = Buffer.from(specification.encode(specification.create(frame)).finish());
        expect(plain(decodeFrame(written))).toEqual(plain(frame));
      }),
    );
  });

  it('an outgoing frame copies the same bytes into the buffer of the socket, where it is told to', () => {
    fc.assert(
      fc.property(frames, fc.nat(9), (frame, start) => {
        const outgoing = encodeFrame(frame);
        const expected = frameBytes(frame);
        expect(outgoing.length).toBe(expected.length);
        const socket = Buffer.alloc(start + outgoing.length);
        expect(outgoing.copy(socket, start)).toBe(expected.length);
        expect(socket.subarray(start).equals(expected)).toBe(true);
      }),
    );
  });

  it('gives a view of the received bytes, not a copy', () => {
    const bytes = frameBytes(example);
    expect(decodeFrame(bytes).data.buffer).toBe(bytes.buffer);
  });

  it('skips fields that it does not know', () => {
    // Field 10 as a varint, field 11 as bytes, field 12 as a fixed32, field 13 as a fixed64.
    const unknown = Buffer.from(['5007', '5a03aabbcc', '6501020304', '690102030405060708'].join(''), 'hex');
    expect(plain(decodeFrame(Buffer.concat([unknown, frameBytes(example), unknown])))).toEqual(plain(example));
  });
});

describe('bytes that are no frame', () => {
  it('a frame cut inside its floats says how many bytes it promised', () => {
    const bytes = frameBytes(example);
    expect(refusal(bytes.subarray(0, bytes.length - 1))).toBe('ChunkFrame promises 4 bytes, 3 are there');
  });

  it('a frame that promises more than could ever be there is refused without allocating it', () => {
    const bytes = Buffer.concat([frameBytes(example).subarray(0, 26), Buffer.from('4affffffff0f', 'hex')]);
    expect(refusal(bytes)).toBe('ChunkFrame promises 4294967295 bytes, 0 are there');
  });

  it('a cut inside a number is named', () => {
    expect(refusal(Buffer.from('0a080123456789abcdef20ac', 'hex'))).toBe('ChunkFrame ends inside a varint');
    expect(refusal(Buffer.from('0a080123456789abcdef45efbe', 'hex'))).toBe('ChunkFrame ends inside a fixed32');
  });

  it('a number too large for its field is refused', () => {
    // 2^32 as a varint.
    expect(refusal(Buffer.from('0a080123456789abcdef208080808010', 'hex'))).toBe(
      'ChunkFrame has 4294967296 where a uint32 belongs',
    );
    expect(refusal(Buffer.from('20ffffffffffffffffffffff01', 'hex'))).toBe(
      'ChunkFrame has a varint of more than ten bytes',
    );
  });

  it('a trial key that is missing or has another length is refused', () => {
    expect(refusal(Buffer.alloc(0))).toBe('ChunkFrame.trial_key has 0 bytes, it must have 8');
    expect(refusal(Buffer.from('0a03010203', 'hex'))).toBe('ChunkFrame.trial_key has 3 bytes, it must have 8');
  });

  it('a wire type that protobuf does not have is refused', () => {
    expect(refusal(Buffer.from('57', 'hex'))).toBe('ChunkFrame has wire type 7');
  });

  it('a frame cut anywhere gives the protocol error, or ends between two fields and has no floats', () => {
    fc.assert(
      fc.property(
        frames.filter((frame) => frame.data.length > 0),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (frame, fraction) => {
          const bytes = frameBytes(frame);
          const cut = bytes.subarray(0, Math.floor(fraction * bytes.length));
          const error = errorOf(cut);
          if (error === undefined) expect(decodeFrame(cut).data.length).toBe(0);
          else expect((error as PolyakError).code).toBe('protocol');
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('no bytes at all, nor a frame with bytes changed, bring out any other error', () => {
    const changed = fc
      .tuple(frames, fc.array(fc.tuple(fc.nat(700), fc.nat(255)), { minLength: 1, maxLength: 8 }))
      .map(([frame, changes]) => {
        const bytes = Buffer.from(frameBytes(frame));
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes;
      });
    const anything = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(anything, changed), (bytes) => {
        const error = errorOf(bytes);
        if (error !== undefined) expect(error).toMatchObject({ name: 'PolyakError', code: 'protocol' });
      }),
      { numRuns: 2000 },
    );
  });
});
