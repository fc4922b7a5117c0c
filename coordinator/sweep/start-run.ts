/** The next run of a sweep for whoever has nothing to do, whichever way the schedule gives out trials. */
import { PolyakError } from '../../common/errors.js';
import type { Change } from '../store/rows.js';
import type { StartedRun, Sweep } from './sweep.js';

/** What cannot be drawn ends the sweep. `changes` are to be committed, also where there is no run. */
export function startRun(sweep: Sweep): Omit<StartedRun, 'run'> & { run: StartedRun['run'] | undefined } {
  const changes: Change[] = [];
  try {
    if (!sweep.canStart && sweep.mayAsk) changes.push(...sweep.request());
    changes.push(...sweep.beginUntrained());
    const started = sweep.canStart ? sweep.startNext() : undefined;
    if (started) changes.push(...started.changes);
    return { run: started?.run, changes, waitedSeconds: started?.waitedSeconds ?? 0 };
  } catch (error) {
    if (!(error instanceof PolyakError)) throw error;
    changes.push(...sweep.halt('failed', error.message));
    return { run: undefined, changes, waitedSeconds: 0 };
  }
}
