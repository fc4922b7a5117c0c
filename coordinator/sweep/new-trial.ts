/** The rows of a trial that begins, and of its runs; member by member, as row-copies.ts has it. */
import { randomKey } from '../../common/random-key.js';
import type { Hyperparameters } from '../search/hyperparameters.js';
import type { Create } from '../search/log.js';
import type { RunRow, SweepRow, TrialRow } from '../store/rows.js';
import { checkpointsFolder } from './retention.js';

export function newTrialRow(
  sweep: string,
  number: number,
  { bracket, round = 0, untilStep }: Create,
  { parameters, columns }: Hyperparameters,
): TrialRow {
  return {
    sweep,
    number,
    parameters,
    columns,
    bracket,
    round,
    rung: 0,
    status: 'running',
    untilEpoch: untilStep,
    epoch: 0,
    value: null,
    best: null,
    bestEpoch: 0,
    loss: null,
    deviation: null,
    reason: null,
    computeSeconds: 0,
    trained: 0,
    startedAt: new Date().toISOString(),
    endedAt: null,
  };
}

/** An external sweep has no folder, and no checkpoints. */
export function newRunRow(
  { key, directory, shards }: Pick<SweepRow, 'key' | 'directory' | 'shards'>,
  place: { trial: number; member: number; members: number; untilEpoch: number },
): RunRow {
  const { trial, member, untilEpoch } = place;
  return {
    key: randomKey(),
    experiment: '',
    directory: directory === '' ? '' : checkpointsFolder(directory, place),
    untilStep: 0,
    untilEpoch,
    checkpointStep: 0,
    shards,
    state: 'waiting',
    retries: 0,
    sweep: key,
    trial,
    member,
    computeSeconds: 0,
    createdAt: new Date().toISOString(),
  };
}
