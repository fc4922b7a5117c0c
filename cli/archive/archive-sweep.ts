/** `polyak archive`: a sweep that does not run as one file, with all that its commands read: rows, modules, kept checkpoints. */
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { isBucket } from '../../common/checkpoint-location.js';
import { PolyakError } from '../../common/errors.js';
import { hasLead } from '../../coordinator/run-state.js';
import { openStoreReader } from '../../coordinator/store/open-store.js';
import type { SweepRow } from '../../coordinator/store/rows.js';
import type { StoreReader } from '../../coordinator/store/store.js';
import { sweepRecordSchema } from '../../coordinator/sweep/sweep-settings.js';
import { TrialPlan } from '../../coordinator/sweep/trial-plan.js';
import { displayPath } from '../foreground.js';
import { printJson, printText } from '../output.js';
import { SweepFolder } from '../sweep/sweep-folder.js';
import { manifestName, rowsName, type ArchiveManifest } from './archive-manifest.js';
import { archivedFiles, fileSource, trialOf, type Source } from './archived-files.js';
import { writeRows } from './sweep-rows.js';

export interface ArchiveFlags {
  state: string;
  /** Of a coordinator elsewhere. */
  store?: string;
  output?: string;
  json: boolean;
}

/** Errors: `usage` for a sweep that runs, whose store is not known here, and for a file that is there already. */
export async function archiveCommand(sweep: string, { state, store, output, json }: ArchiveFlags): Promise<void> {
  const folder = SweepFolder.open(state, sweep);
  const { name, sweepKey } = folder.facts;
  const target = resolve(output ?? `${name}.tar.gz`);
  if (existsSync(target)) throw new PolyakError('usage', `${target} is there already; name another file: -o FILE`);
  const reader = await openStoreReader(storeOf(folder, store));
  const temporary = await mkdtemp(join(tmpdir(), 'polyak-archive-'));
  try {
    const row = (await reader.sweeps()).find(({ key }) => key === sweepKey);
    if (!row)
      throw new PolyakError('usage', `the store knows no sweep ${name} (${sweepKey}); it was never submitted there`);
    if (folder.facts.coordinator !== null) await requireStill(reader, row, name);
    const rows = join(temporary, rowsName);
    await writeRows(reader, sweepKey, rows);
    // Elsewhere, the same may have been submitted from another folder: checkpoints lie where the coordinator says.
    const place = folder.facts.coordinator === null ? folder.place : row.directory;
    const kept = await archivedFiles(folder.path, place);
    for (const warning of await missingOf(reader, row, { folder, place, kept }))
      process.stderr.write(`polyak: warning: ${warning}\n`);
    const files = [await fileSource(rowsName, rows), ...kept];
    await write(folder, row, files, target);
    const { size } = await stat(target);
    if (json) printJson({ sweep: name, file: target, bytes: size, files: files.length });
    else
      printText(
        `${displayPath(target)}: ${files.length} files, ${size} bytes; read it elsewhere with\n  npx polyak restore ${displayPath(target)}`,
      );
  } finally {
    await reader.close();
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Errors: `usage`, with the way out. */
function storeOf(folder: SweepFolder, given: string | undefined): string {
  const { name, coordinator, store } = folder.facts;
  if (coordinator !== null) {
    if (given !== undefined) return given;
    const way = 'name that store, as the coordinator was given it: --store FILE or --store postgres://…';
    throw new PolyakError('usage', `${name} is in the store of the coordinator at ${coordinator}; ${way}`);
  }
  if (given !== undefined)
    throw new PolyakError('usage', `--store: ${name} is a sweep of this machine, whose store is known; leave it out`);
  if (folder.isFollowed || folder.coordinator !== undefined) {
    throw new PolyakError('usage', `${name} runs; stop it first, so that all is of one moment: polyak stop ${name}`);
  }
  if (!folder.hasStore) throw new PolyakError('usage', `${name} has no store; it was never started`);
  return store;
}

/** Elsewhere the store is all that is known: of a sweep of this machine, no process is left, whatever its store says. */
async function requireStill(reader: StoreReader, { key, state }: SweepRow, name: string): Promise<void> {
  const isMoving = state === 'running' || state === 'paused' || (await isLed(reader, key));
  if (!isMoving) return;
  throw new PolyakError('usage', `${name} runs; stop it first, so that all is of one moment: polyak stop ${name}`);
}

/** Whether a server still brings one of its runs into a checkpoint. */
async function isLed(reader: StoreReader, sweep: string): Promise<boolean> {
  const { rows } = await reader.trials({ sweep, status: ['running', 'paused'] });
  for (const { number } of rows) {
    if ((await reader.runs({ sweep, trial: number })).some((run) => hasLead(run.state))) return true;
  }
  return false;
}
/** What the archive will lack: checkpoints that servers elsewhere have written where this machine does not see them. */
async function missingOf(
  reader: StoreReader,
  { key: sweep, settings }: SweepRow,
  { folder, place, kept }: { folder: SweepFolder; place: string; kept: readonly Source[] },
): Promise<string[]> {
  const { experiment: value, folder: from, list } = folder.template;
  const { direction } = new TrialPlan({ value, folder: from, list }).search;
  const { keep } = sweepRecordSchema.parse(JSON.parse(settings)).settings;
  const best = await reader.trials({
    ...{ sweep, sort: 'value', descending: direction === 'maximise', status: ['finished', 'stopped'], limit: keep },
  });
  const there = new Set(kept.map(trialOf));
  const missing = best.rows.filter(({ number, value: reached }) => reached !== null && !there.has(number));
  if (missing.length === 0) return [];
  const numbers = missing.map(({ number }) => number).join(', ');
  return [
    `checkpoints of trials ${numbers}, which are among the best ${keep}, are not in ${place}, nor in the archive`,
  ];
}

/** To a file beside it first, so that what is there is whole. */
async function write(
  folder: SweepFolder,
  { directory }: SweepRow,
  sources: readonly Source[],
  target: string,
): Promise<void> {
  const files: ArchiveManifest['files'] = [];
  for (const source of sources) files.push({ name: source.name, bytes: source.bytes, sha256: await sha256Of(source) });
  const manifest: ArchiveManifest = {
    ...{ format: 1, sweep: folder.facts.name, files },
    ...(isBucket(directory) ? { directory: folder.path, checkpoints: directory } : { directory }),
  };
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
    for (const { name, bytes, open } of sources) await pipeline(open(), archive.entry({ name, size: bytes }));
    archive.finalize();
  }
}

async function sha256Of({ open }: Source): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(open(), hash);
  return hash.digest('hex');
}
