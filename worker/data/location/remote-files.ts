/** The files that a remote location consists of, as its server tells them: names, sizes, and what their bytes are known by. */
import { PolyakError } from '../../../common/errors.js';
import { nameOfLocation, s3Place, shownLocation } from '../../../common/data-location.js';
import {
  codeOf,
  validatorOf,
  webTarget,
  withRetries,
  withoutSilence,
  type RemoteTarget,
} from '../../../common/remote/http.js';
import { S3 } from '../../../common/remote/s3.js';
import { namesIn, type WantedName } from './source-files.js';

export interface RemoteFile {
  /** Relative to the location. */
  name: string;
  target: RemoteTarget;
  /** Of its bytes, where the server's ETag is one. */
  md5?: string;
}

export interface Remote {
  files: RemoteFile[];
  /** One file that the location names, not several below it. */
  isFile: boolean;
}

/**
 * `source` says what a folder of it holds, since a web server does not list. Errors: `data` for what is not there or is
 * refused, and for a host that does not exist; `unreachable`.
 */
export async function listRemote(location: string, source: string, signal?: AbortSignal): Promise<Remote> {
  if (location.startsWith('s3://')) return await listS3(location, signal);
  try {
    if (!pathOf(location).endsWith('/')) return { files: [await requireWebFile(location, signal)], isFile: true };
    return { files: await listWebFolder(location, source, signal), isFile: false };
  } catch (error) {
    if (codeOf((error as Error).cause) !== 'ENOTFOUND') throw error;
    const { host } = new URL(location);
    throw new NoHost('data', `${shownLocation(location)}: there is no host '${host}'`, { cause: error });
  }
}

/** The name is wrong, or this machine has no network. */
class NoHost extends PolyakError {}

/** What is in the cache may be used instead: the server was not there to say that it has something else. */
export function isAway(error: unknown): boolean {
  return error instanceof NoHost || (error instanceof PolyakError && error.code === 'unreachable');
}

async function listS3(location: string, signal?: AbortSignal): Promise<Remote> {
  const s3 = S3.fromEnvironment();
  const { bucket, key } = s3Place(location);
  const objects = await s3.list(bucket, key, signal);
  const folder = key === '' || key.endsWith('/') ? key : `${key}/`;
  const exact = objects.find((object) => object.key === key && key !== '' && !key.endsWith('/'));
  // Folders that a console has made are objects too, empty ones whose names end with a slash.
  const below = objects.filter((object) => object.key.startsWith(folder) && !object.key.endsWith('/'));
  const found = exact ? [exact] : below;
  if (found.length === 0) throw new PolyakError('data', `${location}: there is no such object, and none below it`);
  const files = found.map((object): RemoteFile => {
    const name = exact ? nameOfLocation(key) : object.key.slice(folder.length);
    if (/(^|\/)\.{0,2}(\/|$)/.test(name))
      throw new PolyakError('data', `${location}: '${object.key}' is no name of a file`);
    const md5 = /^"([0-9a-f]{32})"$/.exec(object.etag)?.[1];
    return { name, target: s3.object(bucket, object), ...(md5 !== undefined && { md5 }) };
  });
  return { files, isFile: exact !== undefined };
}

async function listWebFolder(location: string, source: string, signal?: AbortSignal): Promise<RemoteFile[]> {
  const files: RemoteFile[] = [];
  for (const wanted of namesIn(source) ?? []) {
    const file = await firstOf(location, wanted, signal);
    if (file) files.push(file);
    else if (!wanted.optional) {
      throw new PolyakError('data', `${shownLocation(location)}: has none of ${wanted.names.join(', ')}`);
    }
  }
  return files;
}

async function firstOf(location: string, { names }: WantedName, signal?: AbortSignal): Promise<RemoteFile | undefined> {
  for (const name of names) {
    const url = new URL(location);
    url.pathname += name;
    const file = await webFile(url.href, signal);
    if (file) return { ...file, name };
  }
  return undefined;
}

async function requireWebFile(location: string, signal?: AbortSignal): Promise<RemoteFile> {
  const file = await webFile(location, signal);
  if (file) return file;
  throw new PolyakError('data', `${shownLocation(location)}: the server answered 404, there is no such file`);
}

/** Asks for the first byte, because a signed URL is signed for GET. Undefined for a file that is not there. */
async function webFile(url: string, signal?: AbortSignal): Promise<RemoteFile | undefined> {
  const target = webTarget(url, shownLocation(url), '');
  const noProgress = async () => await Promise.resolve(0);
  const response = await withRetries(target, signal, noProgress, async () =>
    withoutSilence(signal, async (unlessSilent) => {
      const answer = await fetch(await target.request({ range: 'bytes=0-0' }), { signal: unlessSilent });
      if (!answer.ok && answer.status !== 404 && answer.status !== 416) throw await target.refusal(answer);
      await answer.body?.cancel();
      return answer;
    }),
  );
  if (response.status === 404) return undefined;
  const validator = validatorOf(response.headers);
  const bytes = bytesOf(response);
  const known = { ...(validator !== undefined && { validator }), ...(bytes !== undefined && { bytes }) };
  return { name: nameOfLocation(url), target: { ...target, ...known } };
}

/** Of the whole, where the server says it. */
function bytesOf({ status, headers }: Response): number | undefined {
  const text =
    status === 200 ? headers.get('content-length') : /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1];
  return text === null || text === undefined || headers.has('content-encoding') ? undefined : Number(text);
}

function pathOf(location: string): string {
  return new URL(location).pathname;
}
