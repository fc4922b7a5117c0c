/**
 * A sweep's log as server-sent events. Each reader reads the store at its own pace, so one that does not read costs a page and
 * nothing more; and an id is an entry's number, so one that comes again misses and repeats nothing.
 */
import type { ServerResponse } from 'node:http';
import type { ServiceParts } from '../coordinator-service.js';
import { lineOf, type SweepLine } from '../sweep/log-line.js';
import type { Sweep } from '../sweep/sweep.js';
import { endLine } from '../sweep/sweep-watchers.js';

const pageEntries = 100;
const commentMs = 15_000;

/** From entry `from` on; resolves when the sweep has ended or the reader has gone. */
export async function streamEvents(
  { store, watchers }: Pick<ServiceParts, 'store' | 'watchers'>,
  sweep: Sweep,
  from: number,
  response: ServerResponse,
): Promise<void> {
  const { key } = sweep;
  let isGone = false;
  let isWoken = false;
  let position = from;
  let resume: () => void = () => undefined;
  const wake = () => {
    isWoken = true;
    resume();
  };
  const leave = () => {
    isGone = true;
    wake();
  };
  const stopListening = watchers.listen(key, {
    wake,
    progress: (line) => {
      if (!response.writableNeedDrain) response.write(eventText('progress', line));
    },
    end: leave,
  });
  const comments = setInterval(() => {
    if (!response.writableNeedDrain) response.write(': \n\n');
  }, commentMs);
  response.on('close', leave).on('drain', wake).on('error', leave);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.flushHeaders();
  try {
    for (;;) {
      if (isGone) return;
      isWoken = false;
      if (!response.writableNeedDrain) {
        // One that was stopped has ended when its trials are at checkpoints.
        const isEnded = sweep.state !== 'running' && sweep.state !== 'paused' && !sweep.isLed;
        const end = isEnded ? { line: endLine(sweep.row), length: sweep.logLength } : undefined;
        const page = await store.log(key, position, pageEntries);
        for (const row of page) response.write(eventText('log', lineOf(row), row.sequence));
        position += page.length;
        if (page.length > 0) continue;
        // Not before all that led to it is on disk.
        if (end && position >= end.length) {
          response.write(eventText('end', end.line));
          return;
        }
      }
      // oxlint-disable-next-line typescript/no-unnecessary-condition -- set while the page was read
      if (!isWoken) await new Promise<void>((resolve) => (resume = resolve));
    }
  } finally {
    clearInterval(comments);
    stopListening();
    response.end();
  }
}

function eventText(event: string, line: SweepLine, id?: number): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(line)}\n\n`;
}
