/**
 * Counts and logs the messages that are larger than their receiver takes, and tells who sent one so. That they are refused at
 * all, before they are read, is gRPC's doing.
 */
import grpc from '@grpc/grpc-js';
import { PolyakError } from './errors.js';
import { toServiceError } from './rpc.js';
import type { Refusals } from './tls/refusals.js';

/** The first of a server's interceptors, whose call is gRPC's own. */
export function messageSizeGuard(refusals: Refusals, bytesMax: number): grpc.ServerInterceptor {
  return ({ path }, call) => {
    const send = call.sendStatus.bind(call);
    // No interceptor is asked about what was not read: gRPC answers by this very method of its own.
    call.sendStatus = (status) => {
      if (!isTooLarge(status)) return send(status);
      const error = new PolyakError(
        'exhausted',
        `${path.slice(1)}: the message is too large (${status.details}); the most is ${bytesMax} bytes`,
      );
      refusals.add('too large', call.getPeer(), error.message);
      send(toServiceError(error));
    };
    return new grpc.ServerInterceptingCall(call);
  };
}

type Status = Parameters<grpc.ServerInterceptingCallInterface['sendStatus']>[0];

function isTooLarge({ code, details, metadata }: Status): boolean {
  if (code !== grpc.status.RESOURCE_EXHAUSTED || (metadata?.get('polyak-error').length ?? 0) > 0) return false;
  return /^Received message (?:larger than max|that decompresses to a size larger)/.test(details);
}
