/**
 * What a certificate's owner is: a URI among its subject's alternative names, such as `polyak:worker`, or the DNS name
 * `worker.role.polyak.invalid`. One certificate may have several roles. What a role may do stands in method-roles.ts.
 */
export const certificateRoles = ['coordinator', 'server', 'worker', 'admin', 'reader', 'external'] as const;
export type CertificateRole = (typeof certificateRoles)[number];

const scheme = 'URI:polyak:';
/** For authorities that sign no URIs, as Helm's. Nobody is ever reached at a name below `invalid` (RFC 6761). */
const domain = '.role.polyak.invalid';

/** Of the text that Node makes of the alternative names: `DNS:a, URI:polyak:worker`, where odd values stand in quotes. */
export function rolesOf(subjectAltName: string | undefined): ReadonlySet<CertificateRole> {
  const names = (subjectAltName ?? '').match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  const claimed = new Set(names.map((name) => name.trim()));
  return new Set(certificateRoles.filter((role) => claimed.has(scheme + role) || claimed.has(`DNS:${role}${domain}`)));
}
