/**
 * What stands between a port and its services where connections are secured: it takes an accepted socket through TLS, and
 * gives on only those whose client is who it must be. The others are told why.
 */
import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { PolyakError } from '../errors.js';
import { rolesOf, type CertificateRole } from './certificate-role.js';
import { refusalOf } from './certificate-verdict.js';
import type { Refusals } from './refusals.js';
import { refuseConnection } from './refuse-connection.js';
import type { TlsFiles, TlsMaterial } from './tls-files.js';

export interface SecureDoorOptions {
  tls: TlsFiles;
  refusals: Refusals;
}

const handshakeMsMax = 10_000;
/** The first byte of every TLS connection: a record of a handshake. */
const handshakeRecord = 22;

/**
 * Answers with what takes a plain socket that has just been accepted. Who enters has the roles of its certificate; undefined
 * where none is asked for, and everybody may do everything.
 */
export function secureDoor(
  { tls, refusals }: SecureDoorOptions,
  enter: (socket: TLSSocket, roles: ReadonlySet<CertificateRole> | undefined) => void,
): (accepted: Socket) => void {
  let used: TlsMaterial = tls.current();
  const server = createServer({
    ...used.options,
    ...{ ALPNProtocols: ['h2'], handshakeTimeout: handshakeMsMax },
    // Who is refused is told why, so the handshake goes through, and the verdict is ours: `refusalOf` below.
    ...{ requestCert: tls.isMutual, rejectUnauthorized: false },
  });
  server.on('secureConnection', (socket) => {
    const refusal = tls.isMutual ? refusalOf(socket) : undefined;
    if (!refusal) return enter(socket, tls.isMutual ? rolesOf(socket.getPeerCertificate().subjectaltname) : undefined);
    refusals.add(refusal.reason, peerOf(socket), refusal.error.message);
    refuseConnection(socket, refusal.error);
  });
  server.on('tlsClientError', (error, socket) => {
    refusals.add('handshake', peerOf(socket), error.message);
    socket.destroy();
  });
  return (accepted) => {
    accepted.on('error', () => accepted.destroy());
    readFirstByte(accepted, (byte) => {
      if (byte !== handshakeRecord) {
        const message =
          'the port speaks TLS only: give --tls-authority FILE, and --tls-certificate FILE and --tls-key FILE where it asks for them';
        refusals.add('no tls', peerOf(accepted), message);
        refuseConnection(accepted, new PolyakError('refused', message));
        return;
      }
      const current = tls.current();
      if (current !== used) {
        used = current;
        server.setSecureContext(current.options);
      }
      server.emit('connection', accepted);
    });
  };
}

function readFirstByte(socket: Socket, then: (byte: number) => void): void {
  const late = setTimeout(() => socket.destroy(), handshakeMsMax);
  socket.once('close', () => clearTimeout(late));
  const read = () => {
    const first = socket.read(1) as Buffer | null;
    if (first === null) return;
    clearTimeout(late);
    socket.off('readable', read).off('end', leave);
    socket.unshift(first);
    then(first[0] ?? 0);
  };
  const leave = () => void socket.destroy();
  socket.on('readable', read).once('end', leave);
}

export function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}
