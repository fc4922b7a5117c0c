/** `polyak archive`: a sweep that does not run as one file, with all that its commands read: rows, modules, kept checkpoints. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { PolyakError } from '../../common/errors.js';
import { openStoreReader } from '../../coordinator/store/open-store.js';
import { displayPath } from '../foreground.js';
import { printJson, printText } from '../output.js';
import { SweepFolder } from '../sweep/sweep-folder.js';
import { manifestName, rowsName, type ArchiveManifest } from './archive-manifest.js';
import { writeRows } from './sweep-rows.js';

export interface ArchiveFlags {
  state: string;
  output?: string;
  json: boolean;
}

interface Source {
  name: string;
  path: string;
}

/** Errors: `usage` for a sweep that runs or is kept elsewhere, and for a file that is there already. */
export async function archiveCommand(sweep: string, { state, output, json }: ArchiveFlags): Promise<void> {
  const folder = SweepFolder.open(state, sweep);
  const { name, coordinator } = folder.facts;
  const target = resolve(output ?? `${name}.tar.gz`);
  if (existsSync(target)) throw new PolyakError('usage', `${target} is there already; name another file: -o FILE`);
  if (coordinator !== null) {
    throw new PolyakError(
      'usage',
      `${name} is kept by the coordinator at ${coordinator}; only a sweep of this machine can be archived`,
    );
  }
  if (folder.isFollowed || folder.coordinator !== undefined) {
    throw new PolyakError('usage', `${name} runs; stop it first, so that all is of one moment: polyak stop ${name}`);
  }
  if (!folder.hasStore) throw new PolyakError('usage', `${name} has no store; it was never started`);
  const temporary = await mkdtemp(join(tmpdir(), 'polyak-archive-'));
  try {
    const rows = join(temporary, rowsName);
    await rowsInto(folder, rows);
    const files = [{ name: rowsName, path: rows }, ...(await filesOf(folder))];
    await write(folder, files, target);
    const { size } = await stat(target);
    if (json) printJson({ sweep: name, file: target, bytes: size, files: files.length });
    else
      printText(
        `${displayPath(target)}: ${files.length} files, ${size} bytes; read it elsewhere with\n  npx polyak restore ${displayPath(target)}`,
      );
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function rowsInto({ facts }: SweepFolder, file: string): Promise<void> {
  const store = await openStoreReader(facts.store);
  try {
    await writeRows(store, facts.sweepKey, file);
  } finally {
    await store.close();
  }
}

/** Names within the archive and where they lie. */
async function filesOf({ path }: SweepFolder): Promise<Source[]> {
  const found: Source[] = ['sweep.json', 'template.json'].map((name) => ({ name, path: join(path, name) }));
  for (const name of ['modules', 'trials']) {
    const entries = await readdir(join(path, name), { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const file = join(entry.parentPath, entry.name);
      const inside = file.slice(path.length + 1);
      if (entry.isFile() && (name === 'modules' || inside.includes('/checkpoints/')))
        found.push({ name: inside, path: file });
    }
  }
  return found;
}

/** To a file beside it first, so that what is there is whole. */
async function write(folder: SweepFolder, sources: readonly Source[], target: string): Promise<void> {
  const files: ArchiveManifest['files'] = [];
  for (const { name, path } of sources)
    files.push({ name, bytes: (await stat(path)).size, sha256: await sha256Of(path) });
  const manifest: ArchiveManifest = { format: 1, sweep: folder.facts.name, directory: folder.path, files };
  const partial = join(dirname(target), `.${folder.facts.name}-${process.pid}.partial`);
  const archive = pack();
  try {
    const writing = pipeline(archive, createGzip(), createWriteStream(partial));
    await Promise.all([writing, fill()]);
    await rename(partial, target);
  } finally {
    await rm(partial, { force: true });
  }

  async function fill(): Promise<void> {
    archive.entry({ name: manifestName }, JSON.stringify(manifest));
    for (const [index, { name, path }] of sources.entries()) {
      await pipeline(createReadStream(path), archive.entry({ name, size: files[index]?.bytes ?? 0 }));
    }
    archive.finalize();
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
