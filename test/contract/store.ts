/** What every kind of store must do. A kind runs it on empty stores of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PolyakError } from '../../common/errors.js';
import { packageRoot } from '../../common/package-root.js';
import { openStore, openStoreReader } from '../../coordinator/store/open-store.js';
import type { Change } from '../../coordinator/store/rows.js';
import type { Store, StoreReader, TrialQuery } from '../../coordinator/store/store.js';
import { changes, eventRow, reportRow, runRow, sweepRow, trialRow } from './rows.js';

export interface StoreKind {
  /** Address of a store that nobody has opened yet. */
  fresh: () => Promise<string>;
}

export function storeContract({ fresh }: StoreKind): void {
  let url: string;
  const opened: StoreReader[] = [];

  async function take(process = 'first'): Promise<Store> {
    const store = await openStore(url, process);
    opened.push(store);
    return store;
  }

  async function read(): Promise<StoreReader> {
    const reader = await openStoreReader(url);
    opened.push(reader);
    return reader;
  }

  beforeEach(async () => {
    url = await fresh();
  });
  afterEach(async () => {
    for (const each of opened.splice(0).toReversed()) await each.close();
  });

  describe('rows', () => {
    it('come back as they were written', async () => {
      const store = await take();
      const run = runRow({
        sweep: 's',
        trial: 3,
        member: 1,
        untilStep: 9_000_000_000,
        computeSeconds: 1.25,
        retries: 2,
      });
      const trial = trialRow({
        number: 3,
        parameters: { 'a "b" \\ ü 🙂': [1, null, { deep: true }], learningRate: 1e-300 },
        columns: { 'a "b" \\ ü 🙂': 'x', bias: false, units: 64 },
        status: 'failed',
        value: -0.1,
        best: 5e-324,
        loss: 1.7976931348623157e308,
        deviation: 0.1 + 0.2,
        reason: "line\nand 'quotes'",
        startedAt: '2026-01-01T00:00:00.000Z',
      });
      const sweep = sweepRow({ reason: 'why', endedAt: '2026-01-01T00:00:00.000Z' });
      const entry = { event: { type: 'created', trial: 3, parameters: { z: 1, a: 'é' } } } as const;
      await store.commit([
        { table: 'runs', row: run },
        { table: 'trials', row: trial },
        { table: 'sweeps', row: sweep },
        { table: 'log', row: { sweep: 's', sequence: 0, entry } },
        { table: 'reports', row: reportRow({ run: run.key, body: '{"loss":0.5}' }) },
      ]);
      expect(await store.run(run.key)).toEqual(run);
      expect(await store.runs({ sweep: 's', trial: 3 })).toEqual([run]);
      expect(await store.trial('s', 3)).toEqual(trial);
      expect(await store.sweeps()).toEqual([sweep]);
      const log = await store.log('s', 0, 10);
      expect(log).toEqual([{ sweep: 's', sequence: 0, entry }]);
      expect(JSON.stringify(log[0]!.entry)).toBe(JSON.stringify(entry));
      expect(await store.reports(run.key)).toEqual([reportRow({ run: run.key, body: '{"loss":0.5}' })]);
      expect(await store.run('ffffffffffffffff')).toBeUndefined();
      expect(await store.trial('s', 4)).toBeUndefined();
    });

    it('with a key replace what was there under it, the later of one commit too', async () => {
      const store = await take();
      await store.commit([changes.run(), changes.trial(), changes.sweep(), changes.run({ state: 'running' })]);
      expect((await store.run(runRow().key))?.state).toBe('running');
      await store.commit([
        changes.run({ state: 'stopped', retries: 1 }),
        changes.trial({ status: 'running', value: 0.5, columns: { learningRate: 0.2 } }),
        changes.sweep({ state: 'paused' }),
        { table: 'log', row: { sweep: 's', sequence: 0, entry: { event: { type: 'begin' } } } },
        { table: 'log', row: { sweep: 's', sequence: 0, entry: { event: { type: 'request' } } } },
        { table: 'epochs', row: { name: 'shard 0', epoch: 1, process: 'a' } },
        { table: 'epochs', row: { name: 'shard 0', epoch: 2, process: 'b' } },
      ]);
      expect(await store.runs('alone')).toEqual([runRow({ state: 'stopped', retries: 1 })]);
      expect((await store.trials({ sweep: 's' })).rows).toEqual([
        trialRow({ status: 'running', value: 0.5, columns: { learningRate: 0.2 } }),
      ]);
      expect(await store.sweeps()).toEqual([sweepRow({ state: 'paused' })]);
      expect(await store.log('s', 0, 9)).toEqual([{ sweep: 's', sequence: 0, entry: { event: { type: 'request' } } }]);
      const shards = (await store.open()).epochs.filter(({ name }) => name === 'shard 0');
      expect(shards).toEqual([{ name: 'shard 0', epoch: 2, process: 'b' }]);
    });

    it('have null for numbers that are not finite', async () => {
      const store = await take();
      await store.commit([changes.trial({ value: NaN, best: Infinity, loss: -Infinity, deviation: -0 })]);
      expect(await store.trial('s', 0)).toMatchObject({ value: null, best: null, loss: null });
    });

    it('of a row that was replaced keep its place', async () => {
      const store = await take();
      await store.commit([changes.run({ key: 'a' }), changes.run({ key: 'b' })]);
      await store.commit([changes.run({ key: 'a', state: 'running' })]);
      expect((await store.runs('alone')).map(({ key }) => key)).toEqual(['a', 'b']);
    });
  });

  describe('reports', () => {
    it('are kept once, as they first were', async () => {
      const store = await take();
      const first = [
        reportRow({ step: 1, body: 'first' }),
        reportRow({ step: 1, kind: 'PAUSED', body: 'other kind' }),
        reportRow({ step: 2, body: 'other step' }),
      ];
      await store.commit(first.map((row) => ({ table: 'reports', row })));
      await store.commit([changes.report({ step: 1, body: 'again' }), changes.report({ step: 3, body: 'new' })]);
      await store.commit([changes.report({ step: 3, body: 'twice' }), changes.report({ step: 3, body: 'thrice' })]);
      expect(await store.reports(reportRow().run)).toEqual([...first, reportRow({ step: 3, body: 'new' })]);
    });

    it('that are notices are all kept, in the order in which they came', async () => {
      const store = await take();
      const notices = ['a', 'b', 'a'].map((body) => reportRow({ kind: 'NOTICE', step: 5, body }));
      await store.commit(notices.slice(0, 2).map((row) => ({ table: 'reports', row })));
      await store.commit([changes.report({ step: 1 }), { table: 'reports', row: notices[2]! }]);
      const kept = await store.reports(reportRow().run);
      expect(kept).toEqual([notices[0], notices[1], reportRow({ step: 1 }), notices[2]]);
    });

    it('of the end are forgotten when a run begins again, and only its own', async () => {
      const store = await take();
      await store.commit([
        changes.report({ step: 4 }),
        changes.report({ kind: 'END', step: 4, body: 'old' }),
        changes.report({ run: 'other', kind: 'END', step: 4 }),
      ]);
      await store.commit([
        { table: 'reports', forget: { run: reportRow().run, kind: 'END' } },
        changes.report({ kind: 'END', step: 4, body: 'new' }),
      ]);
      expect((await store.reports(reportRow().run)).map(({ body }) => body)).toEqual(['{}', 'new']);
      expect(await store.reports('other')).toHaveLength(1);
    });
  });

  describe('fencing', () => {
    it('raises the epoch by one at every opening, with an event', async () => {
      const first = await take('first');
      const second = await take('second');
      expect([first.coordinatorEpoch, second.coordinatorEpoch]).toEqual([1, 2]);
      const events = await second.events(0, 10);
      expect(events.map(({ what, subject, detail }) => [what, subject, JSON.parse(detail) as unknown])).toEqual([
        ['coordinator-started', 'coordinator', { epoch: 1, process: 'first' }],
        ['coordinator-started', 'coordinator', { epoch: 2, process: 'second' }],
      ]);
      expect((await second.open()).epochs).toEqual([{ name: 'coordinator', epoch: 2, process: 'second' }]);
    });

    it('keeps a coordinator that was replaced from writing, for good', async () => {
      const first = await take('first');
      await first.assertCurrent();
      await first.commit([changes.run({ key: 'before' })]);
      const second = await take('second');
      await expect(first.assertCurrent()).rejects.toMatchObject({ code: 'fenced' });
      const error = await first.commit([changes.run({ key: 'after' })]).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(PolyakError);
      expect(error).toMatchObject({
        code: 'fenced',
        message: 'coordinator epoch 1 has been replaced: the store is at epoch 2',
      });
      await expect(first.commit([])).rejects.toBe(error);
      await second.assertCurrent();
      await second.commit([changes.run({ key: 'of the second' })]);
      expect((await second.runs('alone')).map(({ key }) => key)).toEqual(['before', 'of the second']);
    });

    it('gives coordinators that come at once different epochs', async () => {
      const stores = await Promise.all(['a', 'b', 'c', 'd'].map(async (process) => await take(process)));
      expect(stores.map((store) => store.coordinatorEpoch).toSorted((left, right) => left - right)).toEqual([
        1, 2, 3, 4,
      ]);
      const youngest = stores.find((store) => store.coordinatorEpoch === 4);
      const outcomes = await Promise.allSettled(stores.map(async (store) => await store.commit([changes.event()])));
      const done = stores.filter((_, index) => outcomes[index]?.status === 'fulfilled');
      expect(done).toEqual([youngest]);
    });
  });

  describe('commits', () => {
    it('that come while one is under way share a transaction, and keep their order', async () => {
      const store = await take();
      const calls = Array.from({ length: 500 }, async (_, index) => {
        await store.commit([changes.event({ detail: `${index}` }), changes.run({ key: 'one', untilStep: index })]);
      });
      await Promise.all(calls);
      expect(store.transactions).toBeGreaterThan(0);
      expect(store.transactions).toBeLessThan(50);
      const events = await store.events(1, 1000);
      expect(events.map(({ detail }) => detail)).toEqual(Array.from({ length: 500 }, (_, index) => `${index}`));
      expect((await store.run('one'))?.untilStep).toBe(499);
    });

    it('are all or nothing, and after one that failed nothing is written any more', async () => {
      const store = await take();
      const broken = { table: 'trials', row: trialRow({ number: null as unknown as number }) } satisfies Change;
      const failed = await store.commit([changes.run(), broken]).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(Error);
      await expect(store.commit([changes.run({ key: 'later' })])).rejects.toBe(failed);
      const next = await take('next');
      expect(await next.runs('alone')).toEqual([]);
      expect(await next.events(0, 10)).toHaveLength(2);
    });

    it('that were asked for before closing are kept, and later ones refused', async () => {
      const store = await take();
      const asked = [1, 2, 3].map(async (step) => await store.commit([changes.report({ step })]));
      await store.close();
      await Promise.all(asked);
      await expect(store.commit([changes.run()])).rejects.toThrow('has been closed');
      expect(await (await read()).reports(reportRow().run)).toHaveLength(3);
    });

    it('of many rows are one transaction, whole, and in order', async () => {
      const store = await take();
      const rows = Array.from({ length: 20_000 }, (_, step) => changes.report({ step, body: '{"loss":0.123}' }));
      await store.commit(rows);
      expect(store.transactions).toBe(1);
      expect((await store.reports(reportRow().run)).map(({ step }) => step)).toEqual(rows.map((_, step) => step));
    });

    it('of many rows are all or nothing too', async () => {
      const store = await take();
      const rows = Array.from({ length: 10_000 }, (_, step) => changes.report({ step }));
      const broken = { table: 'reports', row: reportRow({ body: null as unknown as string }) } satisfies Change;
      expect(await store.commit([...rows, broken]).catch((error: unknown) => error)).toBeInstanceOf(Error);
      expect(await store.reports(reportRow().run)).toEqual([]);
    });

    it('that were acknowledged outlive a kill of the process', async () => {
      const child = spawn(process.execPath, [join(packageRoot(), 'dist/test/contract/writing-process.js'), url], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(child, 'exit');
      let acknowledged = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged = Number(line);
        if (acknowledged === 50) child.kill('SIGKILL');
      }
      await ended;
      expect(acknowledged).toBeGreaterThanOrEqual(50);
      // The reader comes first: nobody has tidied up behind the process that was killed.
      const reader = await read();
      const steps = (await reader.reports('killed')).map(({ step }) => step);
      expect(steps.length).toBeGreaterThanOrEqual(acknowledged);
      expect(steps).toEqual(steps.map((_, index) => index + 1));
      const events = await reader.events(1, 10_000);
      expect(events.map(({ detail }) => Number(detail))).toEqual(steps);
      const next = await take('next');
      expect(next.coordinatorEpoch).toBe(2);
      await next.commit([changes.report({ run: 'killed', step: steps.length + 1 })]);
      expect(await reader.reports('killed')).toHaveLength(steps.length + 1);
    });
  });

  describe('the state at the start', () => {
    it('has all runs that are alone, the newest last, and of sweeps those that are not over or whose trials are not', async () => {
      const store = await take();
      const ofSweep = (sweep: string, state: 'running' | 'paused' | 'waiting' | 'stopping' | 'finished'): Change =>
        changes.run({ key: `${sweep} ${state}`, sweep, state });
      const sweeps = (['running', 'paused', 'stopped', 'failed', 'finished'] as const).map((state) =>
        sweepRow({ key: `sweep ${state}`, state }),
      );
      await store.commit([
        changes.run({ key: 'z', state: 'finished' }),
        ...sweeps.map((row): Change => ({ table: 'sweeps', row })),
        ...sweeps.flatMap(({ key }) => [ofSweep(key, 'paused'), ofSweep(key, 'finished')]),
        ofSweep('sweep running', 'waiting'),
        ofSweep('sweep running', 'running'),
        ofSweep('sweep running', 'stopping'),
        ...(['paused', 'finished'] as const).flatMap((state, number): Change[] => [
          { table: 'trials', row: trialRow({ sweep: `sweep ${state}`, number: 5, status: 'running' }) },
          { table: 'trials', row: trialRow({ sweep: 'sweep paused', number: 6 + number, status: 'stopped' }) },
        ]),
        changes.run({ key: 'stopped, and may go on', sweep: 'sweep paused', trial: 5, state: 'stopped' }),
        changes.run({ key: 'finished before others of its trial', sweep: 'sweep paused', trial: 5, state: 'finished' }),
        changes.run({ key: 'stopped for good', sweep: 'sweep paused', trial: 6, state: 'stopped' }),
        changes.run({ key: 'of a sweep that is over', sweep: 'sweep finished', trial: 5, state: 'stopped' }),
        { table: 'epochs', row: { name: 'shard 1', epoch: 7, process: 'p' } },
        changes.run({ key: 'a', state: 'waiting' }),
      ]);
      const state = await store.open();
      expect(state.epochs).toEqual([
        { name: 'coordinator', epoch: 1, process: 'first' },
        { name: 'shard 1', epoch: 7, process: 'p' },
      ]);
      expect(state.sweeps).toEqual(sweeps);
      expect(state.runs.map(({ key }) => key)).toEqual([
        'z',
        'sweep running paused',
        'sweep paused paused',
        'sweep stopped paused',
        'sweep failed paused',
        'sweep running waiting',
        'sweep running running',
        'sweep running stopping',
        'stopped, and may go on',
        'finished before others of its trial',
        'a',
      ]);
      expect(await store.open()).toEqual(await (await take('second')).open().then((later) => withEpoch(later, 1)));
    });
  });

  describe('trials', () => {
    let store: Store;

    async function numbers(query: Omit<TrialQuery, 'sweep'>): Promise<number[]> {
      return (await store.trials({ sweep: 's', ...query })).rows.map(({ number }) => number);
    }

    async function fill(): Promise<void> {
      store = await take();
      const status = ['running', 'finished', 'failed', 'waiting'] as const;
      const rows = [0.5, null, 0.25, 0.5, null, -1].map((value, number) =>
        trialRow({
          number,
          value,
          status: status[number % 4]!,
          reason: number === 3 ? 'é' : number === 1 ? 'z' : null,
        }),
      );
      await store.commit([...rows.map((row): Change => ({ table: 'trials', row })), changes.trial({ sweep: 'other' })]);
    }

    it('come by number, page by page, with how many there are', async () => {
      await fill();
      expect(await numbers({})).toEqual([0, 1, 2, 3, 4, 5]);
      expect(await numbers({ descending: true })).toEqual([5, 4, 3, 2, 1, 0]);
      const page = await store.trials({ sweep: 's', offset: 4, limit: 3 });
      expect(page.rows.map(({ number }) => number)).toEqual([4, 5]);
      expect(page.total).toBe(6);
      expect(await numbers({ offset: 2, limit: 2 })).toEqual([2, 3]);
      expect(await store.trials({ sweep: 's', limit: 0 })).toEqual({ rows: [], total: 6 });
      expect(await store.trials({ sweep: 'none' })).toEqual({ rows: [], total: 0 });
    });

    it('are sorted with those without a value last both ways, and equal ones by number', async () => {
      await fill();
      expect(await numbers({ sort: 'value' })).toEqual([5, 2, 0, 3, 1, 4]);
      expect(await numbers({ sort: 'value', descending: true })).toEqual([0, 3, 2, 5, 1, 4]);
      expect(await numbers({ sort: 'value', descending: true, offset: 1, limit: 4 })).toEqual([3, 2, 5, 1]);
      expect(await numbers({ sort: 'status' })).toEqual([2, 1, 5, 0, 4, 3]);
      expect(await numbers({ sort: 'reason' })).toEqual([1, 3, 0, 2, 4, 5]);
      expect(await numbers({ sort: 'reason', descending: true })).toEqual([3, 1, 0, 2, 4, 5]);
    });

    it('may be of some states only', async () => {
      await fill();
      const page = await store.trials({ sweep: 's', status: ['finished', 'failed'], sort: 'value', limit: 2 });
      expect(page.rows.map(({ number }) => number)).toEqual([5, 2]);
      expect(page.total).toBe(3);
      expect(await store.trials({ sweep: 's', status: [] })).toEqual({ rows: [], total: 0 });
    });

    const names = [
      'learningRate',
      'a.b',
      'a b',
      `"; DROP TABLE trials; --`,
      "it's",
      'back\\slash',
      '$',
      'ü',
      '[0]',
      '#-1',
    ];
    it.each(names)('are sorted by a parameter of the name %s', async (name) => {
      store = await take();
      const values = [10, 9, undefined, 100, 9, true, 0];
      const rows = values.map((value, number) =>
        trialRow({ number, columns: { other: -number, ...(value === undefined ? {} : { [name]: value }) } }),
      );
      await store.commit(rows.map((row) => ({ table: 'trials', row })));
      expect(await numbers({ sort: `columns.${name}` })).toEqual([6, 5, 1, 4, 0, 3, 2]);
      expect(await numbers({ sort: `columns.${name}`, descending: true })).toEqual([3, 0, 1, 4, 5, 6, 2]);
      expect(await numbers({ sort: `columns.${name}`, offset: 1, limit: 2 })).toEqual([5, 1]);
    });

    it('are sorted by a parameter that is text as text', async () => {
      store = await take();
      const values = ['sgd', 'adam', undefined, 'Adam', 'é', 7];
      const rows = values.map((value, number) =>
        trialRow({ number, columns: value === undefined ? {} : { kind: value } }),
      );
      await store.commit(rows.map((row) => ({ table: 'trials', row })));
      expect(await numbers({ sort: 'columns.kind' })).toEqual([5, 3, 1, 0, 4, 2]);
      expect(await numbers({ sort: 'columns.kind', descending: true })).toEqual([4, 0, 1, 3, 5, 2]);
    });

    it('cannot be sorted by what they do not have, and the error names what was meant', async () => {
      store = await take();
      const sort = async (by: string): Promise<unknown> => await store.trials({ sweep: 's', sort: by });
      await expect(sort('valeu')).rejects.toMatchObject({ code: 'usage' });
      await expect(sort('valeu')).rejects.toThrow("trials cannot be sorted by 'valeu'; did you mean 'value'?");
      await expect(sort('parameters')).rejects.toMatchObject({ code: 'usage' });
      await expect(sort('number; DROP TABLE trials')).rejects.toMatchObject({ code: 'usage' });
      await expect(sort('columns.')).rejects.toMatchObject({ code: 'usage' });
    });
  });

  describe('the log and the events', () => {
    it('come in pages, in order', async () => {
      const store = await take();
      const log = Array.from({ length: 25 }, (_, sequence): Change => {
        return { table: 'log', row: { sweep: 's', sequence, entry: { event: { type: 'finished', trial: sequence } } } };
      });
      await store.commit([...log.slice(13), ...log.slice(0, 13)]);
      await store.commit([{ table: 'log', row: { sweep: 'other', sequence: 0, entry: { event: { type: 'begin' } } } }]);
      const sequences = async (from: number, limit: number): Promise<number[]> =>
        (await store.log('s', from, limit)).map(({ sequence }) => sequence);
      expect(await sequences(0, 3)).toEqual([0, 1, 2]);
      expect(await sequences(20, 10)).toEqual([20, 21, 22, 23, 24]);
      expect(await sequences(25, 10)).toEqual([]);
      expect(await store.log('other', 0, 10)).toHaveLength(1);

      const events = Array.from({ length: 12 }, (_, index) => eventRow({ detail: `${index}` }));
      await store.commit(events.slice(0, 5).map((row) => ({ table: 'events', row })));
      await store.commit(events.slice(5).map((row) => ({ table: 'events', row })));
      expect(await store.events(1, 4)).toEqual(events.slice(0, 4));
      expect(await store.events(5, 100)).toEqual(events.slice(4));
      expect(await store.events(13, 100)).toEqual([]);
    });
  });

  describe('a reader', () => {
    it('sees whole commits while a coordinator writes, and never waits for it', async () => {
      const store = await take();
      const reader = await read();
      const written = { rounds: 0 };
      const writer = (async () => {
        while (written.rounds < 40) {
          const epoch = written.rounds + 1;
          await store.commit(Array.from({ length: 200 }, (_, number) => changes.trial({ number, epoch })));
          written.rounds = epoch;
        }
      })();
      let reads = 0;
      while (written.rounds < 40) {
        const { rows, total } = await reader.trials({ sweep: 's' });
        expect(rows).toHaveLength(total);
        expect(new Set(rows.map(({ epoch }) => epoch)).size).toBeLessThanOrEqual(1);
        expect([0, 200]).toContain(total);
        reads += 1;
      }
      await writer;
      expect(reads).toBeGreaterThan(5);
      expect((await reader.trial('s', 199))?.epoch).toBe(40);
    });

    it('may come when no coordinator runs, does not fence one, and sees what a later one writes', async () => {
      const first = await take();
      await first.commit([changes.run()]);
      await first.close();
      const reader = await read();
      expect(await reader.runs('alone')).toEqual([runRow()]);
      const second = await take('second');
      expect(second.coordinatorEpoch).toBe(2);
      await read();
      await second.commit([changes.run({ key: 'next' })]);
      expect(await reader.runs('alone')).toHaveLength(2);
    });

    it('is told where nobody has made the store yet', async () => {
      await expect(read()).rejects.toMatchObject({ code: 'usage' });
    });
  });
}

function withEpoch<State extends { epochs: { name: string; epoch: number; process: string }[] }>(
  state: State,
  epoch: number,
): State {
  const epochs = state.epochs.map((row) => (row.name === 'coordinator' ? { ...row, epoch, process: 'first' } : row));
  return { ...state, epochs };
}
