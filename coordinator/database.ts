/** SQLite by whichever binding is there: better-sqlite3, the one in newer versions of Node, or the one that setup built. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { sqliteFolder } from '../common/cache-folder.js';
import { PolyakError } from '../common/errors.js';

export type Value = string | number | null;
type Row = Record<string, Value>;

export interface Statement {
  run(...values: Value[]): unknown;
  get(...values: Value[]): unknown;
  all(...values: Value[]): unknown[];
}

/** What the two bindings have in common. */
interface Binding {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): unknown;
}

export class Database {
  private readonly statements = new Map<string, Statement>();

  private constructor(private readonly binding: Binding) {}

  /** Write-ahead logging, so that a reader does not wait; every commit is on disk when it returns. */
  static open(path: string): Database {
    const binding = openBinding(path);
    binding.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;');
    return new Database(binding);
  }

  exec(sql: string): void {
    this.binding.exec(sql);
  }

  run(sql: string, ...values: Value[]): void {
    this.statement(sql).run(...values);
  }

  get(sql: string, ...values: Value[]): Row | undefined {
    return this.statement(sql).get(...values) as Row | undefined;
  }

  all(sql: string, ...values: Value[]): Row[] {
    return this.statement(sql).all(...values) as Row[];
  }

  /** One writer at a time, across processes. */
  transaction<Result>(change: () => Result): Result {
    this.binding.exec('BEGIN IMMEDIATE');
    try {
      const result = change();
      this.binding.exec('COMMIT');
      return result;
    } catch (error) {
      this.binding.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.binding.close();
  }

  private statement(sql: string): Statement {
    const statement = this.statements.get(sql) ?? this.binding.prepare(sql);
    this.statements.set(sql, statement);
    return statement;
  }
}

function openBinding(path: string): Binding {
  const require = createRequire(import.meta.url);
  const openers = [
    () => new (require('better-sqlite3') as new (path: string) => Binding)(path),
    () => {
      const { DatabaseSync } = require('node:sqlite') as { DatabaseSync: new (path: string) => Binding };
      return new DatabaseSync(path);
    },
    () =>
      new (createRequire(join(sqliteFolder(), 'package.json'))('better-sqlite3') as new (path: string) => Binding)(
        path,
      ),
  ];
  const reasons: string[] = [];
  for (const open of openers) {
    try {
      return open();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const missing =
        /Cannot find module|No such built-in|bindings file|ERR_DLOPEN|NODE_MODULE_VERSION|self-register|ELF/;
      if (!missing.test(message)) throw new PolyakError('usage', `--store '${path}': cannot be opened: ${message}`);
      reasons.push(message.split('\n')[0] ?? message);
    }
  }
  const advice = "run 'npx polyak setup' (needs a C++ compiler), or use Node 22.13 or newer";
  throw new PolyakError('setup', `no SQLite binding can be loaded (${reasons.join('; ')}); ${advice}`);
}
