/** A run in the foreground: shown until its end, with Ctrl-C and the budget of time deciding when it stops. */
import { relative } from 'node:path';
import { PolyakError } from '../common/errors.js';
import { exitCode } from './exit-codes.js';
import { duration, jsonView, summary, textView } from './live-view.js';
import { outliveReader } from './output.js';
import type { RunFolder } from './run-folder.js';
import { errorOf, patienceMsDefault, run } from './run.js';

export interface ForegroundOptions {
  json: boolean;
  /** Seconds after which it stops at a checkpoint. */
  budget?: number;
  /** Seconds that the coordinator may be out of reach. */
  patience?: number;
  /** Folder of event files. */
  tensorboard?: string;
  /** Arguments that make the run again, if known. */
  again?: string;
}

/** Answers with the exit code. */
export async function runInForeground(
  folder: RunFolder,
  { json, budget, patience, tensorboard, again }: ForegroundOptions,
): Promise<number> {
  const { facts } = folder;
  const { workers, shards } = facts;
  outliveReader();
  const place = displayPath(folder.path);
  const view = json ? jsonView(process.stdout) : textView(process.stdout);
  const say = (text: string) => (json ? process.stderr : process.stdout).write(`${text}\n`);
  const notice = (kind: string, message: string) => view.show({ event: 'notice', kind, message });
  const interruption = interruptions({
    budget,
    onSignal: () => {
      const message = 'stopping at a checkpoint; once more to end at once';
      if (json) say(message);
      else notice('stopping', message);
    },
    onBudget: (seconds) => notice('budget', `the budget of ${duration(seconds)} has ended: stopping at a checkpoint`),
  });
  const resumeCommand = `npx polyak resume ${place}`;
  try {
    if (!json) say(`${facts.name}: ${count(workers, 'worker')}, ${count(shards, 'shard')}, in ${place}`);
    const { stop, kill } = interruption;
    const patienceMs = patience === undefined ? patienceMsDefault : patience * 1000;
    const event = await run({ folder, onEvent: (each) => view.show(each), stop, kill, patienceMs, tensorboard });
    view.close();
    const error = errorOf(event);
    if (error) {
      process.stderr.write(`polyak: ${error.message}\n`);
      return error.exitCode;
    }
    if (event.event === 'stopped') {
      say(`stopped at step ${String(event['step'])}; go on with\n  ${resumeCommand}`);
      return interruption.exitCode() ?? exitCode.done;
    }
    if (!json) say(summary(event, { folder: place, again, workers, shards }));
    return exitCode.done;
  } catch (error) {
    view.close();
    const code = interruption.exitCode();
    if (code === undefined) {
      if (error instanceof PolyakError && error.code === 'unreachable')
        say(`the run is kept; go on with\n  ${resumeCommand}`);
      throw error;
    }
    say(`ended; go on from the last checkpoint with\n  ${resumeCommand}`);
    return code;
  } finally {
    interruption.close();
  }
}

interface InterruptionOptions {
  budget: number | undefined;
  onSignal: () => void;
  onBudget: (seconds: number) => void;
}

export interface Interruption {
  stop: AbortSignal;
  kill: AbortSignal;
  /** Undefined where it was neither a signal nor the budget. */
  exitCode: () => number | undefined;
  close: () => void;
}

/** The first signal or the end of the budget stops the run in order; a signal after either ends it at once. */
export function interruptions({ budget, onSignal, onBudget }: InterruptionOptions): Interruption {
  const stop = new AbortController();
  const kill = new AbortController();
  let code: number | undefined;
  const handle = (signalCode: number) => () => {
    if (code !== undefined && code !== exitCode.budget) return kill.abort();
    code = signalCode;
    onSignal();
    stop.abort();
  };
  const onInterrupt = handle(exitCode.interrupted);
  const onTerminate = handle(exitCode.terminated);
  process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate);
  const timer =
    budget !== undefined &&
    setTimeout(() => {
      if (code !== undefined) return;
      code = exitCode.budget;
      onBudget(budget);
      stop.abort();
    }, budget * 1000);
  return {
    stop: stop.signal,
    kill: kill.signal,
    exitCode: () => code,
    close: () => {
      if (timer) clearTimeout(timer);
      process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate);
    },
  };
}

/** Relative to the working folder where it lies within. */
export function displayPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}

export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
