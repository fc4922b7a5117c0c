import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { PolyakError, type ErrorCode } from '../../common/errors.js';

test('an error has the number that gRPC has for its status', () => {
  const statusOf = (code: ErrorCode) => status[new PolyakError(code, '').grpcStatus];
  const codes: ErrorCode[] = [
    'usage',
    'data',
    'training',
    'unreachable',
    'refused',
    'exhausted',
    'interrupted',
    'internal',
  ];
  expect(codes.map(statusOf)).toEqual([
    'INVALID_ARGUMENT',
    'FAILED_PRECONDITION',
    'ABORTED',
    'UNAVAILABLE',
    'PERMISSION_DENIED',
    'RESOURCE_EXHAUSTED',
    'CANCELLED',
    'INTERNAL',
  ]);
});
