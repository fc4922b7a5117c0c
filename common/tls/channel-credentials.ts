/** The credentials of a gRPC channel: none, or those of the files, which each new connection of the channel reads anew. */
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import grpc from '@grpc/grpc-js';
import { splitAddress } from '../address.js';
import type { TlsFiles } from './tls-files.js';

export interface ChannelSecurity {
  credentials: grpc.ChannelCredentials;
  options: grpc.ChannelOptions;
}

/** grpc-js tells a server which of its names it wants, and takes an address for one, of which Node warns. */
const noName = 'polyak.invalid';

export function channelSecurity(address: string, tls: TlsFiles | undefined): ChannelSecurity {
  if (!tls) return { credentials: grpc.credentials.createInsecure(), options: {} };
  const files = new Files(tls);
  const identity = tls.current().certificate ? files : null;
  const { host } = splitAddress(address);
  const isNumber = isIP(host) !== 0;
  const identityCheck = {
    checkServerIdentity: (_: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate),
  };
  return {
    credentials: grpc.experimental.createCertificateProviderChannelCredentials(files, identity, identityCheck),
    options: isNumber ? { 'grpc.ssl_target_name_override': noName } : {},
  };
}

/** grpc-js asks what it was given for its members whenever it connects, so one update serves for ever. */
class Files implements grpc.experimental.CertificateProvider {
  constructor(private readonly tls: TlsFiles) {}

  addCaCertificateListener(listener: grpc.experimental.CaCertificateUpdateListener): void {
    const { tls } = this;
    listener({
      get caCertificate() {
        return tls.current().authority;
      },
    });
  }

  addIdentityCertificateListener(listener: grpc.experimental.IdentityCertificateUpdateListener): void {
    const { tls } = this;
    listener({
      get certificate() {
        return tls.current().certificate ?? Buffer.alloc(0);
      },
      get privateKey() {
        return tls.current().key ?? Buffer.alloc(0);
      },
    });
  }

  removeCaCertificateListener(): void {}
  removeIdentityCertificateListener(): void {}
}
