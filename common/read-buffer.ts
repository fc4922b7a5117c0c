/**
 * Reading a socket into one buffer that is used again and again. As sockets come, each 64 KiB are read into memory of
 * their own, which takes twice the time and gives the collector work.
 */
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** Of a socket, what it stands for in the operating system. */
const handleKey = '_handle';

export class ReadBuffer {
  /** Given as bytes come; they are written over by the next. */
  onPiece: (piece: Buffer) => void = () => undefined;
  private readonly buffer: Buffer;

  constructor(bytes: number) {
    this.buffer = Buffer.allocUnsafeSlow(bytes);
  }

  /** The option of that name of `net.connect` and of a socket. */
  get onread() {
    const { buffer } = this;
    const callback = (bytes: number) => {
      this.onPiece(buffer.subarray(0, bytes));
      return true;
    };
    return { buffer, callback };
  }

  /**
   * The same connection as another socket, which reads into the buffer; what has been read already is in `rest`. A
   * server cannot say so when it accepts, and the handle is not public: where it is not there, nothing changes.
   */
  takeOver(accepted: Socket): { socket: Socket; rest: Buffer | null } {
    const rest = accepted.read() as Buffer | null;
    const { [handleKey]: handle } = accepted as unknown as Record<string, object | null>;
    // What is decrypted comes by another way than the system's.
    if (!handle || accepted instanceof TLSSocket) {
      accepted.on('data', (piece) => this.onPiece(piece));
      return { socket: accepted, rest };
    }
    Object.assign(accepted, { [handleKey]: null })
      .removeAllListeners()
      .destroy();
    return { socket: new Socket({ handle, allowHalfOpen: true, onread: this.onread } as object), rest };
  }
}
