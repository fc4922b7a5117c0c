/** Asks of every gRPC call whether the client's certificate has a role that may make it; the table is method-roles.ts. */
import grpc from '@grpc/grpc-js';
import { toServiceError } from '../rpc.js';
import { rolesOf, type CertificateRole } from './certificate-role.js';
import { refusalOf } from './method-roles.js';
import type { Refusals } from './refusals.js';

type Authenticated = Pick<grpc.ServerInterceptingCallInterface, 'getAuthContext'>;

/** A call that may not be made is answered before its first message is read. */
export function roleGuard(refusals: Refusals): grpc.ServerInterceptor {
  return ({ path }, call) => {
    const error = refusalOf(path, callerRoles(call) ?? new Set());
    if (!error) return new grpc.ServerInterceptingCall(call);
    const { remoteAddress = '', remotePort = '' } = call.getConnectionInfo();
    refusals.add('role', `${remoteAddress}:${remotePort}`, error.message);
    const responder = new grpc.ResponderBuilder().withStart(() => call.sendStatus(toServiceError(error))).build();
    return new grpc.ServerInterceptingCall(call, responder);
  };
}

/** Undefined where clients have no certificates, and so no roles. */
export function callerRoles(call: Authenticated): ReadonlySet<CertificateRole> | undefined {
  const certificate = call.getAuthContext().sslPeerCertificate;
  return certificate && rolesOf(certificate.subjectaltname);
}
