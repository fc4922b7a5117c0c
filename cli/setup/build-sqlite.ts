/**
 * SQLite's binding, for machines where `npm ci` could not build it: its install script wants Node's headers from the
 * net, although most installations of Node have them beside the binary.
 */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { sqliteFolder } from '../../common/cache-folder.js';
import { PolyakError } from '../../common/errors.js';
import { packageRoot } from '../../common/package-root.js';
import { runStep } from './run-step.js';

const verification = `
  const Database = require(process.argv[1] + '/node_modules/better-sqlite3');
  if (new Database(':memory:').prepare('select 1 + 1 as two').get().two !== 2) throw new Error('1 + 1 is not 2');
`;

/** Whether a binding is there: npm's, Node's own, or ours in the cache. */
export function hasSqlite(): boolean {
  const require = createRequire(import.meta.url);
  const attempts = [
    () => new (require('better-sqlite3') as new (path: string) => { close(): void })(':memory:').close(),
    () => void require('node:sqlite'),
  ];
  const works = attempts.some((attempt) => {
    try {
      attempt();
      return true;
    } catch {
      return false;
    }
  });
  return works || existsSync(sqliteFolder());
}

/** Errors: `setup`. */
export async function buildSqlite(say: (line: string) => void): Promise<void> {
  const prefix = nodePrefix();
  const nodeGyp = await nodeGypPath();
  const target = sqliteFolder();
  const folder = `${target}.building`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    say('building the SQLite binding');
    cpSync(join(packageRoot(), 'setup/better-sqlite3'), folder, { recursive: true });
    await runStep('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], folder);
    const source = join(folder, 'node_modules/better-sqlite3');
    await runStep(process.execPath, [nodeGyp, 'rebuild', '--release', `--nodedir=${prefix}`], source);
    await runStep(process.execPath, ['-e', verification, folder], folder);
    renameSync(folder, target);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** The folder that has include/node. */
function nodePrefix(): string {
  const prefix = [dirname(dirname(process.execPath)), '/usr', '/usr/local'].find((candidate) =>
    existsSync(join(candidate, 'include/node/node.h')),
  );
  if (prefix === undefined) {
    throw new PolyakError(
      'setup',
      `setup: the SQLite binding needs Node's headers, which are not beside ${process.execPath}: ` +
        'sudo apt-get install -y libnode-dev, or use Node 22.13 or newer, which brings SQLite along',
    );
  }
  return prefix;
}

/** npm brings node-gyp along, in one of two places. */
async function nodeGypPath(): Promise<string> {
  const global = (await runStep('npm', ['root', '--global'], packageRoot())).trim();
  const places = [
    join(global, 'npm/node_modules/node-gyp/bin/node-gyp.js'),
    join(dirname(dirname(process.execPath)), 'lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js'),
    '/usr/share/nodejs/node-gyp/bin/node-gyp.js',
  ];
  const found = places.find((place) => existsSync(place));
  if (found === undefined) {
    throw new PolyakError('setup', `setup: npm's node-gyp is not in any of ${places.join(', ')}`);
  }
  return found;
}
