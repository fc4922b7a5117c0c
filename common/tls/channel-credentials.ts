/** The credentials of a gRPC channel: none, or those of the files, which each new connection of the channel reads anew. */
import grpc from '@grpc/grpc-js';
import type { TlsFiles } from './tls-files.js';

export function channelCredentials(tls: TlsFiles | undefined): grpc.ChannelCredentials {
  if (!tls) return grpc.credentials.createInsecure();
  const files = new Files(tls);
  const identity = tls.current().certificate ? files : null;
  return grpc.experimental.createCertificateProviderChannelCredentials(files, identity);
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
