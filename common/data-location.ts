/** Where data may lie: a path of the machine that reads them, or a URL of https or S3. Nothing is looked for here. */

const scheme = /^([a-z][a-z0-9+.-]*):\/\//i;
const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/;
const archive = /\.(tar|tar\.gz|tgz|zip)$/i;

/** Whether it is a URL, right or wrong. */
export function isRemote(location: string): boolean {
  return scheme.test(location);
}

/** As messages show it: the query of a URL may be a signature that opens it. */
export function shownLocation(location: string): string {
  return isRemote(location) ? location.replace(/[?#].*$/s, (query) => `${query[0]}…`) : location;
}

/** The last part of the path, as a file is called that was brought from there; empty for one that ends with a slash. */
export function nameOfLocation(location: string): string {
  const path = isRemote(location) ? location.replace(scheme, '').replace(/[?#].*$/s, '') : location;
  const name = path.slice(path.lastIndexOf('/') + 1);
  try {
    return isRemote(location) ? decodeURIComponent(name) : name;
  } catch {
    return name;
  }
}

export function isArchive(name: string): boolean {
  return archive.test(name);
}

/** What is wrong with a URL, in words; undefined for a right one, and for every path. */
export function locationProblem(location: string, hasChecksum: boolean): string | undefined {
  const name = scheme.exec(location)?.[1]?.toLowerCase();
  if (name === undefined) return undefined;
  if (name === 's3') return s3Problem(location);
  if (name !== 'https' && name !== 'http') {
    return `${name}:// is not known, only https:// and s3://; data that are mounted are named by their path`;
  }
  const url = URL.canParse(location) ? new URL(location) : undefined;
  if (!url) return 'is no URL';
  if (url.username !== '' || url.password !== '') {
    return 'has a user name or password in it, which would be kept with the run; s3:// takes keys from the environment';
  }
  if (name === 'http' && !loopback.test(url.hostname) && !hasChecksum) {
    return 'http:// can be changed on its way: use https://, or give data.sha256';
  }
  return undefined;
}

function s3Problem(location: string): string | undefined {
  const { bucket, key } = s3Place(location);
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    return `'${bucket}' is no name of a bucket: s3://bucket/prefix`;
  return key.includes('//') || /(^|\/)\.\.?(\/|$)/.test(key) ? `'${key}' is no prefix of files` : undefined;
}

/** Keys are written as they are, without %-escapes. */
export function s3Place(location: string): { bucket: string; key: string } {
  const path = location.replace(scheme, '');
  const end = path.indexOf('/');
  return end < 0 ? { bucket: path, key: '' } : { bucket: path.slice(0, end), key: path.slice(end + 1) };
}
