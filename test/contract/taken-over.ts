/** What must have become of the store that second-store.sql and first-postgres-store.sql make, once it is brought up to date. */
import { expect } from 'vitest';
import type { Store } from '../../coordinator/store/store.js';
import { reportRow, runRow, sweepRow, trialRow } from './rows.js';

export async function expectTakenOver(store: Store): Promise<void> {
  const sweep = 's';
  const run = (key: string, more: object) =>
    runRow({
      key,
      experiment: '',
      directory: `/runs/${key}`,
      untilEpoch: 3,
      shards: 1,
      retries: 1,
      computeSeconds: 1.5,
      ...more,
    });
  expect(store.coordinatorEpoch).toBe(5);
  expect(await store.sweeps()).toEqual([sweepRow()]);
  expect(await store.runs('alone')).toEqual([run('alone', { state: 'stopped' })]);
  // Of what rests, the step of its checkpoint is known from its last report; what runs may have none.
  const states = [
    ['over', 'finished', 0],
    ['rests', 'paused', 9],
    ['stopped', 'stopped', 11],
    ['runs', 'running', 0],
  ] as const;
  for (const [trial, [key, state, checkpointStep]] of states.entries()) {
    expect(await store.runs({ sweep, trial })).toEqual([run(key, { state, sweep, trial, checkpointStep })]);
  }
  const value = { epoch: 3, value: 0.5, best: 0.5, bestEpoch: 2, loss: 1, computeSeconds: 1.5 };
  const drawn = { parameters: { rate: 0.1 }, columns: { rate: 0.1 } };
  expect((await store.trials({ sweep })).rows).toEqual(
    (['finished', 'paused', 'running', 'running'] as const).map((status, number) =>
      trialRow({ number, status, ...value, ...drawn }),
    ),
  );
  expect(await store.reports('rests')).toEqual([
    reportRow({ run: 'rests', step: 9, body: '{"epoch":3}', at: null }),
    reportRow({ run: 'rests', kind: 'PAUSED', step: 3, body: '{"epoch":1}', at: null }),
    reportRow({ run: 'rests', kind: 'PAUSED', step: 9, body: '{"epoch":3}', at: null }),
  ]);
  const later = reportRow({ run: 'rests', step: 12, body: '{"epoch":4}', at: '2026-11-30T12:00:00.000Z' });
  await store.commit([{ table: 'reports', row: later }]);
  expect((await store.reports('rests')).at(-1)).toEqual(later);
}
