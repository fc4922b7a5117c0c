/** Which deaths of workers are a trial's own fault, and which are anybody's. */
import { describe, expect, it } from 'vitest';
import { lossesMax, WorkerLosses } from '../../server/lead/worker-losses.js';

describe('the deaths of workers that compute for a trial', () => {
  /** Each begins after the one before has died. */
  const dieInTurn = (losses: WorkerLosses, count: number, from = 0) =>
    Array.from({ length: count }, (_, at) =>
      losses.add(`worker ${from + at}`, 10 * (from + at) + 1, 10 * (from + at) + 9),
    );

  it('end it when so many have died one after another that it is no accident', () => {
    expect(dieInTurn(new WorkerLosses(), lossesMax)).toEqual([...Array<boolean>(lossesMax - 1).fill(false), true]);
  });

  it('do not end it while anything is computed between', () => {
    const losses = new WorkerLosses();
    for (let from = 0; from < 100; from += lossesMax - 1) {
      expect(dieInTurn(losses, lossesMax - 1, from)).not.toContain(true);
      losses.progressed();
    }
  });

  it('count once where many are lost at one time, as by a switch or a machine', () => {
    const losses = new WorkerLosses();
    for (let worker = 0; worker < 50; worker++) expect(losses.add(`worker ${worker}`, 1, 10 + worker)).toBe(false);
  });

  it('are none of those that were only out of reach', () => {
    const losses = new WorkerLosses();
    for (let time = 0; time < 100; time += 2) {
      expect(losses.add('worker', time, time + 1)).toBe(false);
      losses.cameBack('worker');
    }
  });
});
