/**
 * The certificate, key and authorities of this process, read again when their files change: each new connection gets what
 * lies there then, and those that are open stay as they are. It opens no connection.
 */
import { X509Certificate, constants } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext, rootCertificates, type SecureContext, type SecureContextOptions } from 'node:tls';
import { PolyakError } from '../errors.js';
import type { Logger } from '../log.js';
import { rolesOf, type CertificateRole } from './certificate-role.js';
import { givenTls, tlsFlags, type TlsOptions } from './tls-options.js';

/** What the files had in them when they were last whole. */
export interface TlsMaterial {
  certificate: Buffer | undefined;
  key: Buffer | undefined;
  /** Of the authorities that are trusted. */
  authority: Buffer;
  /** Of both sides of a connection. */
  options: SecureContextOptions;
  context: SecureContext;
}

type TlsFile = keyof TlsOptions;
const files = ['certificate', 'key', 'authority'] as const satisfies readonly TlsFile[];

export class TlsFiles {
  private material: TlsMaterial;
  private stamp: string;

  /** Errors: `usage`, naming the file and what is wrong with it. */
  private constructor(
    private readonly given: TlsOptions,
    private readonly log: Logger | undefined,
  ) {
    this.stamp = this.stampNow();
    this.material = read(given);
  }

  /** Undefined where no file is given. Errors: `usage`. */
  static open(options: TlsOptions | undefined, log?: Logger): TlsFiles | undefined {
    const given = givenTls(options);
    return given && new TlsFiles(given, log);
  }

  /** As a process that serves needs them. Errors: `usage` without a certificate. */
  static openServer(options: TlsOptions | undefined, log?: Logger): TlsFiles | undefined {
    const opened = TlsFiles.open(options, log);
    if (opened && opened.given.certificate === undefined) {
      throw new PolyakError(
        'usage',
        `${tlsFlags.authority} '${opened.given.authority}': who serves needs ${tlsFlags.certificate} FILE and ${tlsFlags.key} FILE too`,
      );
    }
    return opened;
  }

  /** Whether a client must have a certificate, too. */
  get isMutual(): boolean {
    return this.given.authority !== undefined;
  }

  /** Those of its own certificate. */
  get roles(): ReadonlySet<CertificateRole> {
    const { certificate } = this.current();
    return rolesOf(certificate && new X509Certificate(certificate).subjectAltName);
  }

  /**
   * What lies there now. While the files do not fit each other, as in the middle of an exchange, what was there before still
   * holds, and the log says so once.
   */
  current(): TlsMaterial {
    const stamp = this.stampNow();
    if (stamp === this.stamp) return this.material;
    this.stamp = stamp;
    try {
      this.material = read(this.given);
      this.log?.info({ certificate: this.given.certificate }, 'the files of TLS have changed and were read again');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.log?.warn({ reason }, 'the files of TLS have changed and cannot be used; those from before still hold');
    }
    return this.material;
  }

  /** Of `tls.connect`, besides the place. */
  callOptions(host: string): { secureContext: SecureContext; servername: string } {
    // An address is no name that a server may have several of.
    return { secureContext: this.current().context, servername: isIP(host) === 0 ? host : '' };
  }

  private stampNow(): string {
    return files.map((file) => stampOf(this.given[file])).join(' ');
  }
}

/** A link that is pointed elsewhere is another file. */
function stampOf(path: string | undefined): string {
  if (path === undefined) return '';
  try {
    const { ino, mtimeMs, size } = statSync(path);
    return `${ino}:${mtimeMs}:${size}`;
  } catch {
    return 'gone';
  }
}

function read(given: TlsOptions): TlsMaterial {
  const [certificate, key, authority] = files.map((file) => contentOf(file, given[file]));
  assertCertificate('certificate', given, certificate);
  assertCertificate('authority', given, authority);
  const options: SecureContextOptions = {
    ...{ cert: certificate, key, ca: authority ?? [...rootCertificates], minVersion: 'TLSv1.3' },
    // A session that is taken up again would not be checked against the authorities of today.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
  try {
    const context = createSecureContext(options);
    return { certificate, key, authority: authority ?? Buffer.from(rootCertificates.join('\n')), options, context };
  } catch (error) {
    // OpenSSL's reason has nothing of the key in it.
    const reason = error instanceof Error ? error.message : String(error);
    throw new PolyakError(
      'usage',
      `${tlsFlags.certificate} '${given.certificate}' and ${tlsFlags.key} '${given.key}' cannot be used (${reason}): the key must be the certificate's, PEM, without a passphrase`,
    );
  }
}

function contentOf(file: TlsFile, path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new PolyakError('usage', `${tlsFlags[file]} '${path}' cannot be read (${code})`);
  }
}

function assertCertificate(file: 'certificate' | 'authority', given: TlsOptions, content: Buffer | undefined): void {
  if (!content) return;
  try {
    new X509Certificate(content);
  } catch {
    throw new PolyakError(
      'usage',
      `${tlsFlags[file]} '${given[file]}' is no certificate: it must begin with -----BEGIN CERTIFICATE-----`,
    );
  }
}
