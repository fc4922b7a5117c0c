/** The logs of a run or a trial as the coordinator of a cluster elsewhere keeps them, when its processes may be gone. */
import { PolyakError } from '../common/errors.js';
import { coordinatorClient, unary } from '../common/rpc.js';
import type { TlsFiles } from '../common/tls/tls-files.js';
import type { SweepSnapshot } from '../coordinator/sweep/sweep-snapshot.js';
import type { StatusReply__Output } from '../proto/gen/polyak/v1/StatusReply.js';
import { connect } from './connect.js';
import { insist } from './follow-run.js';
import { followStream } from './follow-stream.js';
import { lineText, type LogLine } from './log-lines.js';
import { openRun } from './open-run.js';
import { printJson } from './output.js';
import { patienceMsDefault } from './run.js';
import { lookUpSweep } from './sweep/find-sweep.js';
import { SweepFollower } from './sweep/sweep-follower.js';
import { SweepFolder } from './sweep/sweep-folder.js';
import { lookUpTrial } from './sweep/trial-reference.js';
import { tlsElsewhere } from './tls.js';

export interface RemoteLogs {
  coordinator: string;
  /** What the user calls it. */
  name: string;
  /** Keys of its runs: one, or one for each fold or repetition. */
  runs: string[];
  tls: TlsFiles | undefined;
}

/** Undefined of what runs on this machine. Errors: `usage` for what the coordinator does not know; `unreachable`. */
export async function remoteLogsOf(
  text: string,
  { state, coordinator }: { state: string; coordinator?: string },
): Promise<RemoteLogs | undefined> {
  const tls = tlsElsewhere();
  const trial = lookUpTrial(state, text);
  if (trial) {
    const { facts } = SweepFolder.open('.', trial.sweep);
    if (facts.coordinator === null) return undefined;
    const number = trial.trial === 'best' ? await bestOf(state, text) : trial.trial;
    const runs = await runsOfTrial(facts.coordinator, facts.sweepKey, number, tls);
    return { coordinator: facts.coordinator, name: `${facts.name}/${number}`, runs, tls };
  }
  const folder = lookUpSweep(state, text) === undefined ? await openRun(state, text).catch(() => undefined) : undefined;
  // What a variable says of a cluster does not hold for what ran here.
  if (
    folder &&
    (folder.facts.coordinator === null || folder.facts.coordinator === (coordinator ?? folder.facts.coordinator))
  ) {
    if (folder.facts.coordinator === null) return undefined;
    return { coordinator: folder.facts.coordinator, name: folder.facts.name, runs: [folder.facts.trialKey], tls };
  }
  if (coordinator === undefined) return undefined;
  return { coordinator, name: text, runs: await runsAt(coordinator, text, tls), tls };
}

/** What `NAME@best` is now. */
async function bestOf(state: string, text: string): Promise<number> {
  return (await openRun(state, text)).facts.trial?.number ?? 0;
}

/** By a run's id or key, or SWEEP/NUMBER where the sweep is named or given by its key. */
async function runsAt(coordinator: string, text: string, tls: TlsFiles | undefined): Promise<string[]> {
  const [, sweep, number] = /^(.+)\/(\d{1,9})$/.exec(text) ?? [];
  if (sweep === undefined) {
    if (/^[0-9a-f]{16}$/.test(text)) return [text];
    const run = await (await connect(coordinator, { patienceMs: patienceMsDefault })).run(text);
    return [run.trialKey];
  }
  const found = (await sweepsAt(coordinator, tls)).filter(({ key, name }) => key === sweep || name === sweep);
  const [only] = found;
  if (!only) throw new PolyakError('usage', `coordinator ${coordinator}: there is no sweep '${sweep}' there`);
  if (found.length > 1) {
    const keys = found.map(({ key }) => key).join(', ');
    throw new PolyakError('usage', `coordinator ${coordinator}: ${found.length} sweeps are named '${sweep}': ${keys}`);
  }
  return await runsOfTrial(coordinator, only.key, Number(number), tls);
}

async function sweepsAt(coordinator: string, tls: TlsFiles | undefined): Promise<SweepSnapshot[]> {
  const client = coordinatorClient(coordinator, tls);
  try {
    const { sweeps } = await insist(patienceMsDefault, new AbortController().signal, (deadline) =>
      unary<StatusReply__Output>(`coordinator ${coordinator}`, (done) => client.status({}, { deadline }, done)),
    );
    return sweeps.map((text) => JSON.parse(text) as SweepSnapshot);
  } finally {
    client.close();
  }
}

async function runsOfTrial(coordinator: string, sweep: string, trial: number, tls: TlsFiles | undefined) {
  const follower = new SweepFollower(coordinator, Buffer.from(sweep, 'hex'), patienceMsDefault, tls);
  try {
    const runs = await follower.trialRuns(trial, new AbortController().signal);
    return runs.map(({ run }) => run.key);
  } finally {
    follower.close();
  }
}

/** Prints what is kept, and with `follow` what comes until the run is over. */
export async function showRemoteLogs(
  { coordinator, name, runs, tls }: RemoteLogs,
  { role, follow, json }: { role: string | undefined; follow: boolean; json: boolean },
): Promise<void> {
  const client = coordinatorClient(coordinator, tls);
  const print = (line: LogLine) => {
    if (role !== undefined && line.process !== role && line.process.replace(/-[0-9a-f]+$/, '') !== role) return;
    if (json) printJson(line);
    else process.stdout.write(`${lineText({ ...line, record: withoutCommands(line.record) })}\n`);
  };
  let printed = 0;
  try {
    for (const key of runs) {
      let last = 0;
      await followStream({
        ...{ peer: `coordinator ${coordinator}`, patienceMs: patienceMsDefault, signal: new AbortController().signal },
        open: () => client.readLogs({ trialKey: Buffer.from(key, 'hex'), after: last, follow }),
        receive: (body) => {
          const line = JSON.parse(body) as (LogLine & { at: number }) | { end: true };
          if ('end' in line) return true;
          last = Math.max(last, line.at);
          printed += 1;
          const { process: from, time, record } = line;
          print({ process: from, time, record });
          return undefined;
        },
      });
    }
  } finally {
    client.close();
  }
  if (printed === 0) throw new PolyakError('usage', `${name} has no logs at ${coordinator}`);
}

/** What a worker logs, a module may have said: nothing of it commands the reader's terminal. */
function withoutCommands(record: LogLine['record']): LogLine['record'] {
  const clean = (value: unknown) => (typeof value === 'string' ? value.replace(/[^\P{Cc}\n\t]/gu, ' ') : value);
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, clean(value)]));
}
