/**
 * The codec of ChunkFrame (proto/polyak/v1/parameter_server.proto), made by hand: a short header, then the floats,
 * no per-element work. Reading gives a view of the received bytes; writing copies the floats once, into the buffer
 * that goes to the socket.
 */
import { PolyakError } from './errors.js';

export const vectors = { weights: 0, average: 1, preprocess: 2 } as const;
export type VectorNumber = (typeof vectors)[keyof typeof vectors];

export interface ChunkFrame {
  /** Eight bytes. */
  trialKey: Buffer;
  incarnation: number;
  vector: number;
  step: number;
  chunk: number;
  firstLeaf: number;
  leaves: number;
  checksum: number;
  /** Little-endian float32. */
  data: Uint8Array;
}

export const trialKeyBytes = 8;
/** Upper bound of everything before the floats, including their tag and length. */
const headerBytesMax = 2 + trialKeyBytes + 6 * 6 + 5 + 6;

/** The seven numeric fields by tag; varints but for the checksum. */
const varintTags = [
  ['incarnation', 0x10],
  ['vector', 0x18],
  ['step', 0x20],
  ['chunk', 0x28],
  ['firstLeaf', 0x30],
  ['leaves', 0x38],
] as const;
const trialKeyTag = 0x0a;
const checksumTag = 0x45;
const dataTag = 0x4a;

/**
 * What grpc-js needs of a serialised message: its length, and to be copied into the outgoing buffer. Giving this instead
 * of a Buffer saves a copy of every frame. The floats must not change before the copy is made.
 */
class OutgoingFrame {
  private readonly header: Buffer;
  readonly length: number;
  readonly byteLength: number;

  constructor(private readonly frame: ChunkFrame) {
    this.header = writeHeader(frame);
    this.length = this.byteLength = this.header.length + frame.data.length;
  }

  copy(target: Uint8Array, start = 0): number {
    target.set(this.header, start);
    target.set(this.frame.data, start + this.header.length);
    return this.length;
  }
}

export function encodeFrame(frame: ChunkFrame): Buffer {
  return new OutgoingFrame(frame) as unknown as Buffer;
}

/** The frame in two parts, of which the second is its floats as they lie. */
export function frameParts(frame: ChunkFrame): [header: Buffer, data: Uint8Array] {
  return [writeHeader(frame), frame.data];
}

/** The frame as plain bytes, for peers that are not ours. */
export function frameBytes(frame: ChunkFrame): Buffer {
  return Buffer.concat(frameParts(frame));
}

function writeHeader(frame: ChunkFrame): Buffer {
  const out = Buffer.allocUnsafe(headerBytesMax);
  let at = 0;
  const varint = (value: number) => {
    let rest = value;
    while (rest > 127) {
      out[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    out[at++] = rest;
  };
  out[at++] = trialKeyTag;
  varint(trialKeyBytes);
  at += frame.trialKey.copy(out, at, 0, trialKeyBytes);
  for (const [field, tag] of varintTags) {
    if (frame[field] === 0) continue;
    out[at++] = tag;
    varint(frame[field]);
  }
  out[at++] = checksumTag;
  at = out.writeUInt32LE(frame.checksum >>> 0, at);
  out[at++] = dataTag;
  varint(frame.data.length);
  return out.subarray(0, at);
}

/** For a server: what throws while a message is read would end the stream without a reason that the sender understands. */
export function decodeFrameOrError(bytes: Buffer): ChunkFrame | PolyakError {
  try {
    return decodeFrame(bytes);
  } catch (error) {
    if (error instanceof PolyakError) return error;
    throw error;
  }
}

/** Errors: `protocol` when the bytes are no ChunkFrame. Unknown fields are skipped, as protobuf does. */
export function decodeFrame(bytes: Buffer): ChunkFrame {
  const frame: ChunkFrame = {
    trialKey: Buffer.alloc(0),
    incarnation: 0,
    vector: 0,
    step: 0,
    chunk: 0,
    firstLeaf: 0,
    leaves: 0,
    checksum: 0,
    data: new Uint8Array(0),
  };
  const reader = new FieldReader(bytes);
  while (!reader.done) {
    const tag = reader.varint();
    const field = varintTags.find(([, known]) => known === tag);
    if (field) frame[field[0]] = reader.varint();
    else if (tag === trialKeyTag) frame.trialKey = reader.bytes();
    else if (tag === checksumTag) frame.checksum = reader.fixed32();
    else if (tag === dataTag) frame.data = reader.bytes();
    else reader.skip(tag & 7);
  }
  if (frame.trialKey.length !== trialKeyBytes) {
    throw new PolyakError(
      'protocol',
      `ChunkFrame.trial_key has ${frame.trialKey.length} bytes, it must have ${trialKeyBytes}`,
    );
  }
  return frame;
}

class FieldReader {
  private at = 0;

  constructor(private readonly buffer: Buffer) {}

  get done(): boolean {
    return this.at >= this.buffer.length;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.buffer[this.at++];
      if (byte === undefined) throw new PolyakError('protocol', 'ChunkFrame ends inside a varint');
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (value > 0xffffffff) throw new PolyakError('protocol', `ChunkFrame has ${value} where a uint32 belongs`);
        return value;
      }
      scale *= 128;
    }
    throw new PolyakError('protocol', 'ChunkFrame has a varint of more than ten bytes');
  }

  bytes(): Buffer {
    const length = this.varint();
    if (this.at + length > this.buffer.length) {
      const there = this.buffer.length - this.at;
      throw new PolyakError('protocol', `ChunkFrame promises ${length} bytes, ${there} are there`);
    }
    const view = this.buffer.subarray(this.at, this.at + length);
    this.at += length;
    return view;
  }

  fixed32(): number {
    const at = this.at;
    this.advance(4);
    return this.buffer.readUInt32LE(at);
  }

  skip(wireType: number): void {
    if (wireType === 0) this.skipVarint();
    else if (wireType === 1) this.advance(8);
    else if (wireType === 2) this.bytes();
    else if (wireType === 5) this.advance(4);
    else throw new PolyakError('protocol', `ChunkFrame has wire type ${wireType}`);
  }

  /** Of an unknown field: it may have 64 bits. */
  private skipVarint(): void {
    for (let count = 0; count < 10; count++) {
      const byte = this.buffer[this.at++];
      if (byte === undefined) throw new PolyakError('protocol', 'ChunkFrame ends inside a varint');
      if (byte < 128) return;
    }
    throw new PolyakError('protocol', 'ChunkFrame has a varint of more than ten bytes');
  }

  private advance(bytes: number): void {
    this.at += bytes;
    if (this.at > this.buffer.length) throw new PolyakError('protocol', `ChunkFrame ends inside a fixed${bytes * 8}`);
  }
}
