/** A stream of messages in both directions, whatever carries it: a gRPC call, or a plain socket. */
export interface MessageStream<Sent, Received> {
  /** `taken` is called when the transport has taken the message; its floats must not change before the peer has it. */
  write(message: Sent, taken?: () => void): unknown;
  /** Nothing more will be sent; the peer may still send. */
  end(): unknown;
  on(event: 'data', listener: (message: Received) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** `end`: the peer has ended its side in order. `cancelled`: a client has gone, seen by the server only. */
  on(event: 'end' | 'cancelled', listener: () => void): unknown;
}

/** The side that called. */
export interface ClientStream<Sent, Received> extends MessageStream<Sent, Received> {
  /** Ends both directions at once, with an error event. */
  cancel(): void;
}

/** The side that was called. */
export interface ServerStream<Sent, Received> extends MessageStream<Sent, Received> {
  readonly cancelled: boolean;
  readonly writableEnded: boolean;
  /** Ends both directions, and tells the peer why. */
  fail(error: unknown): void;
}
