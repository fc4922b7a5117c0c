/** What is built once per machine and kept outside the tree. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** POLYAK_CACHE, or ~/.cache/polyak. */
export function cacheFolder(): string {
  return resolve(process.env.POLYAK_CACHE ?? join(homedir(), '.cache', 'polyak'));
}

/**
 * Where `polyak setup` builds SQLite's binding if npm could not; complete as soon as it exists. The binding goes with
 * one version of Node's binary interface.
 */
export function sqliteFolder(): string {
  const { platform, arch, versions } = process;
  return join(cacheFolder(), `better-sqlite3-12.9.0-abi${versions.modules}-${platform}-${arch}`);
}
