/**
 * How many random trials of four parameters a second are asked for and told the result of, and how many reports a second are
 * taken, each acknowledged only when it is on disk; many are under way at once, so that a sync is shared. Beside it Optuna,
 * whose storage commits one after another.
 */
import { Peer } from './measure.js';
import { SearchCoordinator } from './search-coordinator.js';
import { searchPython } from './search-python.js';

export const clients = 2;
export const underWay = 128;
const trials = 10_000;
const reported = { trials: 256, epochs: 150 };
const optunaTrials = 100;

export interface AskTellFigures {
  trialsPerSecond: number;
  reportsPerSecond: number;
  optunaTrialsPerSecond: number | undefined;
  optunaReportsPerSecond: number | undefined;
}

export async function benchmarkAskTell(): Promise<AskTellFigures> {
  const asked = await throughput(trials, 1);
  const reports = await throughput(reported.trials, reported.epochs);
  const python = await searchPython();
  const optuna = python === undefined ? undefined : await optunaFigures(python);
  return {
    trialsPerSecond: trials / asked,
    reportsPerSecond: (reported.trials * reported.epochs) / reports,
    optunaTrialsPerSecond: optuna?.trials,
    optunaReportsPerSecond: optuna?.reports,
  };
}

/** Seconds for so many trials, the first of which has warmed the coordinator up. */
async function throughput(count: number, epochs: number): Promise<number> {
  const coordinator = await SearchCoordinator.start();
  const peers = await coordinator.clients(clients, { parallel: underWay, waitMs: 0, reports: epochs });
  const uniform: [number, number] = [0, 1];
  const search = { trials: count, space: { x: { uniform }, y: { uniform }, z: { uniform }, u: { uniform } } };
  const experiment = { name: 'ask-tell', objective: { metric: 'value' }, train: { epochs } };
  await coordinator.run({ ...experiment, search: { ...search, trials: clients * underWay } }, peers);
  const { seconds } = await coordinator.run({ ...experiment, search }, peers);
  for (const peer of peers) await peer.close();
  await coordinator.close();
  return seconds;
}

async function optunaFigures(python: string): Promise<{ trials: number; reports: number }> {
  const peer = Peer.python(python, 'ask_tell_optuna.py', [String(optunaTrials)]);
  const figures = (await peer.read()) as { trials: number; reports: number };
  await peer.close();
  return figures;
}
