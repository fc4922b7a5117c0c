/**
 * What is wrong with a connection's TLS, seen by who calls: OpenSSL's and Node's words turned into what to do. Only what does
 * not pass by itself: a peer that goes away in the middle of a handshake may come back.
 */
const problems: readonly (readonly [RegExp, string])[] = [
  [
    /self-signed certificate|unable to verify|unable to get (?:local )?issuer|UNABLE_TO_|SELF_SIGNED/i,
    'its certificate was not issued by an authority that is trusted here: give the one that signed it as --tls-authority FILE (or POLYAK_TLS_AUTHORITY)',
  ],
  [/certificate has expired|CERT_HAS_EXPIRED/i, 'its certificate has expired: it must be renewed there'],
  [
    /certificate is not yet valid|CERT_NOT_YET_VALID/i,
    'its certificate is not valid yet: is the time right, here and there?',
  ],
  [
    /does not match certificate's altnames|ERR_TLS_CERT_ALTNAME_INVALID/i,
    'its certificate is for other addresses: it must have the address that is called among its alternative names (DNS: or IP:)',
  ],
  [
    /unsupported certificate purpose|INVALID_PURPOSE/i,
    'its certificate is not meant for servers (extendedKeyUsage serverAuth)',
  ],
  [
    /wrong version number|packet length too long/i,
    'it does not answer with TLS: leave --tls-certificate, --tls-key and --tls-authority (and POLYAK_TLS_…) out, or start it with them',
  ],
];

/** Undefined where it is another matter. */
export function connectionProblem(text: string): string | undefined {
  const found = problems.find(([pattern]) => pattern.test(text));
  return found && `${found[1]} (${text.replace(/\s*Resolution note: $/, '')})`;
}
