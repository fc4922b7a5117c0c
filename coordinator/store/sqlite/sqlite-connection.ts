/**
 * A SQLite connection as the main thread sees it: a promise per call, done in order on a thread of its own, for reading and
 * waiting for the disk block the thread that they happen on.
 */
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { PolyakError, isErrorCode } from '../../../common/errors.js';
import { packageRoot } from '../../../common/package-root.js';
import { withResolvers } from '../../../common/with-resolvers.js';
import type { Calls, SqliteReply, SqliteRequest, SqliteThreadData } from './sqlite-message.js';
import type { SqliteReader } from './sqlite-reader.js';
import type { SqliteWriter } from './sqlite-writer.js';

interface Pending {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

export class SqliteConnection<Connection extends SqliteReader | SqliteWriter> {
  /** The coordinator's epoch, of a connection that writes. Rejects when the store cannot be opened. */
  readonly opened: Promise<number>;
  private readonly thread: Worker;
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;
  private failure: Error | undefined;
  private closing: Promise<void> | undefined;

  constructor(private readonly data: SqliteThreadData) {
    // The thread runs the built file, also when this one is run from its source by a test.
    this.thread = new Worker(join(packageRoot(), 'dist/coordinator/store/sqlite/sqlite-thread.js'), {
      workerData: { ...data, path: resolve(data.path) } satisfies SqliteThreadData,
      name: `sqlite ${data.mode}`,
    });
    this.opened = this.expect(0) as Promise<number>;
    // Whoever calls before it is open is told by the call.
    this.opened.catch((error: Error) => this.fail(error));
    this.thread.on('message', (reply: SqliteReply) => this.settle(reply));
    this.thread.on('error', (error) => this.fail(error instanceof Error ? error : new Error(String(error))));
    this.thread.on('exit', () => this.fail(new Error(`the thread of store '${data.path}' has ended`)));
  }

  async call<Name extends keyof Calls<Connection> & string>(
    name: Name,
    ...args: Parameters<Calls<Connection>[Name]>
  ): Promise<ReturnType<Calls<Connection>[Name]>> {
    if (this.closing) throw new Error(`store '${this.data.path}' has been closed`);
    return (await this.request(name as SqliteRequest['name'], args)) as ReturnType<Calls<Connection>[Name]>;
  }

  /** After all that was asked before. */
  async close(): Promise<void> {
    this.closing ??= this.closeThread();
    await this.closing;
  }

  private async closeThread(): Promise<void> {
    const ended = new Promise((end) => this.thread.once('exit', end));
    if (this.failure) await this.thread.terminate();
    else await Promise.all([this.request('close', []), ended]);
  }

  private async request(name: SqliteRequest['name'], args: readonly unknown[]): Promise<unknown> {
    if (this.failure) throw this.failure;
    const id = (this.lastId += 1);
    // Throws for what cannot be sent, before anybody waits for it.
    this.thread.postMessage({ id, name, args } satisfies SqliteRequest);
    return await this.expect(id);
  }

  private async expect(id: number): Promise<unknown> {
    const { promise, resolve: settle, reject } = withResolvers<unknown>();
    this.pending.set(id, { resolve: settle, reject });
    return await promise;
  }

  private settle({ id, result, error }: SqliteReply): void {
    const waiting = this.pending.get(id);
    this.pending.delete(id);
    if (error) waiting?.reject(toError(error));
    else waiting?.resolve(result);
  }

  private fail(error: Error): void {
    if (this.failure) return;
    this.failure = error;
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
  }
}

function toError({ code, message, stack }: NonNullable<SqliteReply['error']>): Error {
  if (isErrorCode(code)) return new PolyakError(code, message);
  const error = new Error(message);
  error.stack = stack;
  return error;
}
