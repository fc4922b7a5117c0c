/** Opens a store by its address: a SQLite file by its path, or a PostgreSQL database by its URL. */
import { PolyakError } from '../../common/errors.js';
import { SqliteStore, SqliteStoreReader } from './sqlite/sqlite-store.js';
import type { Store, StoreReader } from './store.js';

const kinds = "the path of a SQLite file, such as 'runs/coordinator.db', or postgres://USER@HOST:PORT/DATABASE";

/** How long a store on another machine is tried again when the way to it is lost. */
const patience = { retryMs: 20_000 };

/**
 * Takes the store: whoever had it is fenced from now on. What is missing is made: a file with its folder, or tables.
 * `process` names the taker in the event row. Errors: `usage`, `unreachable`, `exhausted`.
 */
export async function openStore(url: string, process: string): Promise<Store> {
  if (kindOf(url) === 'sqlite') return await SqliteStore.take(url, process);
  const { PostgresStore } = await import('./postgres/postgres-store.js');
  return await PostgresStore.take(url, process, patience);
}

/** Makes, migrates and locks nothing. Errors: `usage` where there is no store; `unreachable`. */
export async function openStoreReader(url: string): Promise<StoreReader> {
  if (kindOf(url) === 'sqlite') return await SqliteStoreReader.open(url);
  const { PostgresStoreReader } = await import('./postgres/postgres-reader.js');
  return await PostgresStoreReader.open(url, patience);
}

function kindOf(url: string): 'sqlite' | 'postgres' {
  if (url === '') throw new PolyakError('usage', `store '': it must be ${kinds}`);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1];
  if (scheme === undefined) return 'sqlite';
  if (/^postgres(ql)?$/i.test(scheme)) return 'postgres';
  // What follows may hold a password.
  throw new PolyakError('usage', `store '${scheme}://…' is of no known kind; it must be ${kinds}`);
}
