/** Whether a request may use the HTTP API. It knows headers and tokens, and nothing of routes. */
import type { IncomingHttpHeaders } from 'node:http';
import { PolyakError } from '../../common/errors.js';
import type { CertificateRole } from '../../common/tls/certificate-role.js';
import { textOf } from '../../common/tls/method-roles.js';
import { ApiError } from './api-error.js';
import type { ApiScope, ApiTokens } from './api-tokens.js';

export interface ApiPlace {
  /** Where it listens. */
  host: string;
  tokens: ApiTokens | undefined;
  scheme: 'http' | 'https';
}

const rolesFor: Record<ApiScope, readonly CertificateRole[]> = {
  read: ['admin', 'reader', 'external'],
  admin: ['admin'],
};

/**
 * `roles` are of the client's certificate, undefined where none is asked for. Errors: 401 without a token that is known, 403 for
 * what the token, the place or the browser's page does not allow.
 */
export function assertAccess(
  { host, tokens, scheme }: ApiPlace,
  headers: IncomingHttpHeaders,
  scope: ApiScope,
  roles?: ReadonlySet<CertificateRole>,
): void {
  // A browser gives a certificate to every page's requests, so the page must be ours.
  if (roles && rolesFor[scope].some((role) => roles.has(role))) return assertOwnPage(headers, scheme, scope);
  if (tokens) return assertToken(tokens, headers.authorization, scope);
  if (roles) return refuseWithout(roles, scope);
  if (isLoopback(host)) {
    const asked = hostNameOf(headers.host ?? '');
    // A name that somebody else's DNS points here would give a web page our answers.
    if (!isLoopback(asked))
      throw new PolyakError(
        'refused',
        `the header Host names '${asked}'; without --api-tokens it must be 127.0.0.1, [::1] or localhost`,
      );
  } else if (scope === 'admin') {
    throw new PolyakError(
      'refused',
      `the coordinator listens on ${host}, where others reach it; changes need --api-tokens FILE`,
    );
  }
  assertOwnPage(headers, scheme, scope);
}

/** A page of another site can send a POST without asking. */
function assertOwnPage({ origin, host }: IncomingHttpHeaders, scheme: ApiPlace['scheme'], scope: ApiScope): void {
  if (scope === 'admin' && origin !== undefined && origin !== `${scheme}://${host}`)
    throw new PolyakError('refused', `a page of ${origin} may change nothing here without --api-tokens FILE`);
}

function refuseWithout(roles: ReadonlySet<CertificateRole>, scope: ApiScope): never {
  const wanted = rolesFor[scope].map((role) => `polyak:${role}`).join(' or ');
  const way = `needs a client certificate with the URI ${wanted}, or a token where --api-tokens FILE gives some`;
  if (roles.size === 0) throw new ApiError(401, 'unauthorised', `the request ${way}`);
  throw new PolyakError('refused', `the client's certificate has ${textOf(roles)}; the request ${way}`);
}

function assertToken(tokens: ApiTokens, authorization: string | undefined, scope: ApiScope): void {
  const token = /^Bearer +(?<token>\S+)$/i.exec(authorization ?? '')?.groups?.['token'];
  const known = token === undefined ? undefined : tokens.scopeOf(token);
  if (known === undefined)
    throw new ApiError(401, 'unauthorised', "the header 'Authorization: Bearer TOKEN' needs a token of --api-tokens");
  if (scope === 'admin' && known !== 'admin')
    throw new PolyakError('refused', "this token's scope is read; a change needs one of scope admin");
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** `[::1]:80` is `::1`. */
export function hostNameOf(authority: string): string {
  return authority
    .toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');
}
