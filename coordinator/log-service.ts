/** The logs of trials as the coordinator takes and gives them; how they are kept is not known here. */
import type { ServerWritableStream } from '@grpc/grpc-js';
import { setTimeout as delay } from 'node:timers/promises';
import { PolyakError } from '../common/errors.js';
import { lineCharactersMax } from '../common/trial-lines.js';
import type { LogBatch__Output } from '../proto/gen/polyak/v1/LogBatch.js';
import type { ReadLogsRequest__Output } from '../proto/gen/polyak/v1/ReadLogsRequest.js';
import type { RunLogLine } from '../proto/gen/polyak/v1/RunLogLine.js';
import type { Attendee } from './attendee.js';
import type { ServiceParts } from './coordinator-service.js';
import { isOver } from './run-state.js';
import type { KeptLine } from './trial-logs.js';

export type ReadLogsCall = ServerWritableStream<ReadLogsRequest__Output, RunLogLine>;

/** Of one batch; a process sends less. */
const batchLinesMax = 1000;
/** Of those that a slow reader has still to be sent. */
const waitingLinesMax = 5000;
const pollMs = 500;
/** Last lines come after a run's end. */
const settleMs = 2000;

/** Of runs that nobody knows nothing is kept, so that no process can fill the disk with names of its own. */
export async function takeLogs({ runs, logs }: ServiceParts, attendee: Attendee, { lines }: LogBatch__Output) {
  if (!logs) return;
  const { role, shard, id } = attendee.register;
  const process = role === 'SERVER' ? `server-${shard}` : `worker-${id.slice(0, 8)}`;
  const byRun = new Map<string, string[]>();
  for (const { trialKey, text } of lines.slice(0, batchLinesMax)) {
    if (trialKey.length !== 8 || text.length > 4 * lineCharactersMax) continue;
    const key = trialKey.toString('hex');
    byRun.set(key, [...(byRun.get(key) ?? []), text]);
  }
  for (const [key, texts] of byRun) if (await runs.findAny(key)) logs.add(key, process, texts);
}

/** Errors: `usage` for a run that is not here, or a coordinator that keeps no logs. */
export async function readLogs({ runs, logs }: ServiceParts, call: ReadLogsCall): Promise<void> {
  const { trialKey, after, follow } = call.request;
  const key = trialKey.toString('hex');
  if (!logs) {
    const way = 'start it with --logs FOLDER';
    throw new PolyakError('usage', `logs: this coordinator keeps none, since its store is no file; ${way}`);
  }
  if (!(await runs.findAny(key))) throw new PolyakError('usage', `logs: there is no trial ${key} here`);
  let waiting: KeptLine[] = [];
  let dropped = 0;
  const unwatch = logs.watch(key, (lines) => {
    const room = waitingLinesMax - waiting.length;
    waiting.push(...lines.slice(0, room));
    dropped += Math.max(0, lines.length - room);
  });
  try {
    let last = after;
    const send = (lines: readonly KeptLine[]) => {
      for (const line of lines) {
        if (line.at <= last && line.at !== 0) continue;
        call.write({ body: JSON.stringify(line) });
      }
      last = Math.max(last, ...lines.map(({ at }) => at));
    };
    send(await logs.read(key, after));
    let overAt: number | undefined;
    while (!call.cancelled) {
      if (!follow) break;
      const isSettled = overAt !== undefined && performance.now() - overAt > settleMs;
      if (!call.writableNeedDrain) {
        const lines = waiting.toSorted((left, right) => left.time - right.time);
        waiting = [];
        send(lines);
        if (dropped > 0) call.write({ body: JSON.stringify(droppedLine(dropped)) });
        dropped = 0;
      }
      if (isSettled) break;
      const run = await runs.findAny(key);
      if (!run || isOver(run.state)) overAt ??= performance.now();
      else overAt = undefined;
      await delay(pollMs);
    }
    call.write({ body: JSON.stringify({ end: true }) });
  } finally {
    unwatch();
  }
  call.end();
}

function droppedLine(dropped: number): KeptLine {
  const msg = `${dropped} lines came faster than they were read; read again without --follow`;
  return { at: 0, process: 'coordinator', time: Date.now(), record: { level: 40, msg, dropped } };
}
