/** What a PostgreSQL server and the way to it say, as an error that says what to do. Passwords are in none of them. */
import { PolyakError, type ErrorCode } from '../../../common/errors.js';

/**
 * Whether it may go well when it is tried again: the connection was lost, the server is starting, stopping or has no place
 * for one more, this process slept in a transaction, or two transactions were in each other's way.
 */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof PolyakError) return false;
  const code = codeOf(error);
  if (code === undefined)
    return /Connection terminated|timeout|not queryable|was closed|connection is closed/i.test(error.message);
  return /^(08|57P0|53300|25P03|55P03|40001|40P01)/.test(code) || networkCodes.has(code);
}

/** `tried` says how often or how long, where it was. Errors of ours, and what only a mistake of ours can cause, stay. */
export function postgresError(store: string, error: unknown, tried = ''): Error {
  if (error instanceof PolyakError) return error;
  if (!(error instanceof Error)) return new Error(String(error));
  const [code, advice] = meaningOf(error);
  const message = messageOf(error);
  if (code === undefined) return new Error(`store '${store}': ${message}`, { cause: error });
  return new PolyakError(code, `store '${store}': ${message}${tried}; ${advice}`);
}

const networkCodes = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN'],
  ...['ENOTFOUND', 'ENOENT', 'EHOSTDOWN', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'],
]);

function meaningOf(error: Error): [ErrorCode, string] | [undefined, ''] {
  const code = codeOf(error) ?? '';
  if (isPassing(error)) return ['unreachable', 'is the server running, and are host and port right?'];
  if (/password|SASL|SCRAM/i.test(error.message) || code.startsWith('28')) {
    return ['usage', 'give the right user and password, in the URL, in PGPASSWORD or in a password file'];
  }
  if (/SSL|TLS|certificate/i.test(error.message)) return ['usage', 'choose what the server offers by ?sslmode='];
  if (code === '3D000') return ['usage', 'make the database with createdb first, or name another one'];
  if (code === '42501') return ['usage', 'give the user the right to it, or name another schema by ?schema='];
  if (code === '25006') return ['usage', 'name the server that may be written'];
  if (code === '53100')
    return ['exhausted', 'free some space on the disk of the server, then start the coordinator again'];
  if (code.startsWith('53')) return ['exhausted', 'give the server more of it, then start the coordinator again'];
  return [undefined, ''];
}

/** Where a name has several addresses, each of them has failed; the first says why. */
function codeOf(error: Error): string | undefined {
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return code;
  return error instanceof AggregateError && error.errors[0] instanceof Error ? codeOf(error.errors[0]) : undefined;
}

function messageOf(error: Error): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return first instanceof Error ? first.message : error.message;
}
