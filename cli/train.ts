/** `polyak train` and `polyak resume`: one run on this machine, or followed on a cluster elsewhere. */
import { join, relative } from 'node:path';
import { PolyakError, isErrorCode } from '../common/errors.js';
import { loadExperiment } from '../common/experiment/load.js';
import type { Experiment } from '../common/experiment/schema.js';
import { RunClient, type RunEvent } from './follow.js';
import { Launcher } from './launcher.js';
import { humanView, jsonView, percent, type View } from './live-view.js';
import { wholeNumber } from './roles.js';
import { createRunFolder, findRunFolder, readRecord, stateFolder, writeRecord, type RunRecord } from './run-folder.js';

export interface TrainOptions {
  workers?: string;
  shards?: string;
  steps?: string;
  epochs?: string;
  set?: string[];
  state?: string;
  backend?: string;
  coordinator?: string;
  json?: boolean;
}

const interruptedExitCodes: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 130, SIGTERM: 143 };

/** Answers with the exit code. */
export async function train(file: string, options: TrainOptions): Promise<number> {
  const overrides = [...(options.set ?? [])];
  if (options.epochs !== undefined) overrides.push(`train.epochs=${atLeastOne('--epochs', options.epochs)}`);
  const experiment = await loadExperiment(file, overrides);
  refuseSearch(experiment);
  const folder = createRunFolder(stateFolder(options.state), experiment.name);
  const record: RunRecord = {
    experiment,
    untilStep: options.steps === undefined ? 0 : atLeastOne('--steps', options.steps),
    workers: atLeastOne('--workers', options.workers ?? '2'),
    shards: atLeastOne('--shards', options.shards ?? '1'),
  };
  writeRecord(folder, record);
  return await runIn(folder, record, options);
}

/** Goes on from the newest checkpoint. */
export async function resume(run: string, options: TrainOptions): Promise<number> {
  const folder = findRunFolder(stateFolder(options.state), run);
  const old = readRecord(folder);
  const record: RunRecord = {
    ...old,
    workers: options.workers === undefined ? old.workers : atLeastOne('--workers', options.workers),
    shards: options.shards === undefined ? old.shards : atLeastOne('--shards', options.shards),
  };
  return await runIn(folder, record, options);
}

async function runIn(folder: string, record: RunRecord, options: TrainOptions): Promise<number> {
  const view = options.json ? jsonView((line) => process.stdout.write(line)) : humanView(process.stdout);
  const cluster = options.coordinator === undefined ? await startCluster(folder, record, options, view) : undefined;
  const client = new RunClient(options.coordinator ?? cluster?.coordinator ?? '');
  try {
    const trialKey = await client.submit({
      experiment: JSON.stringify(record.experiment),
      directory: join(folder, 'checkpoints'),
      untilStep: record.untilStep,
      shards: record.shards,
      ...(record.trialKey === undefined ? {} : { trialKey: Buffer.from(record.trialKey, 'hex') }),
    });
    writeRecord(folder, { ...record, trialKey: trialKey.toString('hex') });
    const interruption = onInterrupt(client, trialKey);
    const following = client.follow(trialKey, view.show);
    const end = await Promise.race([following, interruption.insisted, ...(cluster ? [cluster.failed] : [])]);
    view.close();
    return conclude(end, folder, options, interruption.signal());
  } finally {
    view.close();
    client.close();
    await cluster?.stop();
  }
}

async function startCluster(folder: string, record: RunRecord, options: TrainOptions, view: View): Promise<Launcher> {
  if (!options.json) {
    const { workers, shards } = record;
    process.stdout.write(`run ${relative('', folder)}: ${workers} workers, ${shards} shards; starting\n`);
  }
  return await Launcher.start({
    folder,
    servers: record.shards,
    workers: record.workers,
    backend: options.backend === 'cpu' ? 'cpu' : 'tensorflow',
    onRestart: (role, reason) =>
      view.show({ event: 'notice', kind: 'restart', message: `${role} ended (${reason}); starting it again` }),
  });
}

/** The first signal asks for a checkpoint, the second does not wait for it. */
function onInterrupt(client: RunClient, trialKey: Buffer) {
  let received: NodeJS.Signals | undefined;
  let insist: (event: RunEvent) => void = () => undefined;
  const insisted = new Promise<RunEvent>((resolve) => (insist = resolve));
  const handle = (signal: NodeJS.Signals) => {
    if (received) return insist({ event: 'stopped' });
    received = signal;
    process.stderr.write('stopping at the next checkpoint; once more to stop at once\n');
    client.stop(trialKey).catch(() => insist({ event: 'stopped' }));
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return { insisted, signal: () => received };
}

function conclude(end: RunEvent, folder: string, options: TrainOptions, signal: NodeJS.Signals | undefined): number {
  if (end.event === 'stopped') {
    process.stderr.write(`interrupted; go on with: npx polyak resume ${relative('', folder)}\n`);
    return (signal && interruptedExitCodes[signal]) ?? 130;
  }
  if (end.event === 'diverged') {
    process.stderr.write(`${String(end['message'])}\n`);
    return new PolyakError('training', '').exitCode;
  }
  if (end.event === 'failed') {
    const code = String(end['code']);
    throw new PolyakError(isErrorCode(code) ? code : 'internal', String(end['message']));
  }
  if (!options.json) process.stdout.write(summary(end, folder));
  return 0;
}

function summary(end: RunEvent, folder: string): string {
  const test = end['test'] as { accuracy: number; averageAccuracy: number } | null;
  const lines = [
    `finished after ${String(end['steps'])} steps, ${Number(end['imagesPerSecond']).toLocaleString('en')} images/s`,
    ...(test ? [`test accuracy: last weights ${percent(test.accuracy)}, running average ${percent(test.averageAccuracy)}`] : []),
    `weights ${String(end['weightsSha256'])}`,
    `kept in ${relative('', folder)}`,
    'next: npx polyak train examples/fashion-mnist.yaml --workers 2 --shards 2',
  ];
  return `${lines.join('\n')}\n`;
}

function refuseSearch(experiment: Experiment): void {
  if (experiment.search === undefined) return;
  throw new PolyakError('usage', "search: 'polyak train' trains one trial; take the search section out of the file");
}

function atLeastOne(flag: string, value: string): number {
  const number = wholeNumber(flag, value);
  if (number < 1) throw new PolyakError('usage', `${flag} ${value}: must be at least 1`);
  return number;
}
