/** What the main thread and a thread with a SQLite connection say to each other. */
import type { SqliteReader } from './sqlite-reader.js';
import type { SqliteWriter } from './sqlite-writer.js';

export type SqliteThreadData = { mode: 'read'; path: string } | { mode: 'write'; path: string; process: string };

/** What may be asked of a connection, by its kind. */
export type Calls<Connection> = {
  [Name in Exclude<keyof Connection, 'coordinatorEpoch'>]: Connection[Name] extends (
    ...args: infer Args
  ) => infer Result
    ? (...args: Args) => Result
    : never;
};

export interface SqliteRequest {
  id: number;
  name: keyof Calls<SqliteReader> | keyof Calls<SqliteWriter>;
  args: readonly unknown[];
}

/** The reply to opening has the id 0, and the coordinator's epoch where the connection writes. */
export interface SqliteReply {
  id: number;
  result?: unknown;
  error?: { code: string; message: string; stack: string };
}
