/**
 * Rows as they are now, for the store. Member by member: rows whose members came by spreading and assigning are dictionaries to
 * V8, and spreading one of those takes 10 µs, twenty times as long.
 */
import type { RunRow, TrialRow } from './rows.js';

export function copyOfTrial(row: Readonly<TrialRow>): TrialRow {
  return {
    sweep: row.sweep,
    number: row.number,
    parameters: row.parameters,
    columns: row.columns,
    bracket: row.bracket,
    round: row.round,
    rung: row.rung,
    status: row.status,
    untilEpoch: row.untilEpoch,
    epoch: row.epoch,
    value: row.value,
    best: row.best,
    bestEpoch: row.bestEpoch,
    loss: row.loss,
    deviation: row.deviation,
    reason: row.reason,
    computeSeconds: row.computeSeconds,
    trained: row.trained,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
  };
}

export function copyOfRun(row: Readonly<RunRow>): RunRow {
  return {
    key: row.key,
    experiment: row.experiment,
    directory: row.directory,
    untilStep: row.untilStep,
    untilEpoch: row.untilEpoch,
    shards: row.shards,
    state: row.state,
    checkpointStep: row.checkpointStep,
    retries: row.retries,
    sweep: row.sweep,
    trial: row.trial,
    member: row.member,
    computeSeconds: row.computeSeconds,
    createdAt: row.createdAt,
  };
}
