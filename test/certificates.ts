/** Authorities and certificates for tests, made by openssl in a folder of its own. Keys are of the curve P-256. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CertificateRole } from '../common/tls/certificate-role.js';
import type { TlsOptions } from '../common/tls/tls-options.js';

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

interface Asked {
  /** Where its owner is reached. */
  place?: string;
  /** Days that it is valid from now; negative: it has been so long over. */
  days?: number;
  usage?: string;
  /** Common name. */
  name?: string;
}

export class TestAuthority {
  private made = 0;

  private constructor(
    private readonly folder: string,
    readonly name: string,
  ) {
    this.openssl(
      ...['req', '-x509', ...curve, '-subj', `/CN=${name}`, '-days', '30'],
      ...['-keyout', this.path('authority.key'), '-out', this.certificate],
      ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
    );
  }

  static make(name = 'Polyak test authority'): TestAuthority {
    return new TestAuthority(mkdtempSync(join(tmpdir(), 'polyak-authority-')), name);
  }

  /** Of its own. */
  get certificate(): string {
    return this.path('authority.pem');
  }

  /** A certificate of the roles, and whom its owner is to trust. */
  issue(roles: readonly (CertificateRole | 'nobody')[], asked: Asked = {}): Required<TlsOptions> {
    const {
      place = 'IP:127.0.0.1,DNS:localhost',
      days = 30,
      usage = 'serverAuth,clientAuth',
      name = roles.join('-'),
    } = asked;
    const stem = this.path(`${roles.join('-')}-${(this.made += 1)}`);
    const files = { certificate: `${stem}.pem`, key: `${stem}.key`, authority: this.certificate };
    this.openssl(
      ...['req', '-new', ...curve, '-utf8', '-subj', `/CN=${name}`, '-keyout', files.key, '-out', `${stem}.csr`],
    );
    const alternatives = [place, ...roles.map((role) => `URI:polyak:${role}`)];
    writeFileSync(`${stem}.ext`, `subjectAltName=${alternatives.join(',')}\nextendedKeyUsage=${usage}\n`);
    this.openssl(
      ...['x509', '-req', '-in', `${stem}.csr`, '-CA', this.certificate, '-CAkey', this.path('authority.key')],
      ...['-CAcreateserial', '-days', String(days), '-extfile', `${stem}.ext`, '-out', files.certificate],
    );
    return files;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private path(name: string): string {
    return join(this.folder, name);
  }

  private openssl(...args: string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe' });
  }
}

/** As a command takes them. */
export function tlsArguments({ certificate, key, authority }: TlsOptions): string[] {
  return [
    ...(certificate === undefined ? [] : ['--tls-certificate', certificate]),
    ...(key === undefined ? [] : ['--tls-key', key]),
    ...(authority === undefined ? [] : ['--tls-authority', authority]),
  ];
}
