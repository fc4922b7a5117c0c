/**
 * Every error that a user or a peer may meet, as one table: code, exit code of the command line, and gRPC status.
 * Programmer errors are not here; they are plain assertions.
 */
import { status } from '@grpc/grpc-js';

const table = {
  /** The experiment file, a flag or a request is wrong. */
  usage: { exitCode: 2, grpc: status.INVALID_ARGUMENT },
  /** A data file is missing, torn or not what the experiment says. */
  data: { exitCode: 3, grpc: status.FAILED_PRECONDITION },
  /** Training ended in a way that no retry mends: it diverged, or a lease failed everywhere. */
  training: { exitCode: 4, grpc: status.ABORTED },
  /** A process of the cluster cannot be reached. */
  unreachable: { exitCode: 5, grpc: status.UNAVAILABLE },
  /** The sender speaks for a trial, an incarnation or a process that has been replaced. */
  fenced: { exitCode: 1, grpc: status.FAILED_PRECONDITION },
  /** The worker's arithmetic differs from the one recorded with the trial. */
  fingerprint: { exitCode: 1, grpc: status.FAILED_PRECONDITION },
  /** The peer does not allow it: a certificate is missing, not trusted or of another role; or a worker runs no modules. */
  refused: { exitCode: 1, grpc: status.PERMISSION_DENIED },
  /** A message from the network breaks the protocol. */
  protocol: { exitCode: 1, grpc: status.INVALID_ARGUMENT },
  /** A limit would be passed: memory, message size, credits. */
  exhausted: { exitCode: 1, grpc: status.RESOURCE_EXHAUSTED },
  /** TensorFlow's library or a tool to build it is missing. */
  setup: { exitCode: 2, grpc: status.FAILED_PRECONDITION },
  /** A run ended at a checkpoint because somebody asked for it; it can be resumed. */
  interrupted: { exitCode: 130, grpc: status.CANCELLED },
  internal: { exitCode: 1, grpc: status.INTERNAL },
} as const;

export type ErrorCode = keyof typeof table;

/** An error whose message names the offending value, where it came from, and what would be right. */
export class PolyakError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'PolyakError';
  }

  get exitCode(): number {
    return table[this.code].exitCode;
  }

  /** @internal */
  get grpcStatus(): status {
    return table[this.code].grpc;
  }
}

export function isErrorCode(code: string): code is ErrorCode {
  return code in table;
}
