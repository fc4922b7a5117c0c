/**
 * `polyak setup`: brings native TensorFlow into the cache, once, and SQLite's binding where npm could not build it.
 * Idempotent, safe beside other runs of itself, and done in a moment when there is nothing to do. It never touches the
 * tree.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { cacheFolder, sqliteFolder } from '../common/cache-folder.js';
import { PolyakError } from '../common/errors.js';
import { libraryFolder, type LibraryKind } from '../worker/tensorflow/library-folder.js';
import { buildLibrary } from './setup/build-library.js';
import { buildSqlite, hasSqlite } from './setup/build-sqlite.js';
import { withLock } from '../common/lock-file.js';
import { describeMissingTools } from './setup/tools.js';

export interface SetupOptions {
  /** The CUDA build of the library, with CUDA itself. */
  gpu?: boolean;
  /** Only say what is there and what is missing. */
  check?: boolean;
  /** Say nothing when there is nothing to do. */
  quiet?: boolean;
  /** One JSON object a line on standard output. */
  json?: boolean;
}

/** Something that setup makes once per machine. */
interface Part {
  name: string;
  folder: string;
  ready(): boolean;
  /** Of the table of tools. */
  tools: readonly string[];
  build(say: (line: string) => void): Promise<void>;
}

type Say = (event: 'progress' | 'ready' | 'missing', message: string) => void;

/** Errors: `setup` with all missing tools at once, or with the step that failed and the end of its output. */
export async function setup(options: SetupOptions = {}): Promise<void> {
  const say: Say = (event, message) => {
    if (options.json) process.stdout.write(`${JSON.stringify({ event, message })}\n`);
    else process.stderr.write(`setup: ${message}\n`);
  };
  const parts = partsFor(options.gpu ? 'gpu' : 'cpu');
  const missing = parts.filter((part) => !part.ready());
  assertTools(missing.flatMap(({ tools }) => tools));
  if (options.check) {
    for (const part of missing)
      say('missing', `${part.name} is not set up yet, but all tools are there: run 'polyak setup'`);
    if (missing.length > 0) return;
  }
  if (missing.length === 0 && options.quiet) return;
  for (const part of missing) await make(part, say);
  say('ready', `${parts.map(({ name }) => name).join(' and ')} ready in ${cacheFolder()} (POLYAK_CACHE moves it)`);
}

function partsFor(kind: LibraryKind): Part[] {
  const folder = libraryFolder(kind);
  return [
    {
      name: 'TensorFlow',
      folder,
      ready: () => existsSync(folder),
      tools: ['python3', 'pip', 'g++', 'npm'],
      build: async (say) => {
        await buildLibrary(kind, say);
      },
    },
    {
      name: 'SQLite',
      folder: sqliteFolder(),
      ready: hasSqlite,
      tools: ['python3', 'g++', 'make', 'npm'],
      build: buildSqlite,
    },
  ];
}

/** Beside other setups of the same machine, one makes it and the others wait. */
async function make(part: Part, say: Say): Promise<void> {
  mkdirSync(cacheFolder(), { recursive: true });
  const onWait = (owner: number) => say('progress', `${part.name}: waiting for the setup of process ${owner}`);
  await withLock(`${part.folder}.lock`, onWait, async () => {
    if (!part.ready()) await part.build((line) => say('progress', line));
  });
}

function assertTools(needed: readonly string[]): void {
  const missing = describeMissingTools(needed);
  if (missing) {
    throw new PolyakError('setup', `setup: ${missing}`);
  }
}
