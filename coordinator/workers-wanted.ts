/**
 * How many workers the coordinator's work could use now, for whoever starts and stops them by it. It follows from what waits
 * and runs alone, never from the workers that are there, so that none can grow from none and none is left when all is done.
 */
import { isOver } from './run-state.js';
import type { Runs } from './runs.js';
import type { Sweep } from './sweep/sweep.js';
import type { Sweeps } from './sweep/sweeps.js';

/** What of a sweep decides it. */
export type WantingSweep = Pick<
  Sweep,
  'key' | 'isExternal' | 'state' | 'settings' | 'counts' | 'mayAsk' | 'canStart'
> & {
  plan: Pick<Sweep['plan'], 'members'>;
  ready: Pick<Sweep['ready'], 'length' | 'newTrials'>;
};

/** A run alone counts as one: how many more it pays to give to it is the user's to say. */
export function workersWanted(runs: Runs, sweeps: Pick<Sweeps, 'all'>): number {
  const led = new Map<string, number>();
  for (const { sweep } of runs.withLead()) if (sweep !== null) led.set(sweep, (led.get(sweep) ?? 0) + 1);
  let wanted = runs.alone().filter(({ state }) => !isOver(state)).length;
  for (const sweep of sweeps.all()) wanted += wantedBy(sweep, led.get(sweep.key) ?? 0);
  return wanted;
}

/** `led` are the sweep's runs that have a lead now. Trials of an external sweep are run by others. */
export function wantedBy(sweep: WantingSweep, led: number): number {
  const { isExternal, state, settings, plan } = sweep;
  if (isExternal) return 0;
  // What stops still has to come to a checkpoint.
  if (state !== 'running') return led;
  const open = led + queued(sweep) + askable(sweep);
  const { parallel = Infinity, workers = Infinity } = settings;
  // While it has not ended, something will still come: a trial that is tried again, or one that is promoted when asked for.
  return Math.max(1, Math.min(open, parallel * plan.members, workers));
}

/** Runs that could begin or go on, and have no worker. */
export function queueLength(runs: Runs, sweeps: Pick<Sweeps, 'all'>): number {
  let length = runs.alone().filter(({ state }) => state === 'waiting').length;
  for (const sweep of sweeps.all()) if (!sweep.isExternal) length += queued(sweep);
  return length;
}

/** None where the budget does not allow the next one. */
function queued({ canStart, ready, plan }: WantingSweep): number {
  return canStart ? ready.length + ready.newTrials * (plan.members - 1) : 0;
}

/** New trials that the schedule creates when a worker asks. */
function askable({ mayAsk, settings, counts, plan }: WantingSweep): number {
  if (!mayAsk) return 0;
  const created = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return Math.max(0, settings.trials - created) * plan.members;
}
