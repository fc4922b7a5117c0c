/** The thread of one SQLite connection: opens it, then does what it is asked, in order, each call blocking it. */
import { parentPort, workerData } from 'node:worker_threads';
import { PolyakError } from '../../../common/errors.js';
import { sqliteError } from './sqlite-error.js';
import type { SqliteReply, SqliteRequest, SqliteThreadData } from './sqlite-message.js';
import { SqliteReader } from './sqlite-reader.js';
import { SqliteWriter } from './sqlite-writer.js';

const port = parentPort!;
const data = workerData as SqliteThreadData;

function reply(id: number, act: () => unknown): void {
  let answer: SqliteReply;
  try {
    answer = { id, result: act() };
  } catch (thrown) {
    const error = sqliteError(data.path, thrown);
    const code = error instanceof PolyakError ? error.code : '';
    answer = { id, error: { code, message: error.message, stack: error.stack ?? error.message } };
  }
  port.postMessage(answer);
}

function open(): SqliteReader | SqliteWriter {
  return data.mode === 'read' ? SqliteReader.open(data.path) : SqliteWriter.open(data.path, data.process);
}

reply(0, () => {
  const connection = open();
  const methods = connection as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
  port.on('message', ({ id, name, args }: SqliteRequest) => {
    reply(id, () => methods[name]!(...args));
    if (name === 'close') port.close();
  });
  return connection instanceof SqliteWriter ? connection.coordinatorEpoch : undefined;
});
