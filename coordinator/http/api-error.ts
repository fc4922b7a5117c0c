/** Errors as the HTTP API answers them. What is not ours reaches nobody but the log. */
import { PolyakError, type ErrorCode } from '../../common/errors.js';

const statuses: Readonly<Record<ErrorCode, number>> = {
  usage: 400,
  protocol: 400,
  refused: 403,
  data: 409,
  training: 409,
  fingerprint: 409,
  lost: 409,
  exhausted: 429,
  internal: 500,
  // The process ends, or what it needs is not there: another attempt may find better.
  fenced: 503,
  interrupted: 503,
  disk: 503,
  setup: 503,
  unreachable: 503,
};

/** An answer that the table of errors has no line for: its own status and code. */
export class ApiError extends PolyakError {
  constructor(
    readonly status: number,
    readonly apiCode: string,
    message: string,
  ) {
    super('usage', message);
  }
}

export interface ApiFailure {
  status: number;
  body: { error: { code: string; message: string } };
  /** It is nobody's fault but ours, and belongs in the log. */
  isInternal: boolean;
}

export function failureOf(error: unknown): ApiFailure {
  if (error instanceof ApiError) return failure(error.status, error.apiCode, error.message);
  if (error instanceof PolyakError) return failure(statuses[error.code], error.code, error.message);
  // Fastify's own: a body that is too large, or no JSON.
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') {
    const { statusCode } = error;
    if (statusCode >= 400 && statusCode < 500) return failure(statusCode, 'usage', error.message);
  }
  return { ...failure(500, 'internal', 'internal error; the coordinator has it in its log'), isInternal: true };
}

function failure(status: number, code: string, message: string): ApiFailure {
  return { status, body: { error: { code, message } }, isInternal: false };
}
