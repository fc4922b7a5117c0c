/**
 * A stream of messages over a plain socket. It carries the floats, because HTTP/2 in Node moves 16 KiB at a time, some
 * 30 microseconds each, and gRPC copies every message twice on the way; here a message is written as it lies.
 */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { PolyakError, isErrorCode } from './errors.js';
import { MessageReader, headBytes } from './message-reader.js';
import type { ClientStream, ServerStream } from './message-stream.js';
import type { ReadBuffer } from './read-buffer.js';
import { connectionProblem } from './tls/connection-problem.js';

/** Kinds of messages. */
const kinds = { message: 0, ping: 1, error: 2 } as const;

/** A chunk of 16,777,216 floats, and its header. */
export const messageBytesMax = (64 << 20) + 4096;
/** For streams that bring frames, and for those that bring answers. */
export const readBytes = { frames: 512 << 10, answers: 16 << 10 } as const;
const pingMs = 5000;
/** A peer that is suspended for a while is not lost. */
const silenceMsMax = 20_000;

export interface Codec<Sent, Received> {
  /** The parts of the message, sent one behind the other without being copied. */
  encode(message: Sent): Uint8Array[];
  /** Errors: `protocol`. What it gives may be a view of the bytes, which are written over later. */
  decode(bytes: Buffer): Received;
}

export class SocketStream<Sent, Received>
  extends EventEmitter
  implements ClientStream<Sent, Received>, ServerStream<Sent, Received>
{
  cancelled = false;
  private readonly reader = new MessageReader(messageBytesMax, (kind, body) => this.receive(kind, body));
  private readonly pinging = setInterval(() => this.ping(), pingMs);
  private lastHeardAt = performance.now();
  private lastPingAt = this.lastHeardAt;
  private over = false;
  private gathered = false;

  /**
   * The socket has `allowHalfOpen`, and is read into the buffer. With `gather`, what is sent in one turn of the event loop
   * goes out together: small messages that nobody waits for, each of which would wake the peer.
   */
  constructor(
    private readonly socket: Socket,
    input: ReadBuffer,
    private readonly codec: Codec<Sent, Received>,
    private readonly peer: string,
    private readonly gather: boolean,
  ) {
    super();
    socket.setNoDelay(true);
    input.onPiece = (piece) => this.read(piece);
    socket.on('end', () => {
      if (!this.over) this.emit('end');
      if (socket.writableEnded) this.finish();
    });
    socket.on('error', (error) => this.break(brokenBy(error, peer)));
    socket.on('close', () => {
      if (socket.readableEnded && socket.writableEnded) this.finish();
      else this.break(new PolyakError('unreachable', `${peer}: the connection has broken`));
    });
  }

  get writableEnded(): boolean {
    return this.socket.writableEnded || this.socket.destroyed;
  }

  write(message: Sent, taken?: () => void): void {
    this.send(kinds.message, this.codec.encode(message), taken);
  }

  end(): void {
    this.socket.end();
    if (this.socket.readableEnded) this.finish();
  }

  cancel(): void {
    this.break(new PolyakError('unreachable', `${this.peer}: cancelled`));
  }

  fail(error: unknown): void {
    this.send(kinds.error, [failureBody(error)]);
    this.finish();
    this.socket.end(() => this.socket.destroy());
  }

  private send(kind: number, parts: Uint8Array[], taken?: () => void): void {
    const { socket } = this;
    if (this.writableEnded) return;
    if (!this.gathered) socket.cork();
    socket.write(headOf(kind, parts));
    parts.forEach((part, index) => socket.write(part, index === parts.length - 1 ? taken : undefined));
    if (this.gather) this.uncorkSoon();
    else socket.uncork();
  }

  private uncorkSoon(): void {
    if (this.gathered) return;
    this.gathered = true;
    setImmediate(() => {
      this.gathered = false;
      this.socket.uncork();
    });
  }

  private read(piece: Buffer): void {
    this.lastHeardAt = performance.now();
    try {
      this.reader.push(piece);
    } catch (error) {
      this.fail(error);
      this.emit('error', error);
    }
  }

  private receive(kind: number, body: Buffer): void {
    if (this.over) return;
    if (kind === kinds.message) this.emit('data', this.codec.decode(body));
    else if (kind === kinds.error) {
      const [code = '', ...message] = body.toString().split('\n');
      this.break(new PolyakError(isErrorCode(code) ? code : 'internal', message.join('\n')));
    }
  }

  /** Without it a peer whose machine has gone would be waited for as long as TCP does, a quarter of an hour. */
  private ping(): void {
    const now = performance.now();
    // Who was itself suspended has heard nothing through no fault of the peer's.
    if (now - this.lastPingAt > 2 * pingMs) this.lastHeardAt = now;
    this.lastPingAt = now;
    if (now - this.lastHeardAt > silenceMsMax) {
      this.break(new PolyakError('unreachable', `${this.peer}: is silent for ${silenceMsMax / 1000} s`));
    } else this.send(kinds.ping, []);
  }

  private break(error: PolyakError): void {
    if (this.over) return;
    this.finish();
    this.cancelled = true;
    this.socket.destroy();
    this.emit('error', error);
    this.emit('cancelled');
  }

  private finish(): void {
    this.over = true;
    clearInterval(this.pinging);
  }
}

function headOf(kind: number, parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.allocUnsafe(headBytes);
  head.writeUInt32LE(parts.reduce((sum, part) => sum + part.length, 0));
  head[4] = kind;
  return head;
}

function failureBody(error: unknown): Buffer {
  const { code, message } =
    error instanceof PolyakError
      ? error
      : { code: 'internal', message: 'internal error; the process has it in its log' };
  return Buffer.from(`${code}\n${message}`);
}

/** The message that a stream has failed, for who ends a connection before there is a stream. */
export function encodeFailure(error: unknown): Buffer {
  const body = failureBody(error);
  return Buffer.concat([headOf(kinds.error, [body]), body]);
}

function brokenBy({ message }: Error, peer: string): PolyakError {
  const problem = connectionProblem(message);
  return new PolyakError(problem === undefined ? 'unreachable' : 'refused', `${peer}: ${problem ?? message}`);
}
