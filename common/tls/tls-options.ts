/** The files by which connections are secured, as flags, variables and the library name them. It reads none of them. */
import { PolyakError } from '../errors.js';

export interface TlsOptions {
  /** File of the process's own certificate, PEM; those of intermediate authorities may follow in it. */
  certificate?: string | undefined;
  /** File of its private key, PEM, without a passphrase. */
  key?: string | undefined;
  /**
   * File of the authorities whose certificates are trusted, PEM. A process that serves asks for a client's certificate then;
   * one that calls trusts the public authorities without it.
   */
  authority?: string | undefined;
}

/** How each is given, for messages. */
export const tlsFlags = {
  certificate: '--tls-certificate',
  key: '--tls-key',
  authority: '--tls-authority',
} as const satisfies Record<keyof TlsOptions, string>;

/** What is empty counts as not given; undefined where nothing is. Errors: `usage` for half a pair. */
export function givenTls({ certificate, key, authority }: TlsOptions = {}): TlsOptions | undefined {
  const given = {
    ...(certificate && { certificate }),
    ...(key && { key }),
    ...(authority && { authority }),
  };
  if (Object.keys(given).length === 0) return undefined;
  if (Boolean(certificate) !== Boolean(key)) {
    const [there, missing] = certificate ? (['certificate', 'key'] as const) : (['key', 'certificate'] as const);
    throw new PolyakError(
      'usage',
      `${tlsFlags[there]} '${given[there]}': it needs ${tlsFlags[missing]} FILE too, the other half of the pair`,
    );
  }
  return given;
}
