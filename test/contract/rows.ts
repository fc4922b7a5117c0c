/** Rows for the tests of stores, each with what the test does not care about filled in. */
import type { Change, EventRow, ReportRow, RunRow, SweepRow, TrialRow } from '../../coordinator/store/rows.js';

const at = '2026-01-02T03:04:05.678Z';

export function runRow(row: Partial<RunRow> = {}): RunRow {
  return {
    key: '0011223344556677',
    experiment: '{"name":"a"}',
    directory: '/runs/a',
    untilStep: 0,
    untilEpoch: 0,
    shards: 2,
    state: 'waiting',
    checkpointStep: 0,
    retries: 0,
    sweep: null,
    trial: 0,
    member: 0,
    computeSeconds: 0,
    createdAt: at,
    ...row,
  };
}

export function trialRow(row: Partial<TrialRow> = {}): TrialRow {
  return {
    sweep: 's',
    number: 0,
    parameters: { learningRate: 0.1, layers: [{ units: 4 }] },
    columns: { learningRate: 0.1 },
    bracket: 0,
    round: 0,
    rung: 0,
    status: 'waiting',
    untilEpoch: 3,
    epoch: 0,
    value: null,
    best: null,
    bestEpoch: 0,
    loss: null,
    deviation: null,
    reason: null,
    computeSeconds: 0,
    trained: 0,
    startedAt: null,
    endedAt: null,
    ...row,
  };
}

export function sweepRow(row: Partial<SweepRow> = {}): SweepRow {
  return {
    key: 's',
    name: 'digits',
    experiment: '{}',
    directory: '/sweeps/s',
    shards: 1,
    state: 'running',
    reason: null,
    settings: '{}',
    createdAt: at,
    endedAt: null,
    ...row,
  };
}

export function eventRow(row: Partial<EventRow> = {}): EventRow {
  return { at, what: 'run-running', subject: '0011223344556677', detail: '{}', ...row };
}

export function reportRow(row: Partial<ReportRow> = {}): ReportRow {
  return { run: '0011223344556677', kind: 'EPOCH', step: 1, body: '{}', at, ...row };
}

export const changes = {
  run: (row?: Partial<RunRow>): Change => ({ table: 'runs', row: runRow(row) }),
  trial: (row?: Partial<TrialRow>): Change => ({ table: 'trials', row: trialRow(row) }),
  sweep: (row?: Partial<SweepRow>): Change => ({ table: 'sweeps', row: sweepRow(row) }),
  event: (row?: Partial<EventRow>): Change => ({ table: 'events', row: eventRow(row) }),
  report: (row?: Partial<ReportRow>): Change => ({ table: 'reports', row: reportRow(row) }),
};
