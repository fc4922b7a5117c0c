/**
 * Remote data on this machine: one entry per version of a location, published whole by a rename, and brought once for
 * all processes. What was used longest ago makes room for what comes, but never what a live process reads.
 *
 *     KEY/entry.json, KEY/content/…    an entry
 *     KEY.partial/                     what has arrived of one, from where the next process goes on
 *     KEY.work.HOST.PID.RANDOM/        the same, while that process brings it
 *     pins/KEY.HOST.PID.RANDOM         that process reads the entry
 *     KEY.lock, lock                   who brings it; who changes pins or removes entries
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { PolyakError } from '../../../common/errors.js';
import { isAlive, withLock } from '../../../common/lock-file.js';

const entrySchema = z.object({ location: z.string(), bytes: z.number(), root: z.string() });
const reservationFile = 'reserved-bytes';
/** A process of another machine that shares the folder cannot be asked whether it lives. */
const strangerMsMax = 24 * 3600 * 1000;

export interface CacheEntry {
  /** The file or folder that the location means. */
  path: string;
  /** From now on it may be removed. */
  release: () => Promise<void>;
}

export interface FillOptions {
  /** `keyOf` the location. */
  location: string;
  /** For messages. */
  shown: string;
  /** What will be there, as far as it is known. */
  bytes: number;
  /**
   * Puts the content into `content`, and may keep what has arrived of it beside that, in `arriving`. Answers with the
   * path in `content` that the location means.
   */
  bring: (folders: { content: string; arriving: string }) => Promise<string>;
  onWait: (owner: number) => void;
  signal?: AbortSignal;
}

interface Resident {
  name: string;
  bytes: number;
  usedAt: number;
  removable: boolean;
}

export class DataCache {
  constructor(
    readonly folder: string,
    readonly bytesMax: number,
  ) {}

  static keyOf(...parts: string[]): string {
    return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
  }

  /** The entry, pinned until it is released; undefined where there is none. */
  async take(key: string): Promise<CacheEntry | undefined> {
    await this.makeFolder();
    return await this.locked(async () => {
      const entry = join(this.folder, key, 'entry.json');
      const known = this.readEntry(key);
      if (!known) return undefined;
      const pin = join(this.folder, 'pins', `${key}.${owner()}`);
      writeFileSync(pin, '');
      const now = new Date();
      await utimes(entry, now, now).catch(() => undefined);
      return {
        path: join(this.folder, key, 'content', known.root),
        release: async () => await rm(pin, { force: true }),
      };
    });
  }

  /** The newest version that is here, for when the server cannot be asked. */
  async takeNewest(location: string): Promise<CacheEntry | undefined> {
    const residents = (await this.residents()).toSorted((left, right) => right.usedAt - left.usedAt);
    for (const { name } of residents) {
      if (this.readEntry(name)?.location !== location) continue;
      const entry = await this.take(name);
      if (entry) return entry;
    }
    return undefined;
  }

  /**
   * The entry, brought if it is not there; of many processes that ask, one brings it. Errors: `data` for what is larger
   * than the whole cache, `exhausted` where what is in use leaves no room, and those of `bring`.
   */
  async fill(key: string, options: FillOptions): Promise<CacheEntry> {
    await this.makeFolder();
    const task = async () => (await this.take(key)) ?? (await this.bring(key, options));
    return await withLock(join(this.folder, `${key}.lock`), options.onWait, task, options.signal);
  }

  private async bring(key: string, { location, shown, bytes, bring }: FillOptions): Promise<CacheEntry> {
    const work = await this.claim(key);
    const [content, arriving] = [join(work, 'content'), join(work, 'arriving')];
    try {
      await mkdir(arriving, { recursive: true });
      await this.reserve(work, shown, bytes);
      await rm(content, { recursive: true, force: true });
      await mkdir(content);
      const root = await bring({ content, arriving });
      await rm(arriving, { recursive: true });
      const size = await bytesIn(content);
      await this.reserve(work, shown, size);
      writeFileSync(join(work, 'entry.json'), JSON.stringify({ location, bytes: size, root }));
      await rm(join(work, reservationFile));
      await rename(work, join(this.folder, key));
    } catch (error) {
      // What has arrived is worth keeping; nothing, or a second one of another process, is not.
      const arrived = await bytesIn(arriving).catch(() => 0);
      if (arrived > 0) await rename(work, join(this.folder, `${key}.partial`)).catch(() => undefined);
      await rm(work, { recursive: true, force: true });
      throw error;
    }
    const entry = await this.take(key);
    if (!entry) throw new PolyakError('exhausted', `${shown}: was removed from ${this.folder} as soon as it was there`);
    return entry;
  }

  /** Makes a rest of an earlier process, or nothing, this one's own; a rename has one winner. */
  private async claim(key: string): Promise<string> {
    const own = join(this.folder, `${key}.work.${owner()}`);
    const rests = (await readdir(this.folder)).filter(
      (name) => name === `${key}.partial` || (name.startsWith(`${key}.work.`) && !this.isOwned(name)),
    );
    for (const rest of rests) {
      if (
        await rename(join(this.folder, rest), own).then(
          () => true,
          () => false,
        )
      )
        return own;
    }
    await mkdir(own);
    return own;
  }

