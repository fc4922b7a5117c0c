/** A sweep's log as server-sent events. An id is an entry's number, so one that comes again misses and repeats nothing. */
import type { ServerResponse } from 'node:http';
import type { ServiceParts } from '../coordinator-service.js';
import { followLog } from '../sweep/follow-log.js';
import { lineOf, type SweepLine } from '../sweep/log-line.js';
import type { Sweep } from '../sweep/sweep.js';

const commentMs = 15_000;

/** From entry `from` on; resolves when the sweep has ended or the reader has gone. */
export async function streamEvents(
  parts: Pick<ServiceParts, 'store' | 'watchers' | 'ledger'>,
  sweep: Sweep,
  from: number,
  response: ServerResponse,
): Promise<void> {
  const comments = setInterval(() => {
    if (!response.writableNeedDrain) response.write(': \n\n');
  }, commentMs);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.flushHeaders();
  try {
    await followLog(parts, sweep, from, {
      isFull: () => response.writableNeedDrain,
      isGone: () => response.destroyed,
      onChange: (wake) => void response.on('close', wake).on('drain', wake).on('error', wake),
      log: (row) => response.write(eventText('log', lineOf(row), row.sequence)),
      progress: (line) => response.write(eventText('progress', line)),
      end: (line) => response.write(eventText('end', line)),
    });
  } finally {
    clearInterval(comments);
    response.end();
  }
}

function eventText(event: string, line: SweepLine, id?: number): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(line)}\n\n`;
}
