/**
 * SHA-256 of the files of a data set. Kept in the cache folder for as long as size, times and inode stay as they are,
 * because hashing gigabytes at every start would take longer than it is worth.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cacheFolder } from '../../../common/cache-folder.js';
import { Pace } from '../pace.js';

export interface HashedFile {
  /** Relative to the folder. */
  name: string;
  bytes: number;
  /** Hexadecimal. */
  sha256: string;
}

const filesAtOnce = 4;
const sliceBytes = 1 << 20;
/** Of data sets with more files, all are hashed every time. */
const rememberedMax = 200_000;
const memoriesMax = 64;
/** A file may change again within the tick of its clock, and look as before. */
const settledMs = 2000;

/** In the order of `names`. Errors: of the file system. */
export async function hashFiles(folder: string, names: string[], signal?: AbortSignal): Promise<HashedFile[]> {
  // One file is remembered by itself, so that others of its folder do not push it out.
  const memory = await Memory.open(names.length === 1 ? join(folder, names[0] ?? '') : folder);
  const hashed: HashedFile[] = [];
  let next = 0;
  const hashSome = async () => {
    for (let index = next++; index < names.length; index = next++) {
      const name = names[index] ?? '';
      hashed[index] = await hashOne(join(folder, name), name, memory, signal);
    }
  };
  await Promise.all(Array.from({ length: filesAtOnce }, hashSome));
  await memory.save(names);
  return hashed;
}

async function hashOne(path: string, name: string, memory: Memory, signal?: AbortSignal): Promise<HashedFile> {
  signal?.throwIfAborted();
  const { size, mtimeNs, ctimeNs, ino, ctimeMs } = await stat(path, { bigint: true });
  const state = [size, mtimeNs, ctimeNs, ino].join(' ');
  const known = memory.get(name, state);
  const sha256 = known ?? (await sha256Of(path, signal));
  if (Date.now() - Number(ctimeMs) > settledMs) memory.set(name, state, sha256);
  return { name, bytes: Number(size), sha256 };
}

/** Hexadecimal. In slices, between which heartbeats are served. */
export async function sha256Of(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const pace = new Pace();
  await pipeline(
    createReadStream(path, { highWaterMark: sliceBytes }),
    async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        hash.update(chunk);
        if (pace.due()) await pace.breathe();
      }
    },
    { signal },
  );
  return hash.digest('hex');
}

/** A file of lines `sha256 size mtime ctime inode name` for one folder or file. Only ever a shortcut. */
class Memory {
  private changed = false;

  private constructor(
    private readonly file: string,
    private readonly known: Map<string, { state: string; sha256: string }>,
  ) {}

  static async open(path: string): Promise<Memory> {
    const file = join(cacheFolder(), 'hashes', `${createHash('sha256').update(path).digest('hex').slice(0, 32)}.txt`);
    const text = await readFile(file, 'utf8').catch(() => '');
    const lines = text.matchAll(/^([0-9a-f]{64}) (\d+ \d+ \d+ \d+) (.+)$/gm);
    return new Memory(
      file,
      new Map([...lines].map(([, sha256 = '', state = '', name = '']) => [name, { state, sha256 }])),
    );
  }

  get(name: string, state: string): string | undefined {
    const known = this.known.get(name);
    return known?.state === state ? known.sha256 : undefined;
  }

  set(name: string, state: string, sha256: string): void {
    if (this.get(name, state) === sha256 || name.includes('\n')) return;
    this.known.set(name, { state, sha256 });
    this.changed = true;
  }

  /** What is not among the names any more is forgotten. */
  async save(names: string[]): Promise<void> {
    const now = new Date();
    if (!this.changed) await utimes(this.file, now, now).catch(() => undefined);
    if (!this.changed || names.length > rememberedMax) return;
    const part = `${this.file}.${randomBytes(6).toString('hex')}.part`;
    const lines = names.flatMap((name) => {
      const known = this.known.get(name);
      return known ? [`${known.sha256} ${known.state} ${name}\n`] : [];
    });
    try {
      const folder = join(cacheFolder(), 'hashes');
      await mkdir(folder, { recursive: true });
      await writeFile(part, lines.join(''));
      await rename(part, this.file);
      await removeOldest(folder);
    } catch {
      // A full or read-only disk costs time at the next start, and nothing else.
      await rm(part, { force: true }).catch(() => undefined);
    }
  }
}

async function removeOldest(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.txt'));
  if (names.length <= memoriesMax) return;
  const files = await Promise.all(
    names.map(async (name) => ({ name, usedAt: (await stat(join(folder, name))).mtimeMs })),
  );
  const old = files.toSorted((left, right) => right.usedAt - left.usedAt).slice(memoriesMax);
  await Promise.all(old.map(async ({ name }) => await rm(join(folder, name), { force: true })));
}
