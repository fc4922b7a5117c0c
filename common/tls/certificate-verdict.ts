/** Why a client's certificate is not accepted, and what would be right. */
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { PolyakError } from '../errors.js';
import type { RefusalReason } from './refusals.js';

export interface Refusal {
  reason: RefusalReason;
  error: PolyakError;
}

const expired = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);
const nameMax = 100;

/** Undefined where it is accepted. The socket's handshake is over. */
export function refusalOf(socket: TLSSocket): Refusal | undefined {
  if (socket.authorized) return undefined;
  const certificate = socket.getPeerCertificate() as Partial<PeerCertificate>;
  // What Node says of it is a code, whatever its type.
  const code = String(socket.authorizationError);
  const refusal = (reason: RefusalReason, message: string) => ({ reason, error: new PolyakError('refused', message) });
  if (!certificate.raw) {
    return refusal(
      'no certificate',
      'the port asks for a client certificate: give --tls-certificate FILE and --tls-key FILE, or POLYAK_TLS_CERTIFICATE and POLYAK_TLS_KEY',
    );
  }
  const who = `the client's certificate of '${nameOf(certificate)}'`;
  if (expired.has(code)) {
    return refusal(
      'expired',
      `${who} is valid from ${certificate.valid_from} to ${certificate.valid_to}: renew its file, which is read again without a restart`,
    );
  }
  const why = code === 'INVALID_PURPOSE' ? 'is not meant for clients (extendedKeyUsage clientAuth)' : 'is not trusted';
  return refusal(
    'authority',
    `${who} ${why} (${code}): use one that was signed by an authority in the --tls-authority FILE of who serves`,
  );
}

function nameOf({ subject }: Partial<PeerCertificate>): string {
  // By whole letters: half a pair of surrogates could not be encoded.
  return Array.from(String(subject?.CN ?? ''))
    .slice(0, nameMax)
    .join('');
}
