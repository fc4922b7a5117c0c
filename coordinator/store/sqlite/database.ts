/**
 * SQLite by whichever binding is there: better-sqlite3, the one in newer versions of Node, or the one that setup built.
 * Every call blocks its thread until it is done.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { sqliteFolder } from '../../../common/cache-folder.js';
import { PolyakError } from '../../../common/errors.js';
import type { Stored } from '../tables.js';

type Row = Record<string, Stored>;

interface Statement {
  run(...values: Stored[]): unknown;
  get(...values: Stored[]): unknown;
  all(...values: Stored[]): unknown[];
}

/** What the two bindings have in common. */
interface Binding {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): unknown;
}

interface OpenOptions {
  readOnly: boolean;
}

export class Database {
  private readonly statements = new Map<string, Statement>();

  private constructor(private readonly binding: Binding) {}

  /** Whoever writes must call `makeDurable` before. */
  static open(path: string, options: OpenOptions): Database {
    const binding = openBinding(path, options);
    binding.exec('PRAGMA busy_timeout = 5000; PRAGMA cache_size = -65536;');
    return new Database(binding);
  }

  /** Write-ahead logging, so that a reader does not wait; every commit is on disk when it returns. */
  makeDurable(): void {
    this.binding.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  }

  /** 0 for a file that holds nothing. */
  get version(): number {
    return Number(this.get('PRAGMA user_version')?.['user_version'] ?? 0);
  }

  exec(sql: string): void {
    this.binding.exec(sql);
  }

  run(sql: string, ...values: Stored[]): void {
    this.statement(sql).run(...values);
  }

  get(sql: string, ...values: Stored[]): Row | undefined {
    return this.statement(sql).get(...values) as Row | undefined;
  }

  all(sql: string, ...values: Stored[]): Row[] {
    return this.statement(sql).all(...values) as Row[];
  }

  /** One writer at a time, across processes. */
  transaction<Result>(change: () => Result): Result {
    return this.within('BEGIN IMMEDIATE', change);
  }

  /** All that is read in it is of one moment. */
  snapshot<Result>(read: () => Result): Result {
    return this.within('BEGIN', read);
  }

  close(): void {
    this.binding.close();
  }

  private within<Result>(begin: string, act: () => Result): Result {
    this.binding.exec(begin);
    try {
      const result = act();
      this.binding.exec('COMMIT');
      return result;
    } catch (error) {
      this.rollBack();
      throw error;
    }
  }

  /** After some errors, that of a full disk among them, SQLite has done so by itself, and says so by an error. */
  private rollBack(): void {
    try {
      this.binding.exec('ROLLBACK');
    } catch {
      // The first error is the one to tell.
    }
  }

  private statement(sql: string): Statement {
    const statement = this.statements.get(sql) ?? this.binding.prepare(sql);
    this.statements.set(sql, statement);
    return statement;
  }
}

function openBinding(path: string, { readOnly }: OpenOptions): Binding {
  const require = createRequire(import.meta.url);
  type BetterSqlite = new (path: string, options: { readonly: boolean }) => Binding;
  type NodeSqlite = { DatabaseSync: new (path: string, options: { readOnly: boolean }) => Binding };
  const openers = [
    () => new (require('better-sqlite3') as BetterSqlite)(path, { readonly: readOnly }),
    () => {
      const { DatabaseSync } = withoutWarnings(() => require('node:sqlite') as NodeSqlite);
      return new DatabaseSync(path, { readOnly });
    },
    () => {
      const requireBuilt = createRequire(join(sqliteFolder(), 'package.json'));
      return new (requireBuilt('better-sqlite3') as BetterSqlite)(path, { readonly: readOnly });
    },
  ];
  const reasons: string[] = [];
  for (const open of openers) {
    try {
      return open();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const missing =
        /Cannot find module|No such built-in|bindings file|ERR_DLOPEN|NODE_MODULE_VERSION|self-register|ELF/;
      if (!missing.test(message)) throw error;
      reasons.push(message.split('\n')[0] ?? message);
    }
  }
  const advice = "run 'npx polyak setup' (needs a C++ compiler), or use Node 22.13 or newer";
  throw new PolyakError('setup', `no SQLite binding can be loaded (${reasons.join('; ')}); ${advice}`);
}

/** Node says of its SQLite that it is experimental, to every user of every command, who can do nothing about it. */
function withoutWarnings<Value>(load: () => Value): Value {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
