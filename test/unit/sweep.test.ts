/** The engine of sweeps without processes: what it restores is what it was, and no death changes what it decides. */
import { describe, expect, it } from 'vitest';
import type { TrialRow } from '../../coordinator/store/rows.js';
import { SweepWorld, type WorldOptions } from './sweep-world.js';

const seed = Number(process.env['POLYAK_TEST_SEED'] ?? 231);
const histories = 2;

const searches: [string, Record<string, unknown>, number][] = [
  ['without a schedule', { trials: 9 }, 2],
  ['by successive halving', { trials: 9, schedule: { successiveHalving: { eta: 3 } } }, 9],
  ['by Hyperband', { trials: 9, schedule: { hyperband: { eta: 2 } } }, 4],
  ['from coarse to fine', { trials: 9, schedule: coarseToFine() }, 4],
];
const folds: Record<string, unknown> = { trials: 6, crossValidation: { folds: 2 } };
const asha: Record<string, unknown> = { trials: 9, schedule: { asha: { eta: 3 } } };

describe(`a sweep whose leads and coordinator die at any moment (seed ${seed})`, () => {
  for (const [name, search, epochs] of searches) {
    it(`${name} ends with the table of one that nobody disturbs`, async () => {
      const expected = await tableOf({ seed, search, epochs, disturbed: false, workers: 1 });
      expect(expected).toHaveLength(9);
      for (let history = 0; history < histories * 5; history++) {
        const options = { seed: seed + history, search, epochs, settings: { retries: 1000 }, workers: 3 };
        expect(await tableOf({ ...options, disturbed: true }), `history ${seed + history}`).toEqual(expected);
      }
    });
  }

  for (const [name, search, epochs] of [...searches, ['by ASHA', asha, 9] as const]) {
    it(`${name} is restored from what is on disk as it was, at every moment`, async () => {
      for (let history = 0; history < histories; history++) {
        const options = { seed: seed + history, search, epochs, settings: { retries: 1000 }, workers: 3 };
        const world = await SweepWorld.run({ ...options, disturbed: true, check: expectRestored });
        expect(world.sweep.state, `history ${seed + history}`).toBe('finished');
      }
    });
  }

  it('by ASHA is repeated from its log to the same table, by other workers that die at other moments', async () => {
    for (let history = 0; history < histories; history++) {
      const options = { search: asha, epochs: 9, settings: { retries: 1000 }, disturbed: true };
      const recorded = await SweepWorld.run({ ...options, seed: seed + history, workers: 4 });
      const repeated = await SweepWorld.run({ ...options, seed: seed - 1 - history, workers: 2, replayOf: recorded });
      expect(repeated.sweep.state).toBe('finished');
      expect((await repeated.rows()).map(lineOf), `history ${seed + history}`).toEqual(
        (await recorded.rows()).map(lineOf),
      );
    }
  });

  for (const [name, search, epochs] of [...searches, ['by ASHA', asha, 9] as const, ['in folds', folds, 4] as const]) {
    it(`${name} that its time has ended is repeated to the same table, by other workers in other times`, async () => {
      const open = new Set<string>();
      for (let history = 0; history < histories * 5; history++) {
        const settings = { retries: 1000, budget: { time: 12 + 6 * history } };
        // The world does not keep what one fold has told before the others.
        const options = { search, epochs, settings, disturbed: search !== folds };
        const at = { seed: seed + history, workers: 4, secondsPerStep: 1 };
        const recorded = await SweepWorld.run({ ...options, ...at });
        if (recorded.sweep.state === 'finished') continue;
        expect(recorded.sweep.row.reason).toContain('search.budget.time');
        // The first budget would be over long before it is where the other was.
        const again = { seed: seed - 1 - history, workers: 1 + (history % 3), secondsPerStep: 5, replayOf: recorded };
        const repeated = await SweepWorld.run({ ...options, ...again });
        const rows = (await recorded.rows()).map(lineOf);
        expect((await repeated.rows()).map(lineOf), `history ${at.seed}`).toEqual(rows);
        expect(repeated.sweep.row, `history ${at.seed}`).toMatchObject({
          state: 'stopped',
          reason: `repeated to its end: ${recorded.sweep.row.reason}`,
        });
        expect(repeated.sweep.counts).toEqual(recorded.sweep.counts);
        expect(() => repeated.sweep.resume()).toThrow('world is as far as what it repeats, which was halted there');
        for (const { status, epoch } of rows) if (status === 'running') open.add(epoch === 0 ? 'untold' : 'cut');
      }
      expect([...open]).toContain('cut');
    });
  }

  it('never trains more epochs than its budget allows', async () => {
    const search = { trials: 9, schedule: { successiveHalving: { eta: 3 } } };
    for (let history = 0; history < histories; history++) {
      const settings = { retries: 1000, budget: { epochs: 17 } };
      const options = { seed: seed + history, search, epochs: 9, settings, workers: 3, disturbed: true };
      const world = await SweepWorld.run({
        ...options,
        check: async ({ sweep }) => await Promise.resolve(expect(sweep.spending.epochs).toBeLessThanOrEqual(17)),
      });
      expect(world.sweep.row.reason).toMatch(/search.budget.epochs of 17 is spent/);
      const { sweep } = await world.restored();
      expect(sweep.spending.epochs).toBe(world.sweep.spending.epochs);
    }
  });
});

async function tableOf(options: WorldOptions) {
  const world = await SweepWorld.run(options);
  expect(world.sweep.state).toBe('finished');
  const { counts } = world.sweep;
  expect(counts).toMatchObject({ running: 0, paused: 0, waiting: 0 });
  return (await world.rows()).map(lineOf);
}

function lineOf(row: TrialRow) {
  const { number, status, epoch, value, best, bestEpoch, loss, reason, rung, round, bracket, columns } = row;
  return { number, status, epoch, value, best, bestEpoch, loss, reason, rung, round, bracket, columns };
}

async function expectRestored(world: SweepWorld): Promise<void> {
  expect(stateOf(await world.restored())).toEqual(stateOf(world));
}

function stateOf({ sweep, runs }: Pick<SweepWorld, 'sweep' | 'runs'>) {
  const { state, reason, counts, best, spent } = sweep.snapshot();
  const active = [...sweep.activeTrials()].toSorted((left, right) => left.row.number - right.row.number);
  const inMind = runs.ofSweep(sweep.key).toSorted((left, right) => left.trial - right.trial);
  return {
    ...{ state, reason, counts, best, epochs: spent.epochs, log: sweep.logLength, mayAsk: sweep.mayAsk },
    ...{ next: sweep.ready.peekNew(), newTrials: sweep.ready.newTrials },
    reserved: reservedOf(sweep),
    active: active.map(({ row }) => row),
    runs: inMind.map(({ key, state: at, untilEpoch, retries }) => ({ key, at, untilEpoch, retries })),
  };
}

/** Epochs that are promised, found by asking. */
function reservedOf({ spending }: Pick<SweepWorld['sweep'], 'spending'>): number {
  const most = 10_000;
  let left = most;
  while (!spending.allows({ epochs: most }, left)) left -= 1;
  return most - left - spending.epochs;
}

function coarseToFine() {
  return {
    coarseToFine: {
      rounds: [
        { trials: 6, epochs: 1 },
        { trials: 3, epochs: 4 },
      ],
    },
  };
}