  private async reserve(work: string, shown: string, bytes: number): Promise<void> {
    await this.locked(async () => {
      writeFileSync(join(work, reservationFile), '0');
      await this.makeRoom(shown, bytes);
      writeFileSync(join(work, reservationFile), String(bytes));
    });
  }

  private async makeRoom(shown: string, bytes: number): Promise<void> {
    const way = '--data-cache-bytes or POLYAK_DATA_CACHE_BYTES raises that';
    if (bytes > this.bytesMax) {
      const most = `the cache of data (${this.folder}) holds ${this.bytesMax} at most`;
      throw new PolyakError('data', `${shown}: has ${bytes} bytes, ${most}; ${way}`);
    }
    for (const name of await readdir(this.folder)) {
      if (name.startsWith('rubbish.')) await rm(join(this.folder, name), { recursive: true, force: true });
    }
    const residents = await this.residents();
    let total = residents.reduce((sum, resident) => sum + resident.bytes, 0);
    const removable = residents.filter((resident) => resident.removable);
    for (const { name, bytes: freed } of removable.toSorted((left, right) => left.usedAt - right.usedAt)) {
      if (total + bytes <= this.bytesMax) break;
      // Out of sight at once, however long the removing takes.
      const rubbish = join(this.folder, `rubbish.${randomBytes(6).toString('hex')}`);
      await rename(join(this.folder, name), rubbish);
      await rm(rubbish, { recursive: true, force: true });
      total -= freed;
    }
    if (total + bytes > this.bytesMax) {
      const used = `${total} of the ${this.bytesMax} bytes of the cache of data (${this.folder}) are in use`;
      throw new PolyakError('exhausted', `${shown}: has ${bytes} bytes, but ${used}; ${way}`);
    }
  }

  /** What takes room, and what may go. */
  private async residents(): Promise<Resident[]> {
    const pinned = await this.pinnedKeys();
    const names = existsSync(this.folder) ? await readdir(this.folder) : [];
    const residents = names.map(async (name): Promise<Resident | undefined> => {
      const folder = join(this.folder, name);
      const entry = this.readEntry(name);
      if (entry) {
        const { mtimeMs } = await stat(join(folder, 'entry.json'));
        return { name, bytes: entry.bytes, usedAt: mtimeMs, removable: !pinned.has(name) };
      }
      if (/^[0-9a-f]{32}\.(partial|work\.)/.test(name)) {
        const removable = name.endsWith('.partial') || !this.isOwned(name);
        const bytes = removable ? await bytesIn(folder) : reservedBytes(folder);
        return { name, bytes, usedAt: (await stat(folder)).mtimeMs, removable };
      }
      return undefined;
    });
    // One that has just gone takes no room.
    return (await Promise.all(residents.map(async (each) => await each.catch(() => undefined)))).flatMap(
      (each) => each ?? [],
    );
  }

  private readEntry(name: string): z.output<typeof entrySchema> | undefined {
    if (!/^[0-9a-f]{32}$/.test(name)) return undefined;
    try {
      return entrySchema.parse(JSON.parse(readFileSync(join(this.folder, name, 'entry.json'), 'utf8')));
    } catch {
      return undefined;
    }
  }

  private async pinnedKeys(): Promise<Set<string>> {
    const folder = join(this.folder, 'pins');
    const keys = new Set<string>();
    for (const name of existsSync(folder) ? await readdir(folder) : []) {
      if (this.isOwned(join('pins', name))) keys.add(name.split('.')[0] ?? '');
      else await rm(join(folder, name), { force: true });
    }
    return keys;
  }

  /** Whether the process that the name speaks of is there, as far as this machine can tell. */
  private isOwned(name: string): boolean {
    const [, host, pid] = /\.([0-9a-f]{8})\.(\d+)\.[0-9a-f]+$/.exec(name) ?? [];
    if (host === hostId) return isAlive(Number(pid));
    try {
      return Date.now() - statSync(join(this.folder, name)).mtimeMs < strangerMsMax;
    } catch {
      return false;
    }
  }

  private async makeFolder(): Promise<void> {
    await mkdir(join(this.folder, 'pins'), { recursive: true }).catch((error: unknown) => {
      const why = `the cache of data cannot be written: ${(error as Error).message}`;
      throw new PolyakError('data', `${this.folder}: ${why}; POLYAK_CACHE names another place`, { cause: error });
    });
  }

  private async locked<T>(task: () => Promise<T>): Promise<T> {
    return await withLock(join(this.folder, 'lock'), () => undefined, task);
  }
}

const hostId = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

function owner(): string {
  return `${hostId}.${process.pid}.${randomBytes(6).toString('hex')}`;
}

function reservedBytes(folder: string): number {
  try {
    return Number(readFileSync(join(folder, reservationFile), 'utf8')) || 0;
  } catch {
    return 0;
  }
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let bytes = 0;
  for (const entry of entries) if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  return bytes;
}
