/** Cuts what a socket brings into messages: each is a length (uint32, little-endian), a kind (one byte) and a body. */
import { PolyakError } from './errors.js';

export const headBytes = 5;

export class MessageReader {
  private readonly head = Buffer.alloc(headBytes);
  private headFilled = 0;
  /** Of the message under way. */
  private length = 0;
  private filled = 0;
  /** Grows to the longest message that came in pieces. */
  private body = Buffer.alloc(0);
  /** A message was too long: what comes after it is no message. */
  private isOver = false;

  /** `receive` must have done with a body when it returns: the next message may be written over it. */
  constructor(
    private readonly bytesMax: number,
    private readonly receive: (kind: number, body: Buffer) => void,
  ) {}

  /** Errors: `exhausted` for a message that is too long, once. */
  push(piece: Buffer): void {
    if (this.isOver) return;
    let at = 0;
    while (at < piece.length) at += this.headFilled < headBytes ? this.takeHead(piece, at) : this.takeBody(piece, at);
  }

  private takeHead(piece: Buffer, at: number): number {
    const taken = piece.copy(this.head, this.headFilled, at);
    this.headFilled += taken;
    if (this.headFilled < headBytes) return taken;
    this.length = this.head.readUInt32LE(0);
    this.filled = 0;
    if (this.length > this.bytesMax) {
      this.isOver = true;
      throw new PolyakError(
        'exhausted',
        `a message of ${this.length} bytes was announced, the most is ${this.bytesMax}`,
      );
    }
    if (this.length === 0) this.finish(Buffer.alloc(0));
    return taken;
  }

  private takeBody(piece: Buffer, at: number): number {
    const missing = this.length - this.filled;
    if (this.filled === 0 && piece.length - at >= missing) {
      this.finish(piece.subarray(at, at + missing));
      return missing;
    }
    if (this.body.length < this.length) this.body = Buffer.allocUnsafeSlow(this.length);
    const taken = piece.copy(this.body, this.filled, at, at + missing);
    this.filled += taken;
    if (this.filled === this.length) this.finish(this.body.subarray(0, this.length));
    return taken;
  }

  private finish(body: Buffer): void {
    this.headFilled = 0;
    this.receive(this.head[4] ?? 0, body);
  }
}
